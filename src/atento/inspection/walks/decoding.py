"""The Transformer writes token by token: what it reads, where it may look and looks, what may come next (S10, S12)."""

from __future__ import annotations

import torch

from atento.applications.translator import Translator
from atento.applications.writer import Writer
from atento.figures.attention import Role
from atento.inspection.walks.draft import Draft, best, chosen
from atento.inspection.walks.record import Array, Focus, Part, Walk
from atento.inspection.walks.stacks import Stacked
from atento.inspection.walks.subject import about


def walk(subject: Translator | Writer, text: str, *, target: str | None = None, top: int = 8, name: str = "") -> Walk:
    """Follow every step of a decoder, all layers and heads together.

    Args:
        subject: a translator, or a writer that is forced to write the text.
        text: the source, or a writer's text.
        target: of a translator, what is written; None: what greedy search finds.
        top: how many of the most probable tokens are shown.
        name: the model's name.

    Raises:
        DataError: a text is empty or too long.
    """
    seen = Stacked.of(subject, "decoder", text, target)
    tokenizer, decoded, passage = subject.bundle.target_tokenizer, seen.done.decoded, seen.texts.target
    assert decoded is not None
    assert passage is not None
    assert seen.mask is not None
    draft = Draft()
    vectors = draft.keep("vectors", seen.hidden(0), "inputs", "model").array
    mask = draft.keep("mask", seen.mask.float(), "target", "inputs").array
    roles: tuple[Role, ...] = ("decoder", "cross") if isinstance(subject, Translator) else ("decoder",)
    weights = {role: _keep_weights(draft, seen, role) for role in roles}
    told = "free" if target is None and isinstance(subject, Translator) else "forced"
    for step, token in enumerate(passage.ids):
        read = Focus(role="decoder", side="inputs", token=step)
        draft.add("read", read, values={"vector": Part(array=vectors, at=(step,))})
        for role in roles:
            looking = Focus(role=role, side="target", token=step)
            values: dict[str, Array | Part] = {"weights": Part(array=weights[role], at=(step,))}
            if role == "decoder":
                values["mask"] = Part(array=mask, at=(step,))
            draft.add("attend", looking, "cross_attention" if role == "cross" else "self_attention", values=values)
        focus = Focus(role="decoder", side="target", token=step)
        draft.add("predict", focus, "predict", choices={told: best(tokenizer, decoded, step, top)})
        draft.add("choose", focus, choices={told: (chosen(tokenizer, decoded, step, token),)})
    return draft.finish("decoding", about(subject, name), **seen.texts.sides(subject.bundle))


def _keep_weights(draft: Draft, seen: Stacked, role: Role) -> str:
    """All layers' and heads' weights, a step's together."""
    layers = torch.stack([seen.attention(layer, "weights", role) for layer in range(seen.num_layers)])
    columns = "source" if role == "cross" else "inputs"
    steps_first = layers.permute(2, 0, 1, 3)
    return draft.keep(f"weights.{role}", steps_first, "target", "layers", "heads", columns).array
