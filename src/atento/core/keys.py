"""The keys of a configuration as its user reads them: the name, what its value may be, the default, and what it does.

What a key does is told by the text below its attribute. Python drops such texts, so they are read from the source;
where a subclass only has another default, its parent's text holds.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import itertools
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec

NONE, REQUIRED, OWN = "none", "required", "its own defaults"
NO_VALUES: Final = (NONE, REQUIRED, OWN)
"""Defaults that are no TOML: of a key without a value, of one that must be there, of a table whose keys have some."""

_WORDS: Final = {bool: "true or false", int: "whole number", float: "number", str: "text"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key."""

    name: str
    """With the names of its tables: ``model.attention.score``."""
    values: str
    """What may be its value, in words."""
    default: str
    """As TOML has it, or one of ``NO_VALUES``; nothing for a ``kind``, which tells what table this is."""
    text: str
    """What it does."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """The keys of one table, of one kind of it if there are several."""

    table: str
    repeated: bool = False
    """Whether there may be several such tables: ``[[data.train]]``."""
    kinds: tuple[tuple[str, str], ...] = ()
    """Of this table and of those that it stands in: ``("model.attention", "luong")``."""
    keys: tuple[Key, ...] = ()

    @property
    def title(self) -> str:
        """The table as TOML has it, and the kinds with which it has these keys."""
        kinds = ", ".join(f"{table}.kind = {_toml(kind)}" for table, kind in self.kinds)
        name = f"[[{self.table}]]" if self.repeated else f"[{self.table}]" if self.table else "At the top"
        return f"{name} with {kinds}" if kinds else name

    @property
    def path(self) -> tuple[str, ...]:
        """The parts of its name, each table followed by its kind: model, recurrent, attention, luong."""
        kinds, parts = dict(self.kinds), self.table.split(".") if self.table else []
        tables = [".".join(parts[: end + 1]) for end in range(len(parts))]
        return tuple(
            word for part, table in zip(parts, tables, strict=True) for word in (part, kinds.get(table)) if word
        )


def sections(configuration: type[msgspec.Struct]) -> list[Section]:
    """All keys, table by table, each followed by the tables in it."""
    return list(_walked(configuration, Section(table="")))


def selected(found: Sequence[Section], name: str) -> list[Section]:
    """The keys that have the parts of ``name`` in their order: ``gpt``, ``training.masking``, ``data.text.weight``."""
    wanted = name.split(".")
    kept = []
    for section in found:
        keys = (key for key in section.keys if _has_parts((*section.path, key.name.split(".")[-1]), wanted))
        kept.append(replace(section, keys=tuple(keys)))
    return [section for section in kept if section.keys]


def _has_parts(path: Sequence[str], wanted: Sequence[str]) -> bool:
    rest = iter(path)
    return all(part in rest for part in wanted)


def _walked(struct: type[msgspec.Struct], place: Section) -> Iterator[Section]:
    """The section of a struct at a place, then those of the structs in it, each told where it stands first."""
    prefix = f"{place.table}." if place.table else ""
    keys: list[Key] = []
    inner: dict[type[msgspec.Struct], Section] = {}
    if (kind := _kind(struct)) is not None:
        text = (inspect.getdoc(struct) or "").split("\n\n")[0]
        keys.append(Key(name=f"{prefix}kind", values=_toml(kind), default="", text=_plain(text)))
        place = replace(place, kinds=(*place.kinds, (place.table, kind)))
    for field in msgspec.structs.fields(struct):
        name = prefix + field.encode_name
        structs, repeated = _structs(field.type)
        known = next((inner[each].table for each in structs if each in inner), None)
        values = f"table with the keys of {known}" if known else _values(field.type)
        keys.append(Key(name=name, values=values, default=_default(field), text=_text(struct, field.name)))
        for each in structs:
            inner.setdefault(each, replace(place, table=name, repeated=repeated))
    yield replace(place, keys=tuple(keys))
    for each, below in inner.items():
        yield from _walked(each, below)


def _kind(struct: type[msgspec.Struct]) -> str | None:
    """What tells it apart from others in a union."""
    tag = struct.__struct_config__.tag
    return None if tag is None else str(tag)


def _structs(kind: Any) -> tuple[list[type[msgspec.Struct]], bool]:
    """The structs that a type has for values, and whether it has any number of them."""
    repeated = get_origin(kind) is tuple
    options = get_args(kind) if repeated or _is_union(kind) else (kind,)
    return [each for each in options if isinstance(each, type) and issubclass(each, msgspec.Struct)], repeated


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _values(kind: Any) -> str:
    """A type in words."""
    structs, repeated = _structs(kind)
    if structs:
        kinds = [_toml(kind) for each in structs if (kind := _kind(each)) is not None]
        return ("list of tables" if repeated else "table") + (f" with kind = {_either(kinds)}" if kinds else "")
    arguments = get_args(kind)
    if get_origin(kind) is Literal:
        return _either([_toml(each) for each in arguments])
    if _is_union(kind):
        return _either([_values(each) for each in arguments if each is not types.NoneType])
    if repeated:
        several = f"{_WORDS[arguments[0]]}s"
        return f"list of {several}" if Ellipsis in arguments else f"list of {len(arguments)} {several}"
    return _WORDS[kind]


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return REQUIRED
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    match value:
        case None:
            return NONE
        case msgspec.Struct():
            kind = _kind(type(value))
            return OWN if kind is None else f"kind = {_toml(kind)}"
        case _:
            return _toml(value)


def _toml(value: object) -> str:
    """A value on one line, which TOML writes as JSON does."""
    return msgspec.json.encode(value).decode().replace(",", ", ")


def _text(struct: type[msgspec.Struct], attribute: str) -> str:
    """The text below an attribute, in the class itself or in the nearest parent that has one; else nothing."""
    found = (_texts(each.__module__).get(each.__name__, {}).get(attribute) for each in struct.__mro__)
    return next(filter(None, found), "")


@functools.cache
def _texts(module: str) -> dict[str, dict[str, str]]:
    """Class → attribute → the text below it, of a module's source."""
    try:
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    except (OSError, TypeError):  # a module of another language has none
        return {}
    return {each.name: dict(_below(each.body)) for each in tree.body if isinstance(each, ast.ClassDef)}


def _below(body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    for first, second in itertools.pairwise(body):
        match first, second:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, _plain(text)


def _plain(text: str) -> str:
    """A docstring on one line, with code between single marks, as Markdown has it."""
    return " ".join(text.replace("``", "`").split())
