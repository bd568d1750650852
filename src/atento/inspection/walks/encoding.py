"""All tokens at once: vectors in, and in every layer every token looks at every other (S9 and S10).

An encoder's tokens see all others, a language model's those that are not later; nothing here goes step by step.
"""

from __future__ import annotations

from atento.figures.attention import Role
from atento.inspection.walks.draft import Draft
from atento.inspection.walks.record import Array, Focus, Part, Walk
from atento.inspection.walks.stacks import Stacked
from atento.inspection.walks.subject import Subject, about
from atento.models.bert import BertConfig
from atento.models.transformer import StackConfig


def walk(subject: Subject, role: Role, text: str, *, name: str = "") -> Walk:
    """Follow a text through all layers of an encoder, or of a language model.

    Raises:
        DataError: the text is empty or too long.
    """
    seen = Stacked.of(subject, role, text)
    rows, draft = seen.rows, Draft()
    entering = draft.keep("vectors.0", seen.hidden(0), rows, "model")
    draft.add("embed", Focus(role=role), *embedding_equations(seen.config), values={"vectors": entering})
    masks: dict[str, Array | Part] = {}
    if seen.mask is not None:
        masks["mask"] = draft.keep("mask", seen.mask.float(), rows, rows)
    for layer in range(seen.num_layers):
        focus = Focus(role=role, layer=layer)
        weights = draft.keep(f"weights.{layer}", seen.attention(layer, "weights"), "heads", rows, rows)
        draft.add("attend", focus, "self_attention", values={"weights": weights, **masks})
        leaving = draft.keep(f"vectors.{layer + 1}", seen.leaving(layer), rows, "model")
        draft.add("layer", focus, values={"vectors": leaving})
    if seen.config.layer_norm == "pre":
        last = draft.keep("normalised", seen.hidden(seen.num_layers), rows, "model")
        draft.add("normalise", Focus(role=role), f"norm.{seen.config.norm}", values={"vectors": last})
    return draft.finish("encoding", about(subject, name), **seen.texts.sides(subject.bundle))


def embedding_equations(config: StackConfig) -> tuple[str, ...]:
    """How a token becomes the vector that enters the first layer."""
    equations = ["embedding.scale" if config.embedding_scale else "embedding"]
    if config.position in ("sinusoidal", "learned"):
        equations += [position_equation(config), "position.sum"]
    if isinstance(config, BertConfig):
        equations += ["bert.type", f"norm.{config.norm}"]
    return tuple(equations)


def position_equation(config: StackConfig) -> str:
    """What a position is."""
    sinusoidal = f"position.sinusoidal.{config.position_layout}"
    return sinusoidal if config.position == "sinusoidal" else f"position.{config.position}"
