"""Any walk through any model: which there are, and how to take one."""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from atento.applications.reader import Reader
from atento.applications.translator import Translator
from atento.core.configuration import nearest
from atento.core.errors import ConfigurationError
from atento.figures.attention import Role
from atento.inspection.walk_kinds import Kind
from atento.inspection.walks import attention, block, decoding, encoding, generation, head, positions, reading
from atento.inspection.walks.record import Walk
from atento.inspection.walks.subject import Subject, attends, heads_of, layers_of, recurrent, stack


class Walks(msgspec.Struct, frozen=True, kw_only=True):
    """What can be walked through."""

    walks: tuple[Kind, ...]
    roles: dict[Kind, tuple[Role, ...]]
    """Of the walks that take one, which; the first is the default."""
    layers: dict[Role, int]
    """How many layers each role has; ``cross`` of a recurrent model is its one look at the source."""
    heads: dict[Role, int]
    """How many heads a layer of each role has; roles without attention are left out."""
    positions: str
    """The Transformer's kind of positions; of a recurrent model none."""


class _Options(msgspec.Struct, frozen=True, kw_only=True):
    """What may be asked of a walk besides its text."""

    target: str | None
    role: Role | None
    layer: int | None
    head: int | None
    position: int | None


_TAKEN: Final[dict[Kind, frozenset[str]]] = {
    "reading": frozenset(),
    "generation": frozenset({"target"}),
    "attention": frozenset({"target", "position"}),
    "encoding": frozenset(),
    "decoding": frozenset({"target"}),
    "head": frozenset({"target", "role", "layer", "head", "position"}),
    "block": frozenset({"target", "role", "layer", "position"}),
    "positions": frozenset({"target", "role", "layer", "head"}),
}
"""The options that each walk takes."""


def walks_of(subject: Subject) -> Walks:
    """The walks through a model, with its layers and heads."""
    bundle = subject.bundle
    config, layers, heads = stack(bundle), layers_of(bundle), heads_of(bundle)
    roles: dict[Kind, tuple[Role, ...]] = {}
    if config is None:
        recurrent_config = recurrent(bundle)
        assert recurrent_config is not None
        kinds: list[Kind] = ["reading", "generation", *_if(attends(recurrent_config), "attention")]
    else:
        writes = not isinstance(subject, Reader)
        kinds = [*_if(writes, "generation"), "encoding", *_if(writes, "decoding"), "head", "block"]
        kinds += _if(config.position != "none", "positions")
        roles = {"head": tuple(heads), "block": tuple(role for role in layers if role != "cross")}
        roles |= {"positions": roles["block"]} if "positions" in kinds else {}
    name = "none" if config is None else config.position
    return Walks(walks=tuple(kinds), roles=roles, layers=layers, heads=heads, positions=name)


def walk(
    subject: Subject,
    kind: Kind,
    text: str,
    *,
    target: str | None = None,
    role: Role | None = None,
    layer: int | None = None,
    head: int | None = None,
    position: int | None = None,
    top: int = 8,
    name: str = "",
) -> Walk:
    """Let a model read a text, and give what it computes in the order in which a teacher would show it.

    Args:
        subject: a translator, writer or reader.
        kind: which walk; ``walks_of`` says which a model has.
        text: what is translated, written or read; for a writer's ``generation``, the prompt.
        target: a translation that the decoder is forced to write; None: what greedy search finds. For ``generation``
            it stands beside what is written freely.
        role: whose layer or head; None: the first that the model has.
        layer: from 0, the default.
        head: from 0, the default.
        position: the token that looks or is predicted, from 0, the default.
        top: how many of the most probable tokens are shown where a word is predicted.
        name: what to call the model in the record.

    Raises:
        ConfigurationError: the model has no such walk, role, layer or head, or the walk takes no such option.
        DataError: a text is empty or too long, or there is no such position.
    """
    has = walks_of(subject)
    asked = _Options(target=target, role=role, layer=layer, head=head, position=position)
    _check(subject, kind, has, asked, top)
    chosen = role or has.roles.get(kind, ("decoder" if "encoder" not in has.layers else "encoder",))[0]
    _check_place(kind, has, chosen, asked)
    if isinstance(subject, Reader):
        return _stack_walk(subject, kind, text, chosen, asked, name)
    match kind:
        case "generation":
            return generation.walk(subject, text, target=target, top=top, name=name)
        case "decoding":
            return decoding.walk(subject, text, target=target, top=top, name=name)
        case "reading" | "attention":
            assert isinstance(subject, Translator)
            if kind == "reading":
                return reading.walk(subject, text, name=name)
            return attention.walk(subject, text, target=target, step=position or 0, top=top, name=name)
        case _:
            return _stack_walk(subject, kind, text, chosen, asked, name)


def _stack_walk(subject: Subject, kind: Kind, text: str, role: Role, asked: _Options, name: str) -> Walk:
    """A walk through a stack of layers."""
    target, layer, place = asked.target, asked.layer or 0, asked.position or 0
    number = asked.head or 0
    match kind:
        case "encoding":
            return encoding.walk(subject, role, text, name=name)
        case "head":
            return head.walk(subject, role, text, target=target, layer=layer, head=number, position=place, name=name)
        case "block":
            return block.walk(subject, role, text, target=target, layer=layer, position=place, name=name)
        case "positions":
            return positions.walk(subject, role, text, target=target, layer=layer, head=number, name=name)
        case _:
            raise AssertionError(kind)


def _if(has: bool, kind: Kind) -> list[Kind]:
    return [kind] if has else []


def _check(subject: Subject, kind: Kind, has: Walks, asked: _Options, top: int) -> None:
    known = get_args(Kind)
    if kind not in known:
        raise ConfigurationError(f"there is no walk {kind!r}{nearest(kind, known)}")
    if kind not in has.walks:
        raise ConfigurationError(f"this model has no walk {kind!r}; it has: {', '.join(has.walks)}")
    given = {option for option in asked.__struct_fields__ if getattr(asked, option) is not None}
    if odd := sorted(given - _TAKEN[kind]):
        raise ConfigurationError(f"the walk {kind!r} takes no {odd[0]}; leave it out")
    if asked.target is not None and not isinstance(subject, Translator) and kind != "generation":
        raise ConfigurationError("a target is a translation, and this model translates nothing; leave it out")
    size = subject.bundle.vocabulary.target_size
    if not 1 <= top <= size:
        raise ConfigurationError(f"top = {top}: give 1 to {size}, the size of the vocabulary")


def _check_place(kind: Kind, has: Walks, role: Role, asked: _Options) -> None:
    roles = has.roles.get(kind, (role,))
    if role not in roles:
        raise ConfigurationError(f"the walk {kind!r} has no role {role!r} in this model; it has: {', '.join(roles)}")
    if role == "encoder" and asked.target is not None and kind in has.roles:
        raise ConfigurationError("the encoder reads no target; leave it out, or ask for the role 'decoder'")
    if kind == "positions" and has.positions != "rotary" and (asked.layer, asked.head) != (None, None):
        raise ConfigurationError("only rotary positions differ from head to head; leave the layer and the head out")
    for what, number, count in (("layer", asked.layer, has.layers[role]), ("head", asked.head, has.heads.get(role, 0))):
        if number is not None and not 0 <= number < count:
            raise ConfigurationError(f"there is no {what} {number}: the {role} has {count}; give 0 to {count - 1}")
