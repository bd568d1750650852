"""The equations that frames name, as plain formulas; a page sets them in type.

``E`` is an embedding matrix, ``∘`` the product of each pair of components, ``σ`` the logistic function, ``[a; b]`` one
vector after the other, ``→`` and ``←`` the two directions of an encoder. In a decoder whose state a context drives,
``W x`` has ``C c`` added to it, with input feeding ``F h̃₍t₋₁₎`` (``recurrent.context``, ``luong.feeding``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EQUATIONS: Final[Mapping[str, str]] = {
    # recurrent layers (nn/recurrent/cells.py)
    "recurrent.embedding": "xₜ = E[wordₜ]",
    "rnn.state": "hₜ = tanh(W xₜ + b + U h₍t₋₁₎)",
    "gru.reset": "r = σ(W_r xₜ + b_r + U_r h₍t₋₁₎)",
    "gru.update": "z = σ(W_z xₜ + b_z + U_z h₍t₋₁₎)",
    "gru.candidate": "n = tanh(W_n xₜ + b_n + r ∘ (U_n h₍t₋₁₎ + b′))",
    "gru.state": "hₜ = z ∘ h₍t₋₁₎ + (1 − z) ∘ n",
    "lstm.input": "i = σ(W_i xₜ + b_i + U_i h₍t₋₁₎)",
    "lstm.forget": "f = σ(W_f xₜ + b_f + U_f h₍t₋₁₎)",
    "lstm.candidate": "g = tanh(W_g xₜ + b_g + U_g h₍t₋₁₎)",
    "lstm.output": "o = σ(W_o xₜ + b_o + U_o h₍t₋₁₎)",
    "lstm.cell": "cₜ = f ∘ c₍t₋₁₎ + i ∘ g",
    "lstm.state": "hₜ = o ∘ tanh(cₜ)",
    "recurrent.context": "W xₜ + C c: the context drives the state",
    "recurrent.annotation": "hⱼ = [→hⱼ; ←hⱼ]",
    # from the encoder to the decoder (models/recurrent/bridge.py)
    "context.last": "c = [→hₙ; ←h₁] of the last layer",
    "context.summary": "c = tanh(V h + b), h = [→hₙ; ←h₁] of the last layer (Cho et al. 2014)",
    "bridge.copy": "h₀ᵈ = hₙ, an LSTM's cell likewise (Sutskever et al. 2014)",
    "bridge.final": "h₀ᵈ = tanh(W [→hₙ; ←h₁] + b)",
    "bridge.backward": "s₀ = tanh(W_s ←h₁ + b) (Bahdanau et al. 2015)",
    "bridge.summary": "h₀ᵈ = tanh(V′ c + b) (Cho et al. 2014)",
    "bridge.cell": "an LSTM's cell: the same of the cells with a matrix of its own, without the tanh",
    # attention of recurrent decoders (nn/recurrent/equations.py, nn/luong.py)
    "bahdanau.query": "W s₍t₋₁₎",
    "bahdanau.key": "U hⱼ + b",
    "bahdanau.score": "eₜⱼ = vᵀ tanh(W s₍t₋₁₎ + U hⱼ + b)",
    "luong.query": "hₜ",
    "luong.query.concat": "W_q hₜ, the half of W_a that reads hₜ",
    "luong.key.dot": "h̄ₛ",
    "luong.key.general": "W_a h̄ₛ",
    "luong.key.concat": "W_k h̄ₛ, the half of W_a that reads h̄ₛ",
    "luong.score.location": "eₜₛ = (W_a hₜ)ₛ, s in the order of reading",
    "luong.score.dot": "eₜₛ = hₜᵀ h̄ₛ",
    "luong.score.general": "eₜₛ = hₜᵀ W_a h̄ₛ",
    "luong.score.concat": "eₜₛ = vᵀ tanh(W_a [hₜ; h̄ₛ])",
    "luong.centre.local-m": "pₜ = t, and only s in [pₜ − D, pₜ + D], in the order of reading",
    "luong.centre.local-p": "pₜ = S · σ(v_pᵀ tanh(W_p hₜ)), and only s in [pₜ − D, pₜ + D], in the order of reading",
    "luong.gaussian": "aₜₛ = αₜₛ · exp(−(s − pₜ)² / 2σ²), σ = D / 2",
    "luong.feeding": "W xₜ + F h̃₍t₋₁₎: input feeding",
    "luong.attentional": "h̃ₜ = tanh(W_c [cₜ; hₜ])",
    "attention.softmax": "αₜⱼ = exp(eₜⱼ) / Σₖ exp(eₜₖ)",
    "attention.context": "cₜ = Σⱼ αₜⱼ hⱼ",
    # what predicts a word (models/recurrent/output.py)
    "output.state": "zₜ = hₜ",
    "output.linear": "zₜ = [E[y₍t₋₁₎]; hₜ; c]",
    "output.tanh": "zₜ = tanh(U_o s + V_o E[y₍t₋₁₎] + C_o c + b)",
    "output.maxout": "zₜ = the greater of each pair of components of U_o s + V_o E[y₍t₋₁₎] + C_o c + b",
    "predict": "P(yₜ ∣ y₍<t₎, X) = softmax(W_o zₜ + b_o)",
    # the Transformer (nn/multi_head.py, nn/feed_forward.py, models/transformer)
    "embedding": "E[word]",
    "embedding.scale": "√D · E[word]",
    "position.sinusoidal.interleaved": "PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i+1) = cos(pos / 10000^(2i/D))",
    "position.sinusoidal.halves": "PE(pos, i) = sin(pos / 10000^(2i/D)), PE(pos, i + D/2) = cos(pos / 10000^(2i/D))",
    "position.learned": "P[pos]",
    "position.rotary": "angle(pos, i) = pos / 10000^(2i/d_k)",
    "position.sum": "x = embedding + position",
    "bert.type": "x = embedding + position + T[0], the first text of a pair",
    "query": "q = W_Q x + b_Q",
    "keys": "K = X W_Kᵀ + b_K",
    "values": "V = X W_Vᵀ + b_V",
    "turn": "(q_i, q_{i+d_k/2}) turned by angle(pos, i), keys likewise",
    "score": "q kⱼᵀ",
    "divide": "q kⱼᵀ / √d_k",
    "mask": "only tokens that are not later",
    "softmax": "αⱼ = exp(eⱼ) / Σₖ exp(eₖ)",
    "head": "headᵢ = Σⱼ αⱼ vⱼ",
    "heads": "[head₁; …; head_H]",
    "attention.output": "[head₁; …; head_H] W_Oᵀ + b_O",
    "self_attention": "softmax(QKᵀ / √d_k) V of each head, [head₁; …; head_H] W_Oᵀ + b_O",
    "cross_attention": "the same with Q of the target, K and V of the source",
    "residual": "x + sublayer",
    "norm.layer": "g ∘ (x − mean) / √(variance + ε) + b",
    "norm.rms": "g ∘ x / √(mean of squares + ε)",
    "feed_forward.relu": "max(0, W₁ x + b₁)",
    "feed_forward.gelu": "a Φ(a), a = W₁ x + b₁, Φ the standard normal distribution",
    "feed_forward.gelu-tanh": "½ a (1 + tanh(√(2/π) (a + 0.044715 a³))), a = W₁ x + b₁",
    "feed_forward.silu": "a σ(a), a = W₁ x + b₁",
    "feed_forward.swiglu": "g σ(g) ∘ a, g = W_g x + b_g, a = W₁ x + b₁",
    "feed_forward.output": "W₂ hidden + b₂",
}
"""Name → formula."""
