"""Special tokens by their roles, and how they stand around one text or a pair.

A tokenizer that comes from elsewhere calls them ``[CLS]`` or ``<|endoftext|>``. Which of them plays which role is kept
in its ``tokenizer.json`` itself, so that a bundle needs nothing beside it: the file's post-processor, a template that
says where special tokens stand, has a list of the special tokens it knows by identifiers, and ours are in it as
``role:pad``, ``role:eos`` and so on. The template does not use them, so other libraries read the file as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

_PREFIX: Final = "role:"
_NAMES: Final = ("pad", "unk", "bos", "eos", "mask")
_ABSENT: Final = "absent"


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Ids of the special tokens; one may play several roles."""

    pad: int
    unk: int
    bos: int
    """What begins a text (BERT's ``[CLS]``)."""
    eos: int
    """What ends a text (BERT's ``[SEP]``)."""
    mask: int | None = None
    absent: tuple[int, ...] = ()
    """Entries that the pieces need but that the model's vocabulary lacks: they count as ``unk``."""


class Part(NamedTuple):
    """A part of a template: a special token, or the first or second text."""

    what: int | Literal["A", "B"]
    text_type: int = 0


@dataclass(frozen=True, kw_only=True)
class Template:
    """Where special tokens stand."""

    one: tuple[Part, ...]
    two: tuple[Part, ...]

    @property
    def before(self) -> tuple[int, ...]:
        """The special tokens before a text that stands alone."""
        first = next(place for place, part in enumerate(self.one) if part.what == "A")
        return tuple(part.what for part in self.one[:first] if isinstance(part.what, int))

    @property
    def separators(self) -> int:
        """How many special tokens stand between the two texts of a pair."""
        places = {part.what: place for place, part in enumerate(self.two)}
        return places["B"] - places["A"] - 1

    @property
    def has_types(self) -> bool:
        """Whether it counts the two texts of a pair to different types."""
        return any(part.text_type for part in self.two)

    def single(self, ids: Sequence[int]) -> list[int]:
        """A text with its special tokens."""
        return _laid_out(self.one, ids, ())[0]

    def pair(self, first: Sequence[int], second: Sequence[int]) -> tuple[list[int], list[int]]:
        """Two texts with their special tokens, and which text each token is counted to (0 or 1)."""
        return _laid_out(self.two, first, second)


PLAIN: Final = Template(one=(Part("A"),), two=(Part("A"), Part("B", 1)))
"""No special token at all, as GPT-2 has it."""


def begun(bos: int) -> Template:
    """``<s> A``, for language models that begin with a token of their own."""
    return Template(one=(Part(bos), Part("A")), two=(Part(bos), Part("A"), Part("B", 1)))


def ended(eos: int) -> Template:
    """``A </s>``, for translators' sources."""
    return Template(one=(Part("A"), Part(eos)), two=(Part("A"), Part("B"), Part(eos)))


def bert(bos: int, eos: int) -> Template:
    """``[CLS] A [SEP]`` and ``[CLS] A [SEP] B [SEP]`` with types 0 and 1 (Devlin et al. 2019, figure 2)."""
    one = (Part(bos), Part("A"), Part(eos))
    return Template(one=one, two=(*one, Part("B", 1), Part(eos, 1)))


def roberta(bos: int, eos: int) -> Template:
    """``<s> A </s>`` and ``<s> A </s></s> B </s>``, all of one type (Liu et al. 2019's code)."""
    one = (Part(bos), Part("A"), Part(eos))
    return Template(one=one, two=(*one, Part(eos), Part("B"), Part(eos)))


def roles_of(description: dict[str, Any]) -> Roles | None:
    """The roles that a ``tokenizer.json`` names; None if it names none."""
    table = (description.get("post_processor") or {}).get("special_tokens")
    if not isinstance(table, dict):
        return None
    found = {name: table[_PREFIX + name]["ids"][0] for name in _NAMES if _PREFIX + name in table}
    if not {"pad", "unk", "bos", "eos"} <= found.keys():
        return None
    return Roles(**found, absent=tuple(table.get(_PREFIX + _ABSENT, {"ids": ()})["ids"]))


def template_of(description: dict[str, Any]) -> Template:
    """The template that a ``tokenizer.json`` has.

    Raises:
        ValueError: a post-processor of a kind that is none.
    """
    return _template(description.get("post_processor"))


def post_processor(template: Template, roles: Roles | None, piece: Callable[[int], str]) -> dict[str, Any]:
    """The template, and the roles if there are any, as ``tokenizer.json`` has them; ``piece`` gives an entry's text."""
    used = {part.what for part in (*template.one, *template.two) if isinstance(part.what, int)}
    table: dict[str, tuple[int, ...]] = {piece(number): (number,) for number in sorted(used)}
    if roles is not None:
        table |= {_PREFIX + name: (getattr(roles, name),) for name in _NAMES if getattr(roles, name) is not None}
        table |= {_PREFIX + _ABSENT: roles.absent} if roles.absent else {}
    return {
        "type": "TemplateProcessing",
        "single": [_described(part, piece) for part in template.one],
        "pair": [_described(part, piece) for part in template.two],
        "special_tokens": {
            name: {"id": name, "ids": list(ids), "tokens": [piece(number) for number in ids]}
            for name, ids in table.items()
        },
    }


def _laid_out(parts: Sequence[Part], first: Sequence[int], second: Sequence[int]) -> tuple[list[int], list[int]]:
    ids: list[int] = []
    types: list[int] = []
    for what, text_type in parts:
        added = first if what == "A" else second if what == "B" else (what,)
        ids += [number for number in added if isinstance(number, int)]
        types += [text_type] * len(added)
    return ids, types


def _template(processor: dict[str, Any] | None) -> Template:
    match processor:
        case None | {"type": "ByteLevel"}:
            return PLAIN
        case {"type": "Sequence", "processors": list(steps)}:
            found = [template for step in steps if (template := _template(step)) != PLAIN]
            if len(found) > 1:
                raise ValueError("several templates of special tokens")
            return found[0] if found else PLAIN
        case {"type": "TemplateProcessing", "single": one, "pair": two, "special_tokens": table}:
            return Template(one=tuple(_read(one, table)), two=tuple(_read(two, table)))
        case {"type": "BertProcessing", "cls": [_, bos], "sep": [_, eos]}:
            return bert(bos, eos)
        case {"type": "RobertaProcessing", "cls": [_, bos], "sep": [_, eos]}:
            return roberta(bos, eos)
        case _:
            raise ValueError(f"a post-processor of type {processor.get('type')!r}")


def _read(parts: list[dict[str, Any]], table: dict[str, Any]) -> list[Part]:
    result: list[Part] = []
    for part in parts:
        if "Sequence" in part:
            result.append(Part(part["Sequence"]["id"], part["Sequence"]["type_id"]))
        else:
            token = part["SpecialToken"]
            result += [Part(number, token["type_id"]) for number in table[token["id"]]["ids"]]
    return result


def _described(part: Part, piece: Callable[[int], str]) -> dict[str, Any]:
    if isinstance(part.what, int):
        return {"SpecialToken": {"id": piece(part.what), "type_id": part.text_type}}
    return {"Sequence": {"id": part.what, "type_id": part.text_type}}
