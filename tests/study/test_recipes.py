import copy
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atento.study.recipes import RecipeDifference, difference, toml

KEYS = st.text(alphabet="ab.é \"'", min_size=1, max_size=4)
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
RECIPES = st.dictionaries(KEYS, VALUES, max_size=5)


def _kinds(value: object) -> object:
    match value:
        case dict():
            return {name: _kinds(inner) for name, inner in value.items()}
        case list():
            return [_kinds(inner) for inner in value]
        case _:
            return type(value)


def apply(recipe: dict[str, Any], change: RecipeDifference) -> dict[str, Any]:
    result = copy.deepcopy(recipe)
    for *path, key in change.removed:
        table = result
        for name in path:
            table = table[name]
        del table[key]

    def lay(table: dict[str, Any], over: dict[str, Any]) -> None:
        for key, value in over.items():
            if isinstance(value, dict) and isinstance(table.get(key), dict):
                lay(table[key], value)
            else:
                table[key] = value

    lay(result, tomllib.loads(toml(change.changed)))
    return result


@given(RECIPES, RECIPES)
def test_a_recipe_can_be_made_again_from_another_and_what_differs(
    recipe: dict[str, Any], other: dict[str, Any]
) -> None:
    made = apply(recipe, difference(recipe, other))
    assert made == other
    assert _kinds(made) == _kinds(other), "1, 1.0 and True are equal, and not the same"


def test_what_differs_is_all_that_is_written() -> None:
    recipe = {"model": {"size": 4, "kind": "a"}, "training": {"seed": 1, "clip": 1.0}}
    other = {"model": {"size": 4, "kind": "a"}, "training": {"seed": 2}}
    assert difference(recipe, other).text == "# without training.clip\n[training]\nseed = 2\n"
    assert difference(recipe, recipe).text == ""


def test_kinds_of_numbers_are_told_apart() -> None:
    assert difference({"a": 1}, {"a": 1.0}).text == "a = 1.0\n"
    assert difference({"a": True}, {"a": 1}).text == "a = 1\n"
