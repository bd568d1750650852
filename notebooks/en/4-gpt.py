# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4 · GPT
#
# Take the Transformer's decoder (notebook 3) and leave the encoder out. What remains reads a text from left to right
# and predicts the next token: a **language model**. It needs no translations, no labels, only text; of that there is
# plenty. Radford et al. (2018) first trained it on much text (*pre-training*) and then on little data of a task
# (*fine-tuning*). With more layers and more text it became GPT-2, GPT-3 and what followed.
#
# In this notebook you will
#
# 1. train a small GPT on the Portuguese side of the built-in corpus;
# 2. compute its next-token probabilities by hand, layer by layer;
# 3. prove that it cannot look ahead, and measure how surprised it is by new text;
# 4. let it write: greedily, with more or less temperature, and fast.
#
# It needs no network. Training takes about two minutes on two cores the first time.

# %%
# %matplotlib inline
import os
from pathlib import Path

import torch

import atento
from atento.data.builtin.corpus import builtin_corpus, write_builtin
from atento.training.recipe import read_recipe
from atento.training.run import train

BUDGET = float(os.environ.get("ATENTO_NOTEBOOK_BUDGET", "1"))  # a fraction of the training: 0.01 for a quick look
RUNS = Path("runs")  # what was trained once is found here again

corpus = builtin_corpus(composed=round(6000 * BUDGET))
write_builtin(RUNS / "corpus", corpus)
print(len(corpus.train.pairs), "pairs, such as", corpus.train.pairs[0].source, "→", corpus.train.pairs[0].target)

# %%
import math

import numpy as np

from atento.data.text_dataset import open_texts
from atento.data.text_files import TextFiles
from atento.decoding.configuration import DecodingConfig
from atento.decoding.filters import apply_temperature
from atento.evaluation.language import evaluate_language
from atento.figures import heatmap
from atento.figures.attention import Attention
from atento.figures.charts import Interval
from atento.figures.dots import Panel, dots
from atento.models.gpt import nothing_to_read
from atento.nn.capture import capture

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notation
#
# | | course | Radford et al. 2018, 2019 | in the code below |
# |---|---|---|---|
# | tokens | $y_1 \ldots y_n$ | $u_1 \ldots u_n$ | `ids` |
# | what has been read | $y_{<t}$ | $u_{t-k}, \ldots, u_{t-1}$ | `inputs[:t]` |
# | decoder state | $h_t$ (Bahdanau's $s_i$) | $h_l$, of layer $l$ | a row of `hidden` |
# | encoder state | $s_k$ (Bahdanau's $h_j$): there is none here | | |
# | embeddings, positions | | $W_e$, $W_p$ | `E`, `P` |
# | scores of all tokens | $z_t$ | $h_n W_e^\top$ | `logits` |
#
# The source of each token is the text before it, so the conditional has no $X$ any more: $P(y_t \mid y_{<t})$.


# %%
def trained(name, recipe, files, settings, steps, minutes, start=None):
    """The run of this name, found again or trained; an interrupted one goes on."""
    steps = max(2, round(steps * BUDGET))
    run = RUNS / f"{name}-{steps}"
    if not (run / "bundle").exists():
        begun = (run / "recipe.toml").exists()
        budget = [f"training.steps={steps}", f"training.minutes={minutes}", f"training.validate_every={steps}"]
        chosen = read_recipe(recipe, train=files, start=start, overrides=[*settings, *budget])
        print(f"training {name}: {steps} steps, at most {minutes} minutes …")
        train(None if begun else chosen, run, resume=begun)
    return run


# %%
SMALL = [  # what is changed of the recipe `gpt-small`
    "data.documents=line",  # each sentence is a text of its own
    "tokenizer.vocab_size=1500",
    "model.model_size=96",
    "model.feed_forward_size=384",
    "model.num_layers=3",
    "model.max_positions=64",
    "model.dropout=0.1",
    "training.batch_tokens=2048",
    "training.learning_rate=3e-3",
    "training.warmup_steps=100",
    "training.precision=float32",
]
writer = atento.load_writer(trained("gpt", "gpt-small", [RUNS / "corpus" / "train.pt"], SMALL, steps=1200, minutes=2.5))
print(writer.write("A minha avó", max_tokens=30).text)

# %% [markdown]
# ## The next token, by hand
#
# The chain rule takes a text apart as it did a translation, only without a source. (Here, too, the slides'
# $p(y_t, y_{<t}, X)$ is meant as a conditional.)
#
# $$P(y_1 \ldots y_n) = \prod_{t=1}^{n} P(y_t \mid y_{<t})$$
#
# GPT-2's layer is the Transformer's of notebook 3 without cross-attention, with the mask. Three things differ:
# positions have learned vectors; embeddings are not multiplied by $\sqrt d$, since there are no waves to drown them;
# and the feed-forward network has, in the place of ReLU, GELU, which lets a little through below zero, too:
#
# $$X = E[x] + P[pos] \qquad \mathrm{GELU}(x) \approx \frac{x}{2}\left(1 + \tanh\!\left(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\right)\right)$$
# $$X' = X + \mathrm{MaskedMultiHead}(\mathrm{LayerNorm}(X)) \qquad X'' = X' + \mathrm{GELU}(\mathrm{LayerNorm}(X')\, W_1 + b_1)\, W_2 + b_2$$
#
# After the last layer comes a last normalisation, and the same matrix $E$ turns vectors back into scores of tokens
# (*tied embeddings*):
#
# $$h_t = \mathrm{LayerNorm}(X''_t) \qquad P(\cdot \mid y_{\le t}) = \mathrm{softmax}(h_t\, E^\top)$$

# %%
tokenizer, vocabulary, decoder = writer.bundle.tokenizer, writer.bundle.vocabulary, writer.bundle.model.decoder
E, P = decoder.embedding.tokens.weight, decoder.embedding.positions.weight
H = decoder.config.num_heads


def normalise(norm, X):
    """LayerNorm, each row on its own."""
    centred = X - X.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def masked_multi_head(attention, X):
    """Each position looks at itself and at what stands before it."""
    Q, K, V = (X @ attention.input.weight.T + attention.input.bias).view(len(X), 3, H, -1).permute(1, 2, 0, 3)
    future = torch.full((len(X), len(X)), -torch.inf).triu(1)
    weights = (Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1]) + future).softmax(-1)
    return (weights @ V).transpose(0, 1).flatten(1) @ attention.output.weight.T + attention.output.bias


def gelu(x):
    """GELU, by tanh."""
    return x / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gpt(ids):
    """The scores of the next token after each of `ids`."""
    X = E[ids] + P[: len(ids)]
    for layer in decoder.layers:
        X = X + masked_multi_head(layer.self_attention, normalise(layer.self_residual.norm, X))
        inner = gelu(
            normalise(layer.feed_forward_residual.norm, X) @ layer.feed_forward.input.weight.T
            + layer.feed_forward.input.bias
        )
        X = X + inner @ layer.feed_forward.output.weight.T + layer.feed_forward.output.bias
    return normalise(decoder.norm, X) @ E.T


def library_gpt(ids):
    """The same by the library."""
    memory = decoder.prepare(nothing_to_read(1))
    with torch.inference_mode():
        hidden, _ = decoder(ids.unsqueeze(0), memory, decoder.start(memory))
        return decoder.logits(hidden)[0]


ids = torch.tensor(tokenizer.encode(SENTENCE).ids)
inputs = torch.tensor([vocabulary.decoder_start, *ids])
logits = gpt(inputs)
assert torch.allclose(logits, library_gpt(inputs), atol=1e-3)

# %% [markdown]
# The distribution after some words, its most probable tokens first:

# %%
prompt = "A menina"
probabilities = gpt(torch.tensor([vocabulary.decoder_start, *tokenizer.encode(prompt).ids]))[-1].softmax(-1)
values, choices = probabilities.topk(10)

greedy = writer.write(prompt, max_tokens=1, decoding=DecodingConfig(beam_size=1)).continuations[0]
assert math.isclose(greedy.log_probabilities[0], probabilities[greedy.ids[0]].log(), abs_tol=1e-3)
dots(
    [tokenizer.label(int(token)) for token in choices],
    [Panel(f"P( · | {prompt})", tuple(Interval(float(value)) for value in values), text="{:.3f}".format)],
)

# %% [markdown]
# ## It cannot look ahead
#
# Change the last token of a text, and nothing before it changes. Without the mask, training would be pointless: the
# model would copy the answer.

# %%
changed = inputs.clone()
changed[-1] = vocabulary.unk
assert torch.allclose(library_gpt(inputs)[:-1], library_gpt(changed)[:-1], atol=1e-4)
assert not torch.allclose(library_gpt(inputs)[-1], library_gpt(changed)[-1], atol=1e-4)

memory = decoder.prepare(nothing_to_read(1))
with torch.inference_mode(), capture(decoder, kinds=["weights"]) as trace:
    decoder(inputs.unsqueeze(0), memory, decoder.start(memory))
weights = np.stack([layer[0].numpy() for layer in trace.layers("weights", "decoder")])  # [layers, heads, n, n]
tokens = tokenizer.encode(SENTENCE)
record = Attention(
    source=(),
    target=tuple(tokenizer.label(int(token)) for token in inputs),
    source_text="",
    target_text=SENTENCE,
    source_spans=(),
    target_spans=(None, *tokens.spans),
    weights={"decoder": weights},
    rows="input",
)
heatmap.grid(record, role="decoder")

# %% [markdown]
# ## Training, and how surprised the model is
#
# Thanks to the mask one pass over a text trains *all* positions at once: each predicts its next token. The loss is the
# mean surprise in nats, and **perplexity** its exponential. A perplexity of 20 means: as unsure as if 20 tokens were
# equally likely at each place.
#
# $$L = -\frac{1}{n} \sum_{t=1}^{n} \log P(y_t \mid y_{<t}) \qquad PP = e^{L} \qquad b = \frac{n\,L}{B \ln 2}$$
#
# Perplexity depends on how the text is cut into tokens; bits per byte $b$, with $B$ for the bytes of the text, do not
# (notebook 6). On sentences that the model never saw, by hand and by the library:

# %%
unseen = [pair.source for pair in corpus.test.handwritten[:40]]
(RUNS / "unseen.pt").write_text("".join(f"{text}\n" for text in unseen), encoding="utf-8")

nats, count = 0.0, 0
for text in unseen:
    ids = torch.tensor(tokenizer.encode(text).ids)
    labels = torch.tensor([*ids, vocabulary.eos])  # the end is predicted, too
    log_probabilities = gpt(torch.tensor([vocabulary.decoder_start, *ids])).log_softmax(-1)
    nats -= log_probabilities[torch.arange(len(labels)), labels].sum().item()
    count += len(labels)

dataset = open_texts([TextFiles(text=str(RUNS / "unseen.pt"))], "line", tokenizer)
report = evaluate_language(writer.bundle, dataset, words=1)
assert count == report.tokens
assert math.isclose(nats, report.nats, rel_tol=1e-3)
size = sum(len(text.encode()) for text in unseen)  # B
bits_per_byte = nats / (size * math.log(2))  # nats = n L
assert math.isclose(bits_per_byte, report.bits_per_byte, rel_tol=1e-3)
print(f"L = {nats / count:.3f} nats, PP = {math.exp(nats / count):.1f}, b = {bits_per_byte:.3f}")
print("a model that knows nothing: PP =", vocabulary.target_size)

# %% [markdown]
# ## Writing
#
# Greedy search takes the most probable token each time. It is safe and dull. **Sampling** draws from the distribution;
# the *temperature* $T$ sharpens or flattens it first:
#
# $$P_T(y) = \frac{\exp(z_y / T)}{\sum_{y'} \exp(z_{y'} / T)}$$
#
# $T \to 0$ is greedy, $T = 1$ the model's own distribution, $T \to \infty$ draws blindly. `top_p = 0.9` cuts off the
# improbable tail: it keeps the fewest tokens that have 90 % of the probability together.

# %%
z = gpt(torch.tensor([vocabulary.decoder_start, *tokenizer.encode(prompt).ids]))[-1:]
for temperature in (0.3, 1.0, 2.0):
    by_hand = (z / temperature).exp() / (z / temperature).exp().sum()
    assert torch.allclose(by_hand, apply_temperature(z, temperature).softmax(-1), atol=1e-5)
    written = writer.write(prompt, max_tokens=25, sampling=True, temperature=temperature, top_p=1.0, samples=2, seed=1)
    print(f"T = {temperature}: {by_hand.max():.2f} at most")
    for continuation in written.continuations:
        print("   ", prompt + continuation.text)

# %% [markdown]
# ### The cache
#
# To write token $n + 1$, the model needs keys and values of all tokens before. They never change (the mask!), so they
# are computed once and kept. Without that cache, $n$ tokens would cost $1 + 2 + \ldots + n$ positions instead of $n$:
#
# $$\sum_{t=1}^{n} t = \frac{n(n+1)}{2}$$
#
# The decoder's state *is* the cache. One token at a time gives what all at once gives, and so does reading the whole
# text anew for each token. Here we count how many positions each of these two ways costs:

# %%
state, steps, cached = decoder.start(memory), [], 0
with torch.inference_mode():
    for token in inputs:
        hidden, state = decoder(token.view(1, 1), memory, state)
        steps.append(decoder.logits(hidden)[0, 0])
        cached += hidden.shape[1]
assert torch.allclose(torch.stack(steps), logits, atol=1e-3)

n, anew = len(inputs), 0
for t in range(1, n + 1):
    rows = library_gpt(inputs[:t])  # without the cache: all of the text, for its last row
    assert torch.allclose(rows[-1], steps[t - 1], atol=1e-3)
    anew += len(rows)
assert (cached, anew) == (n, n * (n + 1) // 2)
print(f"{n} tokens: {cached} positions with the cache, {anew} without")

# %% [markdown]
# ## From pre-training to a task
#
# A model that predicts the next word has to know much: agreement, word order, what girls do and what trains do. GPT-1's
# idea is to use that: put one linear layer on the vector of the last token and go on training with a few labelled
# examples. Notebook 5 does this with BERT; for this model it is
#
# ```
# atento train classify --train labelled.tsv --from runs/gpt-1200 -o runs/gpt-classes
# ```
#
# ## Quiz
#
# **GPT has no encoder. How could it translate?**
#
# <details><summary>Answer</summary>
#
# Put source and translation into one text, `source = translation`, and train on such texts; then let it go on after
# `source =`. Masked self-attention over the source's tokens does the work of cross-attention (Liu et al. 2018; GPT-2
# and 3 do it without further training, given a few examples).
#
# </details>
#
# **Training computes all positions at once. Why can writing not?**
#
# <details><summary>Answer</summary>
#
# In training the text is known. In writing, the input of position $t + 1$ is the output of position $t$: each token
# must be there before the next one can be computed. That is why generation is slow, whatever the hardware.
#
# </details>
#
# ## Exercises
#
# 1. (easy) Let the model go on after *Onde fica*, *Meu irmão* and a word that it does not know. Which mistakes are of
#    grammar, which of sense?
# 2. (easy) Compare `top_p=0.5` and `top_p=0.95` at `temperature=1.5`. What does each cut off?
# 3. (medium) Compute $P$ of the sentence as it is and with its words shuffled. How many nats is order worth?
# 4. (medium) In `masked_multi_head`, leave out `future`. Which assertion fails, and what would training with such a
#    model teach it?
# 5. (hard) Train with `model.position=rotary`, `model.norm=rms`, `model.activation=swiglu`, `model.bias=false` (the
#    choices of LLaMA), equally long, and compare bits per byte with three seeds each.
# 6. (hard) Measure milliseconds per token with the cache and with `library_gpt` on the whole text at each step, for
#    texts of 8 to 60 tokens. At what length does the cache begin to pay?
