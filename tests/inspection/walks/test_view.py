"""A walk in a notebook and as a file: all its numbers, frame by frame, whatever the model."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType
from unittest import mock

import msgspec
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from tests.inspection.walks.test_record import DOCUMENTATION, FAMILIES
from tests.offline_pages import check_offline

from atento.core.display import save_page
from atento.inspection.walks import Walk, view, walk, walks_of
from atento.inspection.walks.equations import EQUATIONS
from atento.inspection.walks.record import Action, Array, Part, Side
from atento.inspection.walks.words import ACTIONS, titled

ATTACK = "<script>alert(1)</script>"


def frames_of(html: str) -> list[str]:
    return re.findall(r"<section>(.*?)</section>", html, flags=re.DOTALL)


def numbers_in(html: str) -> list[float]:
    """Those of heat maps' cells, and those that are folded."""
    read = check_offline(html)
    written = " ".join(re.findall(r"<pre>(.*?)</pre>", html, flags=re.DOTALL))
    rows = [line.rpartition(": ")[2] for line in written.splitlines()]
    return [float(title) for title in read.titles] + [float(number) for row in rows for number in row.split()]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_file_has_every_number_of_every_frame(tiny: ModuleType, name: str) -> None:
    for kind in walks_of(tiny.subject(name)).walks:
        made = walk(tiny.subject(name), kind, tiny.TEXT, name=name)
        html = made.to_html()
        check_offline(html, scripts=1)
        frames = frames_of(html)
        assert len(frames) == len(made.frames)
        written: set[tuple[str, tuple[int, ...]]] = set()
        for frame, shown in zip(made.frames, frames, strict=True):
            read = check_offline(shown)
            assert titled(made, frame) in read.text
            assert all(EQUATIONS[each] in read.text for each in frame.equations)
            wanted: list[float] = []
            for value_name, value in frame.values.items():
                whole = isinstance(value, Part) and any(
                    (value.array, value.at[:length]) in written for length in range(len(value.at) + 1)
                )
                numbers = made.numbers(frame, value_name)
                small = max(numbers.shape[-1:], default=1) <= 24 and numbers.size // (numbers.shape or (1,))[-1] <= 40
                if small or not whole:
                    wanted += numbers.ravel().tolist()
                if isinstance(value, Part):
                    written.add((value.array, value.at))
            np.testing.assert_allclose(sorted(numbers_in(shown)), sorted(wanted), rtol=1e-5, atol=1e-30)
            for choices in frame.choices.values():
                for each in choices:
                    assert [str(each.rank), each.token, str(each.id), f"{each.probability:.6g}"] in [
                        row[:4] for row in read.rows
                    ]


def test_large_values_are_written_once_and_are_led_back_to(tiny: ModuleType) -> None:
    made = walk(tiny.subject("pre"), "head", tiny.TEXT)
    array = Array(shape=(2, 50), data=tuple(number / 7 for number in range(100)), axes=("inputs", "model"))
    frames = [
        msgspec.structs.replace(frame, values={"x": Part(array="large", at=at)}, choices={})
        for frame, at in zip(made.frames[:3], ((), (1,), ()), strict=True)
    ]
    large = msgspec.structs.replace(made, arrays={"large": array}, frames=tuple(frames))
    first, second, third = frames_of(large.to_html())
    np.testing.assert_allclose(numbers_in(first), array.data, rtol=1e-5)
    for later in (second, third):
        assert numbers_in(later) == []
        assert 'for="record-0-0"' in later
        assert "data:image/png" in later


def test_a_notebook_is_bounded_and_says_what_it_left_out(tiny: ModuleType) -> None:
    made = walk(tiny.subject("pre"), "encoding", tiny.TEXT)
    side = 150
    array = Array(shape=(side, side), data=(0.5,) * side**2, axes=("positions", "model"))
    frames = tuple(msgspec.structs.replace(made.frames[0], values={"x": array}) for _ in range(80))
    data, _ = msgspec.structs.replace(made, frames=frames)._repr_mimebundle_()
    read = check_offline(data["text/html"])
    assert "The first 60 of 80 frames." in read.text
    assert f"{60 * side**2:,} numbers are not written here" in read.text
    assert "The first 40 of 80 frames." in data["text/plain"]
    assert sum(map(len, data.values())) < 1_500_000


def test_a_high_picture_ends_where_it_can_still_be_read(tiny: ModuleType) -> None:
    made = walk(tiny.subject("pre"), "encoding", tiny.TEXT)
    array = Array(shape=(40, 20), data=(0.5,) * 800, axes=("positions", "model"))
    frames = tuple(msgspec.structs.replace(made.frames[0], values={"x": array}) for _ in range(16))
    picture = msgspec.structs.replace(made, frames=frames).view().picture
    assert picture is not None
    with mock.patch.object(view, "strips", wraps=view.strips) as drawing:
        shown = picture()
    assert shown.height <= 20 * 96  # CSS pixels of an inch
    [drawn, note] = drawing.call_args.args
    assert 0 < len(drawn) < 16
    assert note == f"The first {len(drawn)} of 16 frames."


def test_a_page_of_two_walks_steps_each_by_itself(tiny: ModuleType, tmp_path: Path) -> None:
    made = walk(tiny.subject("lstm"), "attention", tiny.TEXT)
    save_page(tmp_path / "two.html", "two", [made, made])
    read = check_offline((tmp_path / "two.html").read_text(encoding="utf-8"), scripts=1)
    ids = [value for tag, name, value in read.attributes if (tag, name) == ("input", "id")]
    groups = [value for tag, name, value in read.attributes if (tag, name) == ("input", "name")]
    assert len(set(ids)) == 2 * len(made.frames)
    assert [groups.count(group) for group in dict.fromkeys(groups)] == [len(made.frames)] * 2
    assert {value for tag, name, value in read.attributes if (tag, name) == ("label", "for")} <= set(ids)
    assert [name for tag, name, _ in read.attributes if tag == "input"].count("checked") == 2


def test_each_output_has_buttons_of_its_own(tiny: ModuleType) -> None:
    made = walk(tiny.subject("lstm"), "attention", tiny.TEXT)
    groups = []
    for _ in range(2):
        data, _ = DisplayFormatter().format(made)
        assert set(data) == {"text/plain", "text/html", "image/png"}
        read = check_offline(data["text/html"])
        buttons = [value for tag, name, value in read.attributes if (tag, name) == ("input", "name")]
        assert len(buttons) == len(made.frames)
        assert len(set(buttons)) == 1
        groups.append(buttons[0])
        ids = {value for tag, name, value in read.attributes if (tag, name) == ("input", "id")}
        assert {value for tag, name, value in read.attributes if (tag, name) == ("label", "for")} <= ids
        assert [name for tag, name, _ in read.attributes if tag == "input"].count("checked") == 1
    assert groups[0] != groups[1]
    assert made.to_html() == made.to_html()


def test_what_a_user_wrote_does_nothing(tiny: ModuleType) -> None:
    made = walk(tiny.subject("lstm"), "attention", tiny.TEXT, name=ATTACK)
    assert made.source is not None
    assert made.target is not None
    hostile: dict[str, Side] = {
        name: msgspec.structs.replace(side, text=ATTACK, tokens=(ATTACK,) * len(side.tokens))
        for name, side in (("source", made.source), ("target", made.target))
    }
    changed: Walk = msgspec.structs.replace(made, **hostile)
    for html, scripts in ((changed._repr_mimebundle_()[0]["text/html"], 0), (changed.to_html(), 1)):
        assert ATTACK in check_offline(html, scripts=scripts).text


def test_every_action_is_told_as_the_documentation_tells_it() -> None:
    section = DOCUMENTATION.read_text(encoding="utf-8").split("## Actions")[1].split("## ")[0]
    assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, flags=re.MULTILINE)) == ACTIONS
    assert set(ACTIONS) == set(Action.__args__)
