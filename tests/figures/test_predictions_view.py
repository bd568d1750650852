"""A record of predictions in a notebook and as a file."""

from __future__ import annotations

import dataclasses

from tests.offline_pages import check_offline

from atento.figures.predictions import Alternative, PredictedToken, Predictions

ATTACK = "<script>alert(1)</script>"


def record(steps: int = 2) -> Predictions:
    others = (Alternative(id=1, token=ATTACK, probability=0.625), Alternative(id=7, token="▁a", probability=0.25))
    step = PredictedToken(
        id=7, token="▁a", span=(0, 1), log_probability=-1.3862943611198906, rank=2, alternatives=others
    )
    return Predictions(text=f"a {ATTACK}", steps=(step,) * steps, first=3)


def test_every_step_shows_its_probabilities() -> None:
    data, _ = record()._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", "image/png"}
    for html in (data["text/html"], record().to_html()):
        read = check_offline(html)
        assert read.rows[1][:4] == ["3", "▁a", "25.0%", "2"]
        assert "▸▁a25.0%" in read.rows[1][4]
        titles = [value for tag, name, value in read.attributes if (tag, name) == ("span", "title")]
        assert titles == ["id 1, p = 0.625", "id 7, p = 0.25"] * 2
        assert ATTACK[:20] in read.text
    assert "▸▁a" in data["text/plain"]


def test_many_steps_are_cut_in_a_notebook_alone() -> None:
    long = record(500)
    data, _ = long._repr_mimebundle_(exclude=["image/png"])
    assert "The first 60 of 500 steps" in data["text/plain"]
    assert "The first 60 of 500 steps." in check_offline(data["text/html"]).text
    assert len(check_offline(long.to_html()).rows) == 501


def test_a_file_has_the_whole_text() -> None:
    long = dataclasses.replace(record(), text="a " * 400)
    assert long.text not in long._repr_mimebundle_(include=["text/html"])[0]["text/html"]
    assert long.text in long.to_html()


def test_no_step_has_no_picture() -> None:
    assert set(dataclasses.replace(record(), steps=())._repr_mimebundle_()[0]) == {"text/plain", "text/html"}
