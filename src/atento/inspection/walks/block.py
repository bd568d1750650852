"""One layer: sub-layers inside residual connections, normalised where the model does it (Vaswani et al. 2017, 3.1)."""

from __future__ import annotations

from atento.applications.translator import Translator
from atento.figures.attention import Role
from atento.inspection.walks.draft import Draft
from atento.inspection.walks.record import Focus, Part, Walk
from atento.inspection.walks.stacks import Stacked, Sublayer
from atento.inspection.walks.subject import Subject, about
from atento.nn.capture import Kind


def walk(
    subject: Subject,
    role: Role,
    text: str,
    *,
    target: str | None = None,
    layer: int = 0,
    position: int = 0,
    name: str = "",
) -> Walk:
    """Follow all tokens through one layer.

    Args:
        subject: with a model of the Transformer's layers.
        role: ``encoder`` or ``decoder``.
        text: what is read.
        target: what a translator's decoder writes; None: what greedy search finds.
        layer: from 0.
        position: the token that the frames are about, from 0; of a decoder, among those that it reads.
        name: the model's name.

    Raises:
        DataError: a text is empty or too long, or the token does not exist.
    """
    seen = Stacked.of(subject, role, text, target)
    seen.check_position(position)
    walking = _Walking(seen, layer, Focus(role=role, layer=layer, side=seen.rows, token=position))
    sublayers: list[Sublayer] = ["self", "feed_forward"]
    if role == "decoder" and isinstance(subject, Translator):
        sublayers.insert(1, "cross")
    for sublayer in sublayers:
        walking.add(sublayer)
    if layer == seen.num_layers - 1 and seen.config.layer_norm == "pre":
        walking.normalise_last()
    return walking.draft.finish("block", about(subject, name), **seen.texts.sides(subject.bundle))


class _Walking:
    """The frames of one layer."""

    def __init__(self, seen: Stacked, layer: int, focus: Focus) -> None:
        self.draft = Draft()
        self._seen, self._layer, self._focus = seen, layer, focus
        self._vectors = self.draft.keep("inputs", seen.residual("self", layer, "inputs"), seen.rows, "model")
        """What enters the next sub-layer."""

    def add(self, sublayer: Sublayer) -> None:
        """A sub-layer with what stands around it."""
        seen, draft, focus = self._seen, self.draft, self._focus
        norm = f"norm.{seen.config.norm}"
        entering = self._vectors
        if seen.config.layer_norm == "pre":
            entering = self._keep(sublayer, "normalised")
            draft.add("normalise", focus, norm, values={"inputs": self._vectors, "normalised": entering})
        if sublayer == "feed_forward":
            hidden = draft.keep("feed_forward.hidden", seen.activations(self._layer), seen.rows, "hidden")
            equation = f"feed_forward.{seen.config.activation}"
            draft.add("widen", focus, equation, values={"inputs": entering, "hidden": hidden})
            outputs = self._keep(sublayer, "outputs")
            draft.add("output", focus, "feed_forward.output", values={"hidden": hidden, "outputs": outputs})
        else:
            outputs = self._keep(sublayer, "outputs")
            looking = Focus(
                role="cross" if sublayer == "cross" else focus.role,
                layer=focus.layer,
                side=focus.side,
                token=focus.token,
            )
            draft.add("attend", looking, f"{sublayer}_attention", values={"inputs": entering, "outputs": outputs})
        sums = self._keep(sublayer, "sums")
        draft.add("add", focus, "residual", values={"inputs": self._vectors, "outputs": outputs, "sums": sums})
        self._vectors = sums
        if seen.config.layer_norm == "post":
            self._vectors = self._keep(sublayer, "normalised")
            draft.add("normalise", focus, norm, values={"inputs": sums, "normalised": self._vectors})

    def normalise_last(self) -> None:
        """What a stack of pre-normalised layers does at its end."""
        last = self.draft.keep("last.normalised", self._seen.hidden(self._seen.num_layers), self._seen.rows, "model")
        equation = f"norm.{self._seen.config.norm}"
        values = {"inputs": self._vectors, "normalised": last}
        self.draft.add("normalise", Focus(role=self._focus.role), equation, values=values)

    def _keep(self, sublayer: Sublayer, kind: Kind) -> Part:
        vectors = self._seen.residual(sublayer, self._layer, kind)
        return self.draft.keep(f"{sublayer}.{kind}", vectors, self._seen.rows, "model")
