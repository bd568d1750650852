"""The keys of configurations: names, values, defaults, and the texts below attributes."""

from __future__ import annotations

from typing import Literal

from atento.core.configuration import Configuration
from atento.core.keys import Key, sections, selected


class Round(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="round"):
    """What has a radius.

    And more.
    """

    radius: float = 1.0
    """How far the line
    is from ``the centre``."""


class Square(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="square"):
    """What has a side."""

    side: int | Literal["unit"] = "unit"


class Point(Configuration, frozen=True, kw_only=True):
    name: str
    """On the picture."""
    at: tuple[float, float] = (0.5, 1e-9)
    marks: tuple[str, ...] | None = None


class Frame(Configuration, frozen=True, kw_only=True):
    width: int = 1
    """Of the frame."""
    visible: bool = True


class Golden(Frame, frozen=True, kw_only=True):
    width: int = 2
    visible: bool = False
    """Gold wants to be seen."""


class Picture(Configuration, frozen=True, kw_only=True):
    shape: Round | Square
    """What is drawn."""
    frame: Golden | None = None
    points: tuple[Point, ...] = ()
    last: Point | None = None
    mode: Literal["dark", "light", "grey"] = "dark"


FOUND = sections(Picture)
KEYS = {key.name: key for section in FOUND for key in section.keys}


def test_tables_follow_the_one_that_they_stand_in_kind_by_kind() -> None:
    assert [(section.title, section.path) for section in FOUND] == [
        ("At the top", ()),
        ('[shape] with shape.kind = "round"', ("shape", "round")),
        ('[shape] with shape.kind = "square"', ("shape", "square")),
        ("[frame]", ("frame",)),
        ("[[points]]", ("points",)),
    ]
    assert [key.name for key in FOUND[2].keys] == ["shape.kind", "shape.side"]


def test_types_and_defaults_are_words_of_a_user() -> None:
    assert {name: (key.values, key.default) for name, key in KEYS.items() if "shape." not in name} == {
        "shape": ('table with kind = "round" or "square"', "required"),
        "frame": ("table", "none"),
        "frame.width": ("whole number", "2"),
        "frame.visible": ("true or false", "false"),
        "points": ("list of tables", "[]"),
        "points.name": ("text", "required"),
        "points.at": ("list of 2 numbers", "[0.5, 1e-9]"),
        "points.marks": ("list of texts", "none"),
        "last": ("table with the keys of points", "none"),
        "mode": ('"dark", "light" or "grey"', '"dark"'),
    }
    assert KEYS["shape.side"].values == 'whole number or "unit"'
    assert [each.keys[0] for each in FOUND[1:3]] == [
        Key(name="shape.kind", values='"round"', default="", text="What has a radius."),
        Key(name="shape.kind", values='"square"', default="", text="What has a side."),
    ]


def test_texts_are_those_below_attributes_the_nearest_class_first() -> None:
    assert KEYS["shape.radius"].text == "How far the line is from `the centre`."
    assert KEYS["frame.width"].text == "Of the frame."
    assert KEYS["frame.visible"].text == "Gold wants to be seen."
    assert KEYS["points.at"].text == ""


def test_keys_are_chosen_by_parts_of_their_names_and_by_kinds() -> None:
    def names(name: str) -> list[str]:
        return [key.name for section in selected(FOUND, name) for key in section.keys]

    assert names("round") == names("shape.round") == ["shape.kind", "shape.radius"]
    assert names("radius") == names("shape.radius") == names("round.radius") == ["shape.radius"]
    assert names("frame") == ["frame", "frame.width", "frame.visible"]
    assert names("radius.shape") == names("rad") == []
