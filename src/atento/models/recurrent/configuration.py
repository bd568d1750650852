"""What makes one recurrent encoder–decoder differ from another."""

from __future__ import annotations

from typing import Literal

from atento.core.configuration import Configuration
from atento.core.errors import ConfigurationError
from atento.core.sizes import MOST_LAYERS, check_sizes
from atento.nn.luong import Score, Window
from atento.nn.recurrent.cells import CellKind


class NoAttention(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="none"):
    """One fixed context: the encoder's last state."""


class AdditiveAttentionConfig(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="additive"):
    """Bahdanau et al. 2015: eᵢⱼ = vᵀ tanh(W sᵢ₋₁ + U hⱼ), read with the previous state sᵢ₋₁ of the first layer."""

    size: int = 256
    """Units of the hidden layer of the score (n′ in the paper)."""


class LuongAttentionConfig(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="luong"):
    """Luong et al. 2015: read with the new state hₜ of the last layer, h̃ₜ = tanh(W_c [cₜ; hₜ]) predicts the word.

    h̃ₜ has ``model.output_size`` units (the paper's has ``hidden_size``). Windows and location count positions from 0 in
    the order in which the encoder reads, ``</s>`` included.
    """

    score: Score = "general"
    """score(hₜ, h̄ₛ), in this order: row s of W_a hₜ; hₜᵀ h̄ₛ; hₜᵀ W_a h̄ₛ; vᵀ tanh(W_a [hₜ; h̄ₛ])."""
    window: Window = "global"
    """Look at the whole source; at ``half_width`` tokens around position t; around a position that is predicted."""
    half_width: int = 10
    """D: a local window is [pₜ − D, pₜ + D], and local-p's σ is D / 2."""
    input_feeding: bool = True
    """The first layer reads h̃₍t₋₁₎ beside the word. Without it all steps run at once, which trains faster."""
    size: int | None = None
    """Units of the hidden layers of score "concat" and of window "local-p"; none: ``model.hidden_size``."""
    max_source_length: int = 256
    """Tokens (``</s>`` included) of the longest source that score "location" can read; other scores read any."""


AttentionConfig = NoAttention | AdditiveAttentionConfig | LuongAttentionConfig


class RecurrentConfig(Configuration, frozen=True, kw_only=True, tag_field="kind", tag="recurrent"):
    """A recurrent encoder–decoder. The defaults are an attentional LSTM, small enough for two cores.

    The papers' models::

        Sutskever et al. 2014  cell = "lstm", 4 + 4 layers, bidirectional = false, reverse_source = true,
                               attention none, context_in_state = context_in_output = false, bridge = "copy",
                               output = "linear"
        Cho et al. 2014        cell = "gru", bidirectional = false, attention none, context_in_state =
                               context_in_output = true, bridge = "summary", output = "maxout"
        Bahdanau et al. 2015   cell = "gru", bridge = "backward", output = "maxout", output_reads = "previous"
                               (the appendix's sᵢ₋₁; the main text has sᵢ: "current")
        Luong et al. 2015      cell = "lstm", 4 + 4 layers, bidirectional = false, reverse_source = true, attention
                               luong (window = "local-p"), bridge = "copy"; h̃ₜ is the "tanh" output, without the word
    """

    cell: CellKind = "lstm"
    """The recurrent unit of both sides."""
    embedding_size: int = 256
    """Numbers of a word's embedding, on either side."""
    hidden_size: int = 512
    """Units of a decoder layer."""
    encoder_hidden_size: int | None = None
    """Units of an encoder layer in each direction; none: ``hidden_size``."""
    num_encoder_layers: int = 1
    """Layers of the encoder."""
    num_decoder_layers: int = 1
    """Layers of the decoder. With additive attention the first one reads the sources (Wu et al. 2016), and the others
    run over all steps at once. With Luong's the last one reads them."""
    bidirectional: bool = True
    """The encoder reads the source in both directions."""
    reverse_source: bool = False
    """Read the source backwards (Sutskever et al. 2014); ``</s>`` stays last. What is shown keeps the user's order."""
    attention: AttentionConfig = AdditiveAttentionConfig()
    """How the decoder looks at the source."""
    context_in_state: bool = True
    """The context drives the state: hₜ = f(h₍t₋₁₎, y₍t₋₁₎, c) (Cho et al. 2014, section 2.2). Additive attention needs
    it; Luong's has ``input_feeding`` instead."""
    context_in_output: bool = True
    """The output layer reads the context and the previous word, too: yₜ = softmax(W[ŷ₍t₋₁₎; zₜ; c])."""
    bridge: Literal["copy", "final", "backward", "summary"] = "final"
    """How the decoder starts, in this order: the encoder's last states themselves (same layers and sizes, one
    direction); tanh(W h) of the last states of all directions; of the backward direction alone (Bahdanau et al. 2015:
    s₀ = tanh(W_s ←h₁)); tanh(V′ c) of a learned context c = tanh(V h), which replaces h wherever the decoder reads it
    (Cho et al. 2014)."""
    output: Literal["linear", "tanh", "maxout"] = "tanh"
    """Linear: the vocabulary is scored from the state (and what ``context_in_output`` adds). The others are deep
    outputs (Pascanu et al. 2014) with a hidden layer over state, previous word and context; maxout is that of Cho and
    of Bahdanau."""
    output_size: int | None = None
    """Units of the deep output, or of Luong's h̃; none: ``embedding_size``."""
    output_reads: Literal["current", "previous"] = "current"
    """Which state a deep output reads: sᵢ (Bahdanau's main text, Cho) or sᵢ₋₁ (Bahdanau's appendix A.2.2)."""
    dropout: float = 0.2
    """Of embeddings, between layers, and of what predicts the output."""
    tied_embeddings: Literal["all", "decoder", "none"] = "all"
    """Which share one matrix: source, target and output embeddings; target and output; none. "all" needs a shared
    vocabulary and falls back to "decoder" without one."""
    output_bias: bool = True
    """The output layer adds a number for each entry of the vocabulary."""

    @property
    def encoder_units(self) -> int:
        """Units of an encoder layer in each direction."""
        return self.hidden_size if self.encoder_hidden_size is None else self.encoder_hidden_size

    @property
    def annotation_size(self) -> int:
        """Size of an annotation: all directions' units."""
        return self.encoder_units * (2 if self.bidirectional else 1)

    @property
    def predicting_size(self) -> int:
        """Size of the vector that is projected onto the vocabulary."""
        if self.output != "linear":
            return self.embedding_size if self.output_size is None else self.output_size
        added = self.embedding_size + self.annotation_size if self.context_in_output else 0
        return self.hidden_size + added

    def __post_init__(self) -> None:
        self._check_sizes()
        self._check_bridge()
        if isinstance(self.attention, LuongAttentionConfig):
            self._check_luong(self.attention)
        elif self.attention != NoAttention() and not self.context_in_state:
            raise ConfigurationError(
                f"model.context_in_state = false does not go with model.attention.kind = "
                f"{self.attention.__struct_config__.tag!r}: its context drives the state; set it to true"
            )
        if self.output_reads == "previous" and self.output == "linear":
            raise ConfigurationError(
                "model.output_reads = 'previous' needs a deep output, which reads the previous word: "
                "set model.output to 'tanh' or 'maxout'"
            )
        if self.output_size is not None and self.output == "linear":
            raise ConfigurationError("model.output_size is the deep output's: set model.output to 'tanh' or 'maxout'")
        if self.tied_embeddings != "none" and self.predicting_size != self.embedding_size:
            raise ConfigurationError(
                f"model.tied_embeddings = {self.tied_embeddings!r} projects {self.predicting_size} numbers with a "
                f"matrix of model.embedding_size = {self.embedding_size}; make them equal or tie 'none'"
            )

    def _check_sizes(self) -> None:
        sizes: dict[str, int | None] = {
            "embedding_size": self.embedding_size,
            "hidden_size": self.hidden_size,
            "encoder_hidden_size": self.encoder_hidden_size,
            "output_size": self.output_size,
        }
        for name in ("size", "half_width", "max_source_length"):
            sizes[f"attention.{name}"] = getattr(self.attention, name, None)
        layers = {"num_encoder_layers": self.num_encoder_layers, "num_decoder_layers": self.num_decoder_layers}
        check_sizes({f"model.{name}": size for name, size in sizes.items()})
        check_sizes({f"model.{name}": count for name, count in layers.items()}, most=MOST_LAYERS)
        if not 0 <= self.dropout < 1:
            raise ConfigurationError(f"model.dropout = {self.dropout}: it must be at least 0 and below 1")

    def _check_luong(self, attention: LuongAttentionConfig) -> None:
        fixed = {
            "context_in_state": (self.context_in_state, True),
            "context_in_output": (self.context_in_output, True),
            "output": (self.output, "tanh"),
            "output_reads": (self.output_reads, "current"),
        }
        if wrong := {key: wanted for key, (value, wanted) in fixed.items() if value != wanted}:
            raise ConfigurationError(
                "model.attention.kind = 'luong' settles by itself how the context reaches states and outputs "
                "(h̃ₜ = tanh(W_c [cₜ; hₜ]), fed back with attention.input_feeding): leave out "
                + " and ".join(f"model.{key} or set it to {_toml(wanted)}" for key, wanted in wrong.items())
            )
        if attention.score == "dot" and self.annotation_size != self.hidden_size:
            fitting = f"encoder_hidden_size to {self.hidden_size // (2 if self.bidirectional else 1)}"
            if self.bidirectional and self.hidden_size % 2:
                fitting = "hidden_size to an even number and encoder_hidden_size to half of it"
            raise ConfigurationError(
                f"model.attention.score = 'dot' multiplies states of model.hidden_size = {self.hidden_size} numbers "
                f"with annotations of {self.annotation_size}: set model.{fitting}, or score to 'general'"
            )

    def _check_bridge(self) -> None:
        if self.bridge == "backward" and not self.bidirectional:
            raise ConfigurationError(
                "model.bridge = 'backward' reads the backward encoder: set model.bidirectional to true "
                "or bridge to 'final'"
            )
        if self.bridge == "summary" and self.attention != NoAttention():
            raise ConfigurationError(
                "model.bridge = 'summary' makes the one context of a model without attention: set model.attention.kind "
                "to 'none' or bridge to 'final'"
            )
        same = self.num_encoder_layers == self.num_decoder_layers and self.encoder_units == self.hidden_size
        if self.bridge == "copy" and (self.bidirectional or not same):
            raise ConfigurationError(
                "model.bridge = 'copy' needs an encoder of one direction with as many layers and units as the decoder; "
                "set bridge to 'final', which learns how to start"
            )


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
