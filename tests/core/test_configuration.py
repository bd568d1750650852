"""Configurations from tables, TOML and overrides, and what is said about wrong ones."""

import tomllib
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.core.configuration import Configuration, apply_overrides, convert, nearest, read_toml, to_toml
from atento.core.errors import ConfigurationError


class Round(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="round"):
    radius: float = 1.0


class Square(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="square"):
    side_length: int = 2
    inner: Round = Round()


class Point(Configuration, frozen=True, kw_only=True):
    name: str
    weight: float = 1.0


class Picture(Configuration, frozen=True, kw_only=True):
    title: str = ""
    shape: Round | Square = Round()
    frame: Square | None = None
    points: tuple[Point, ...] = ()
    limit: int | None = None
    mode: Literal["dark", "light"] = "dark"

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 0:
            raise ConfigurationError(f"limit = {self.limit}: give 0 or more")


class Unsayable(Configuration, frozen=True, kw_only=True):
    limit: int | None = 3


def refusal(table: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        convert(table, Picture, where="recipe.toml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"titl": ""}, ["recipe.toml", "'titl'", "did you mean 'title'"]),
        ({"shape": {"kind": "round", "radios": 2}}, ["'shape.radios'", "did you mean 'radius'"]),
        ({"shape": {"kind": "square", "radius": 2}}, ["'shape.radius'", "known: inner, side_length"]),
        ({"shape": {"kind": "squar"}}, ["shape.kind", "'squar'", "did you mean 'square'"]),
        ({"shape": {"radius": 2}}, ["shape.kind", "None", "round, square"]),
        ({"shape": {"kind": "square", "inner": {"kind": "round", "raduis": 1}}}, ["'shape.inner.raduis'", "'radius'"]),
        ({"frame": {"side_lenght": 2}}, ["'frame.side_lenght'", "did you mean 'side_length'"]),
        ({"points": [{"name": "a"}, {"name": "b", "weigt": 2}]}, ["'points[1].weigt'", "did you mean 'weight'"]),
        ({"points": [{"weight": 2}]}, ["points[0]", "name"]),
        ({"limit": "many"}, ["recipe.toml", "limit"]),
        ({"mode": "grey"}, ["mode", "'grey'"]),
        ({"limit": -1}, ["recipe.toml: limit = -1", "give 0 or more"]),
    ],
)
def test_a_wrong_table_is_refused_with_key_and_advice(table: dict[str, Any], words: list[str]) -> None:
    message = refusal(table)
    assert all(word in message for word in words), message


def test_what_fits_is_converted() -> None:
    table = {"title": "t", "shape": {"kind": "square", "inner": {"radius": 3}}, "points": [{"name": "a", "weight": 2}]}
    assert convert(table, Picture, where="it") == Picture(
        title="t", shape=Square(inner=Round(radius=3.0)), points=(Point(name="a", weight=2.0),)
    )


pictures = st.builds(
    Picture,
    title=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    shape=st.builds(Round, radius=st.floats(allow_nan=False)) | st.builds(Square, side_length=st.integers(0, 9)),
    frame=st.none() | st.builds(Square),
    points=st.lists(st.builds(Point, name=st.text(st.characters(exclude_categories=["Cs"]), max_size=5))).map(tuple),
    limit=st.none() | st.integers(0, 2**62),
)


@given(pictures)
def test_toml_read_back_is_the_same(picture: Picture) -> None:
    assert convert(tomllib.loads(to_toml(picture)), Picture, where="it") == picture


def test_what_toml_cannot_say_is_not_written_as_something_else() -> None:
    assert convert(tomllib.loads(to_toml(Unsayable(limit=7))), Unsayable, where="it") == Unsayable(limit=7)
    with pytest.raises(ConfigurationError, match="None"):
        to_toml(Unsayable(limit=None))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["cannot read", "No such file"]),
        (b"a = \xe9", ["not UTF-8"]),
        (b"a = 1\nb = =\n", ["not valid TOML", "line 2"]),
        (b"a = " + b"[" * 3000, ["nested too deeply"]),
        (b"a." * 3000 + b"a = 1", ["nested too deeply"]),
        (b"a = " + b"9" * 5000, ["too many digits"]),
    ],
)
def test_an_unreadable_recipe_is_one_line(tmp_path: Path, content: bytes | None, words: list[str]) -> None:
    path = tmp_path / "recipe.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_toml(path)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in [str(path), *words]), message


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("a.b=3", 3), ("a.b=0.5", 0.5), ("a.b=true", True), ("a.b=bpe", "bpe"), ('a.b="3"', "3"),
        ("a.b=[1, 2]", [1, 2]), ("a.b=runs/pt es", "runs/pt es"), ("a.b=", ""), ("a.b=x=y", "x=y"),
        (" a . b = 3 ", 3), ("a.b=-1e-3", -1e-3),
    ],
)  # fmt: skip
def test_a_value_is_toml_or_else_a_string(setting: str, value: object) -> None:
    assert apply_overrides({}, [setting]) == {"a": {"b": value}}


def test_overriding_leaves_the_table_alone() -> None:
    table = {"a": {"b": 1, "c": [1]}}
    assert apply_overrides(table, ["a.b=2", "a.c=[]", "d=1"]) == {"a": {"b": 2, "c": []}, "d": 1}
    assert table == {"a": {"b": 1, "c": [1]}}


def test_the_last_setting_of_a_key_holds() -> None:
    assert apply_overrides({}, ["a.b=1", "a.b=2"]) == {"a": {"b": 2}}


def test_another_kind_replaces_the_table_whatever_the_order() -> None:
    table = {"model": {"kind": "round", "radius": 3}}
    for settings in (["model.kind=square", "model.side_length=4"], ["model.side_length=4", "model.kind=square"]):
        assert apply_overrides(table, settings) == {"model": {"kind": "square", "side_length": 4}}
    assert apply_overrides(table, ["model.kind=round"]) == table, "the same kind replaces nothing"


def test_an_outer_kind_does_not_undo_an_inner_one() -> None:
    settings = ["model.attention.kind=none", "model.attention.size=3", "model.kind=recurrent"]
    wanted = {"model": {"kind": "recurrent", "attention": {"kind": "none", "size": 3}}}
    assert apply_overrides({"model": {"kind": "transformer", "num_heads": 2}}, settings) == wanted


@pytest.mark.parametrize("setting", ["a.b", "=3", "  =3", "a.b.c=1", "d.x=1"])
def test_a_setting_that_makes_no_sense_is_named(setting: str) -> None:
    with pytest.raises(ConfigurationError, match="--set"):
        apply_overrides({"a": {"b": 1}, "d": [{"x": 1}]}, [setting])


@pytest.mark.parametrize(("value", "words"), [("[" * 3000, "nested too deeply"), ("9" * 5000, "too many digits")])
def test_a_value_that_cannot_be_read_is_no_string(value: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"--set a.b: it .*{words}"):
        apply_overrides({}, [f"a.b={value}"])


def test_nearest_names_one_or_all() -> None:
    assert nearest("dropuot", ["dropout", "size"]) == "; did you mean 'dropout'?"
    assert nearest("zzz", ["dropout", "size"]) == "; known: dropout, size"
