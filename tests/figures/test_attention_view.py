"""An attention record in a notebook and as a file: its numbers, what is hidden, what is cut."""

from __future__ import annotations

import base64
import dataclasses
import io
import re

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image
from tests.offline_pages import check_offline

from atento.figures import attention_view
from atento.figures.attention import Attention, Role, Span

ATTACK = "<script>alert(1)</script>"


def record(sources: int = 3, targets: int = 2, layers: int = 2, heads: int = 2) -> Attention:
    draw = np.random.default_rng(3)

    def weights(rows: int, columns: int, causal: bool = False) -> np.ndarray:
        scores = draw.standard_normal((layers, heads, rows, columns))
        if causal:
            scores = np.where(np.arange(columns) <= np.arange(rows)[:, None], scores, -np.inf)
        shares = np.exp(scores)
        return (shares / shares.sum(-1, keepdims=True)).astype(np.float32)

    source = (ATTACK, *(f"s{number}" for number in range(1, sources)))
    target = tuple(f"t{number}" for number in range(targets))
    spans: tuple[Span | None, ...] = (None,)
    every: dict[Role, np.ndarray] = {
        "cross": weights(targets, sources),
        "encoder": weights(sources, sources),
        "decoder": weights(targets, targets, causal=True),
    }
    return Attention(
        source=source, target=target, source_text=f"{ATTACK} & co", target_text="t", source_spans=spans * sources,
        target_spans=spans * targets, weights=every, note='a "model"',
    )  # fmt: skip


def test_every_number_of_every_head_is_in_the_page() -> None:
    found = record()
    for html in (found._repr_mimebundle_()[0]["text/html"], found.to_html()):
        read = check_offline(html)
        numbers = [float(title) for title in read.titles if title != "cannot look"]
        wanted = [found.matrix().ravel()]
        for role, array in found.weights.items():
            visible = found.visible(role)
            wanted += [array[place][visible] for place in np.ndindex(array.shape[:2])]
        np.testing.assert_allclose(numbers, np.concatenate(wanted), rtol=1e-5)
        assert read.titles.count("cannot look") == 4  # one cell above the diagonal in each of four heads
        assert ATTACK in read.text
        assert 'a "model"' in read.text


def test_a_cell_shows_what_its_title_says() -> None:
    read = check_offline(record().to_html())
    rows = [row for row in read.rows if row and row[0] in ("t0", "t1")]
    assert rows[0][1:] == [f"{value:.2f}" for value in record().matrix()[0]]


def test_the_picture_is_a_bounded_png() -> None:
    for found in (record(), record(150, 120, 1, 1)):
        data, facts = found._repr_mimebundle_()
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
        assert picture.format == "PNG"
        assert max(picture.size) <= 2400
        assert facts["image/png"]["width"] <= picture.size[0]
        assert sum(map(len, data.values())) < 1_500_000


def test_a_long_record_is_cut_and_says_so() -> None:
    found = record(70, 65, 1, 2)
    data, _ = found._repr_mimebundle_()
    cut = "The first 60 of 70 source tokens. The first 60 of 65 target tokens."
    assert cut in data["text/plain"]
    read = check_offline(data["text/html"])
    assert cut in read.text
    assert "The first 1 of 6 heads." in read.text
    numbers = [float(title) for title in read.titles[:3600]]
    np.testing.assert_allclose(numbers, found.matrix()[:60, :60].ravel(), rtol=1e-5)
    whole = check_offline(found.to_html())
    assert cut not in whole.text
    assert len(whole.titles) == 3 * 65 * 70 + 2 * (70 * 70 + 65 * 65)


def test_a_file_has_every_head_and_the_whole_texts() -> None:
    text = "a " * 400
    found = dataclasses.replace(record(40, 40, 6, 8), source_text=text)
    data, _ = found._repr_mimebundle_(include=["text/html"])
    assert "The first 3 of 144 heads." in check_offline(data["text/html"]).text
    assert "(800 characters)" in data["text/html"]
    whole = found.to_html()
    assert len(re.findall("<summary>[a-z]+, layer [0-5], head [0-7]</summary>", whole)) == 144
    assert text in whole


def test_the_first_tokens_keep_what_rows_may_look_at() -> None:
    found = record(5, 5)
    short = attention_view.first(found, 3)
    for role in found.weights:
        np.testing.assert_array_equal(short.array(role), found.array(role)[..., :3, :3])
        np.testing.assert_array_equal(short.visible(role), found.visible(role)[:3, :3])
    assert attention_view.first(found, 5) is found


@pytest.mark.parametrize("role", ["encoder", "decoder"])
def test_one_text_alone_shows_too(role: str) -> None:
    data, _ = record().alone(role)._repr_mimebundle_()  # type: ignore[arg-type]
    assert f"{role} attention" in data["text/plain"]
    check_offline(data["text/html"])


def test_nothing_recorded_is_said() -> None:
    empty = Attention(
        source=(), target=(), source_text="", target_text="", source_spans=(), target_spans=(), weights={}
    )
    data, _ = empty._repr_mimebundle_(exclude=["image/png"])
    assert data["text/plain"] == "No attention is recorded."
    check_offline(data["text/html"])
    assert "image/png" not in empty._repr_mimebundle_()[0]


def test_ipython_takes_it() -> None:
    data, _ = DisplayFormatter().format(record())
    assert set(data) == {"text/plain", "text/html", "image/png"}
