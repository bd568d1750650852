"""Where a token stands: the matrix of positions, the scaled embeddings, and their sum (Vaswani et al. 2017, 3.4, 3.5).

Rotary positions are not added but turn queries and keys: the angles, and one head's queries before and after.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from atento.figures.attention import Role
from atento.inspection.walks.draft import Draft
from atento.inspection.walks.encoding import position_equation
from atento.inspection.walks.record import Array, Focus, Part, Walk
from atento.inspection.walks.stacks import Stacked
from atento.inspection.walks.subject import Subject, about
from atento.models.bert import BertConfig

SHOWN = 64
"""Positions of the matrix, at least, as far as the model has them: few would show no waves."""


def walk(
    subject: Subject, role: Role, text: str, *, target: str | None = None, layer: int = 0, head: int = 0, name: str = ""
) -> Walk:
    """Follow tokens from the embedding matrix to what enters the first layer.

    Args:
        subject: with a model of the Transformer's layers and positions of any kind.
        role: ``encoder`` or ``decoder``.
        text: what is read.
        target: what a translator's decoder writes; None: what greedy search finds.
        layer: of rotary positions, whose queries are turned.
        head: likewise.
        name: the model's name.

    Raises:
        DataError: a text is empty or too long.
    """
    seen = Stacked.of(subject, role, text, target)
    draft = Draft()
    vectors = _embed(draft, seen)
    if seen.config.position == "rotary":
        _turn(draft, seen, layer, head)
    else:
        vectors = _place(draft, seen, vectors)
    if isinstance(seen.config, BertConfig):
        _add_type(draft, seen, vectors)
    return draft.finish("positions", about(subject, name), **seen.texts.sides(subject.bundle))


def _embed(draft: Draft, seen: Stacked) -> Part:
    looked_up = seen.embedded("embeddings")
    assert looked_up is not None
    focus = Focus(role=seen.role)
    vectors = draft.keep("embeddings", looked_up, seen.rows, "model")
    draft.add("embed", focus, "embedding", values={"embeddings": vectors})
    if not seen.config.embedding_scale:
        return vectors
    scaled = draft.keep("scaled", looked_up * seen.embedding.scale, seen.rows, "model")
    root = Array.of(looked_up.new_tensor(seen.embedding.scale))
    draft.add("scale", focus, "embedding.scale", values={"embeddings": vectors, "root": root, "scaled": scaled})
    return scaled


def _place(draft: Draft, seen: Stacked, vectors: Part) -> Part:
    focus = Focus(role=seen.role)
    added, sums = seen.embedded("positions"), seen.embedded("sums")
    assert added is not None
    assert sums is not None
    matrix = draft.keep("matrix", _matrix(seen), "positions", "model")
    places = draft.keep("positions", added, seen.rows, "model")
    draft.add("place", focus, position_equation(seen.config), values={"matrix": matrix, "positions": places})
    total = draft.keep("sums", sums, seen.rows, "model")
    values: dict[str, Array | Part] = {"vectors": vectors, "positions": places, "sums": total}
    draft.add("add", focus, "position.sum", values=values)
    return total


def _matrix(seen: Stacked) -> Tensor:
    """The model's own positions, from the first."""
    embedding = seen.embedding
    table = embedding.table if embedding.positions is None else embedding.positions.weight
    return table[: max(SHOWN, seen.tokens)]


def _turn(draft: Draft, seen: Stacked, layer: int, head: int) -> None:
    cosine, sine = (
        draft.keep(name, part, seen.rows, "pairs")
        for name, part in zip(("cosine", "sine"), seen.rotation(), strict=True)
    )
    draft.add("place", Focus(role=seen.role), "position.rotary", values={"cosine": cosine, "sine": sine})
    turned = seen.attention(layer, "queries")[head]
    values: dict[str, Array | Part] = {
        "queries": draft.keep("queries", seen.unturned(turned), seen.rows, "head"),
        "turned": draft.keep("turned", turned, seen.rows, "head"),
    }
    draft.add("turn", Focus(role=seen.role, layer=layer, head=head), "turn", values=values)


def _add_type(draft: Draft, seen: Stacked, vectors: Part) -> None:
    """BERT adds the type of the text, and normalises."""
    types = cast("nn.Embedding", seen.subject.bundle.model.get_submodule(f"{seen.name}.types"))
    focus = Focus(role=seen.role)
    first = Array.of(types.weight[0], "model")
    draft.add("add", focus, "bert.type", values={"vectors": vectors, "type": first})
    last = draft.keep("normalised", seen.hidden(0), seen.rows, "model")
    draft.add("normalise", focus, f"norm.{seen.config.norm}", values={"normalised": last})
