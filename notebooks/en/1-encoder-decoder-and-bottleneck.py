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
# # 1 · Encoder–decoder and bottleneck
#
# > E a vida o que é, diga lá, meu irmão? → ¿Y la vida, qué es? Dime tú, hermano.
#
# The translation has neither as many words as the source nor the same order. So a network that turns each word into a
# word will not do. The idea of 2014 (Sutskever et al.; Cho et al.): one network, the **encoder**, reads the whole
# source and builds a representation of it; another one, the **decoder**, writes the translation from that, one token at
# a time.
#
# In this notebook you will
#
# 1. write a translator's probability as a product, and see that it needs conditional probabilities;
# 2. build the smallest encoder–decoder by hand, and get the numbers of the library's model;
# 3. see how the encoder learns although nobody tells it what to say;
# 4. train a translator whose source passes through **one vector**, and watch that bottleneck fail on long sentences.
#
# It needs no network. Training takes three to four minutes on two cores the first time.

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
from dataclasses import replace

import msgspec
from torch.nn import functional

from atento.bundle import vocabulary_of
from atento.evaluation.by_length import merged_bounds, quality_by_length
from atento.evaluation.configuration import MetricsConfig
from atento.evaluation.metrics import Scorer
from atento.figures.charts import Interval
from atento.figures.lines import Counts, Scales, Series, lines
from atento.models.build import build_model
from atento.models.recurrent import NoAttention, RecurrentConfig
from atento.nn.capture import capture
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer
from atento.text.words import words_of

SENTENCE, TRANSLATION = "E a vida o que é, diga lá, meu irmão?", "¿Y la vida, qué es? Dime tú, hermano."

# %% [markdown]
# ## Notation
#
# | | course | Sutskever et al. 2014 | Cho et al. 2014 | Bahdanau et al. 2015 | in the code below |
# |---|---|---|---|---|---|
# | source | $X = x_1 \ldots x_n$ | $x_1 \ldots x_T$ | $x_1 \ldots x_T$ | $x_1 \ldots x_{T_x}$ | `source` |
# | encoder state | $h^e_k$, later $s_k$ | $h_t$ | $h_{\langle t \rangle}$ | $h_j$ | `encoder_states` |
# | the source in one vector | $c = h^e_n$ | $v$ | $c$ | $c$ | `c` |
# | decoder state | $h^d_t$, later $h_t$ | $h_t$ | $h_{\langle t \rangle}$ | $s_i$ | `decoder_states` |
# | previous word | $\hat y_{t-1}$ | $y_{t-1}$ | $y_{t-1}$ | $y_{i-1}$ | `inputs` |
# | scores of all words | $z_t = f(h^d_t)$ | | | | `z` |
#
# The course's $h_t$ is Bahdanau's $s_i$, and the course's $s_k$ is Bahdanau's $h_j$: do not mix them up.

# %% [markdown]
# ## A translation's probability
#
# A translator gives every possible translation $Y = y_1 \ldots y_m$ of a source $X$ a probability. The chain rule takes
# it apart without any approximation:
#
# $$P(y_1 \ldots y_m \mid X) = \prod_{t=1}^{m} P(y_t \mid y_{<t}, X)$$
#
# Each factor is the probability of *the next token*, given the source and the tokens so far. That is all that the
# decoder has to compute, and it is why it can write one token at a time. (The course's slides print $p(y_t, y_{<t}, X)$
# for the factors. That would be the probability of all of it *together*, a joint one; the conditional probability is
# meant.)
#
# The last token is always `</s>`, the end: so the model also says how long the translation is.
#
# To compute something, we need tokens. Here, whole words; notebook 6 has better ideas.

# %%
texts = [side for pair in corpus.train.handwritten for side in (pair.source, pair.target)]
tokenizer = train_tokenizer(texts, TokenizerConfig(kind="word", vocab_size=2000))
vocabulary = vocabulary_of(tokenizer, tokenizer)

source = torch.tensor([[*tokenizer.encode(SENTENCE).ids, vocabulary.eos]])
target = torch.tensor([[*tokenizer.encode(TRANSLATION).ids, vocabulary.eos]])
inputs = torch.tensor([[vocabulary.decoder_start, *target[0, :-1]]])  # ŷ_{t-1}: the target, one place later
everything = torch.ones_like(source, dtype=torch.bool)  # no padding
for step in range(4):
    print(
        f"t = {step + 1}: the decoder reads {tokenizer.label(inputs[0, step]):>6}, is to write {tokenizer.label(target[0, step])}"
    )

# %% [markdown]
# ## The smallest encoder–decoder
#
# The encoder is a recurrent network: it reads one embedding $E^e x_k$ after another and changes its state.
#
# $$h^e_k = \tanh(W^e E^e x_k + U^e h^e_{k-1} + b^e), \qquad h^e_0 = 0$$
#
# Its last state has seen everything. That one vector is all that the decoder gets:
#
# $$c = h^e_n \qquad h^d_0 = c$$
#
# The decoder is such a network, too. It reads the previous word, changes its state
# $h^d_t = g(\hat y_{t-1}, h^d_{t-1})$, and from that state scores all words of the vocabulary:
#
# $$h^d_t = \tanh(W^d E^d \hat y_{t-1} + U^d h^d_{t-1} + b^d) \qquad z_t = W_o h^d_t + b_o \qquad y_t = \mathrm{softmax}(z_t)$$
#
# Below is the library's model of that kind, with random weights and 16 units, and then these equations in plain
# PyTorch, with the same weights.

# %%
SMALLEST = RecurrentConfig(
    cell="rnn",
    embedding_size=8,
    hidden_size=16,
    bidirectional=False,
    attention=NoAttention(),
    context_in_state=False,
    context_in_output=False,
    bridge="copy",
    output="linear",
    tied_embeddings="none",
    dropout=0.0,
)
model = build_model(SMALLEST, vocabulary, seed=1)
encoder, decoder = model.encoder, model.decoder


def rnn(layer, vectors, state, constant=0.0):
    """h = tanh(W x + U h + b), for one vector after another."""
    states = []
    for vector in vectors:
        state = torch.tanh(layer.weight_input @ vector + layer.weight_hidden @ state + layer.bias + constant)
        states.append(state)
    return torch.stack(states)


with torch.no_grad():
    encoder_states = rnn(encoder.layers[0].directions[0], encoder.embedding.weight[source[0]], torch.zeros(16))
    c = encoder_states[-1]
    decoder_states = rnn(decoder.layers[0], decoder.embedding.weight[inputs[0]], c)
    z = decoder_states @ decoder.output.weight.T + decoder.output.bias
    y = z.softmax(-1)

with torch.no_grad(), capture(model, kinds=["hidden"]) as trace:
    encoding = encoder(source, everything)
    memory = decoder.prepare(encoding)
    hidden, _ = decoder(inputs, memory, decoder.start(memory))
assert torch.allclose(encoder_states, trace.layers("hidden", "encoder")[0][0], atol=1e-6)
assert torch.allclose(c, encoding.final.hidden[-1, 0, 0], atol=1e-6)
assert torch.allclose(decoder_states, trace.layers("hidden", "decoder")[0][0], atol=1e-6)
assert torch.allclose(z, decoder.logits(hidden)[0], atol=1e-5)
print("c:", tuple(c.shape), " y:", tuple(y.shape))

# %% [markdown]
# ### One token at a time
#
# In training all $\hat y_{t-1}$ are known, so one call makes all steps (*teacher forcing*). In use the decoder reads
# what it wrote itself: it is **autoregressive**. The state that goes from call to call is all that it remembers, and
# both ways give the same.

# %%
state, steps = decoder.start(memory), []
with torch.no_grad():
    for token in inputs[0]:
        step, state = decoder(token.view(1, 1), memory, state)
        steps.append(step)
assert torch.allclose(torch.cat(steps, dim=1), hidden, atol=1e-6)

# %% [markdown]
# ### Where the context may come in
#
# So far $c$ is only where the decoder *begins*; it may fade while the state changes. There are two cures, and the
# library has a key for each:
#
# - `context_in_output`, the course's second form: every output reads $c$ (and the previous word) as well;
# - `context_in_state` (Cho et al. 2014, section 2.2): every state does, $h_t = f(h_{t-1}, y_{t-1}, c)$.
#
# $$h^d_t = \tanh(W^d E^d \hat y_{t-1} + U^d h^d_{t-1} + C c + b^d) \qquad y_t = \mathrm{softmax}(W [\hat y_{t-1};\ h^d_t;\ c])$$
#
# (The course writes $y_t = \mathrm{softmax}(W[\hat y_{t-1}; z_t; c])$; its $z_t$, a function of $h^d_t$, is here the
# state itself.)

# %%
both = build_model(msgspec.structs.replace(SMALLEST, context_in_state=True, context_in_output=True), vocabulary, seed=1)
with torch.no_grad():
    encoding = both.encoder(source, everything)
    memory = both.decoder.prepare(encoding)
    logits = both.decoder.logits(both.decoder(inputs, memory, both.decoder.start(memory))[0])[0]

c = encoding.final.hidden[-1, 0, 0]
words = both.decoder.embedding.weight[inputs[0]]
states = rnn(both.decoder.layers[0], words, c, constant=both.decoder.weight_context @ c)
z = torch.cat([words, states, c.expand(len(words), -1)], dim=-1)  # [ŷ_{t-1}; h_t; c]
assert torch.allclose(z @ both.decoder.output.weight.T + both.decoder.output.bias, logits, atol=1e-5)

# %% [markdown]
# ## How the encoder learns
#
# Training makes the right translations probable: it minimises
#
# $$L = -\frac{1}{m} \log P(Y \mid X) = -\frac{1}{m} \sum_{t=1}^{m} \log P(y_t \mid y_{<t}, X)$$
#
# This loss stands at the *decoder's* output. The encoder has none of its own; nobody says what $c$ should be. Yet $L$
# is a function of the encoder's weights, through $c$ and every decoder state. So the chain rule of calculus carries the
# error back:
#
# $$\frac{\partial L}{\partial W^e} = \sum_{k=1}^{n} \frac{\partial L}{\partial c}\, \frac{\partial c}{\partial h^e_k}\, \frac{\partial h^e_k}{\partial W^e}$$
#
# where the last factor takes $h^e_{k-1}$ as given. Three checks: the loss follows from the product above; the encoder's
# gradient says what moving one weight a little really does to the loss; and if the path through $c$ is cut, there is no
# gradient at all.

# %%
model = model.double()  # for the small differences below


def loss_of(cut=False):
    """L of our sentence pair; `cut` lets no error through c."""
    encoding = model.encoder(source, everything)
    if cut:
        encoding = replace(encoding, final=replace(encoding.final, hidden=encoding.final.hidden.detach()))
    memory = model.decoder.prepare(encoding)
    hidden, _ = model.decoder(inputs, memory, model.decoder.start(memory))
    return functional.cross_entropy(model.decoder.logits(hidden)[0], target[0])


loss = loss_of()
probabilities = y.double()[torch.arange(target.shape[1]), target[0]]  # P(y_t | y_{<t}, X)
assert torch.allclose(loss, -probabilities.log().mean(), atol=1e-5)

weight = model.encoder.layers[0].directions[0].weight_input  # W^e
[gradient] = torch.autograd.grad(loss, [weight])
with torch.no_grad():
    weight[3, 5] += 1e-4
    above = loss_of()
    weight[3, 5] -= 2e-4
    below = loss_of()
    weight[3, 5] += 1e-4
assert torch.allclose(gradient[3, 5], (above - below) / 2e-4, atol=1e-8)

[nothing] = torch.autograd.grad(loss_of(cut=True), [weight], allow_unused=True)
assert nothing is None
print(f"L = {loss.item():.3f} and ‖∂L/∂W^e‖ = {gradient.norm().item():.4f}; with the path cut: {nothing}")

# %% [markdown]
# ## A translator, trained
#
# Two models with the same GRU layers, the same data and equally many steps. One has the vector $c$ alone; the other has
# attention (notebook 2), which may look at all encoder states again.


# %%
def trained(name, recipe, settings, steps, minutes):
    """The run of this name, found again or trained; an interrupted one goes on."""
    steps = max(2, round(steps * BUDGET))
    run = RUNS / f"{name}-{steps}"
    if not (run / "bundle").exists():
        begun = (run / "recipe.toml").exists()
        chosen = read_recipe(
            recipe,
            train=[RUNS / "corpus" / "train.pt", RUNS / "corpus" / "train.es"],
            overrides=[
                *settings,
                f"training.steps={steps}",
                f"training.minutes={minutes}",
                f"training.validate_every={steps}",
                f"training.validation_sentences={round(100 * BUDGET)}",
            ],
        )
        print(f"training {name}: {steps} steps, at most {minutes} minutes …")
        train(None if begun else chosen, run, resume=begun)
    return run


# %%
SMALL = [  # what is changed of the recipe `demo`
    "tokenizer.vocab_size=2000",
    "model.cell=gru",
    "model.embedding_size=64",
    "model.hidden_size=128",
    "model.encoder_hidden_size=64",
    "training.precision=float32",
]
plain = atento.load(trained("plain", "demo", [*SMALL, "model.attention.kind=none"], steps=2400, minutes=1.7))
attentive = atento.load(
    trained("attention", "demo", [*SMALL, "model.bridge=backward", "model.attention.size=64"], steps=2400, minutes=1.7)
)
for translator in (plain, attentive):
    print(translator.translate(SENTENCE).text)  # the corpus has patterns like it, so both may get it right

# %% [markdown]
# ## The bottleneck
#
# However long the source, $c$ has the same size: here twice 64 numbers, one 64 for each direction.

# %%
longest = max((pair.source for pair in corpus.test.handwritten), key=len)
for text in ("Olá!", SENTENCE, longest):
    ids = torch.tensor([[*plain.bundle.source_tokenizer.encode(text).ids, plain.bundle.vocabulary.eos]])
    with torch.no_grad():
        final = plain.bundle.model.encoder(ids, torch.ones_like(ids, dtype=torch.bool)).final
    print(f"{ids.shape[1]:>3} tokens → {final.hidden[-1].numel()} numbers")
for pair in corpus.test.pairs[-4:]:
    print("\n" + pair.source)
    for name, translator in {"c": plain, "α": attentive}.items():
        print(f"  {name} →", translator.translate(pair.source).text)

# %% [markdown]
# What is lost? Compare the lines marked c with those marked α. The one vector keeps the gist: a statement or a
# question, about people, with a second clause after a comma. But *which* person did *what* is often made up, and the
# more there is to keep, the more is made up.
#
# Cho et al. (2014b) and Bahdanau et al. (2015, figure 2) measured quality by the length of the source. We do the same
# on sentences that training never saw, all composed by one grammar, so that length is nearly their only difference. The
# score is chrF (0 to 100, higher is better): it counts the pieces of words that agree with the reference.

# %%
pairs = corpus.test.composed if BUDGET >= 1 else corpus.test.handwritten[:8]
sources, references = [pair.source for pair in pairs], [pair.target for pair in pairs]
scorer = Scorer([references], MetricsConfig(metrics=("chrf",), resamples=0))
bounds = merged_bounds(
    [len(words_of(text)) for text in sources], (1, 7, 9, 11, 13, 17, 30), smallest=min(20, len(pairs))
)


def by_length(translator):
    """chrF of the sentences of each range of lengths."""
    translations = [each.text for each in translator.translate(sources, beam_size=1)]
    return quality_by_length(scorer.statistics(translations), sources, bounds=bounds).bins


bins = {"attentive": by_length(attentive), "plain": by_length(plain)}
means = tuple(each.source_words / each.sentences for each in bins["plain"])
curves = {name: tuple(Interval(each.scores["chrf"]) for each in found) for name, found in bins.items()}
lines(
    [Series("with attention", means, curves["attentive"]), Series("one vector", means, curves["plain"])],
    Scales(x="words of the source", y="chrF"),
    Counts("sentences", means, tuple(each.sentences for each in bins["plain"])),
)

# %% [markdown]
# Look at the *gap* between the lines, which grows with length, rather than at their height: long sentences of this
# grammar repeat its patterns, and so are not harder in themselves. Our models are tiny and were trained for minutes;
# the one-vector model would still get better. The study `bottleneck` of this library does it properly, with several
# seeds and a verdict: `atento study bottleneck --small`.
#
# ## Quiz
#
# **How are the encoder's weights learned?**
#
# <details><summary>Answer</summary>
#
# From the loss at the decoder's end. There is no other: the error of every predicted word flows back through the
# decoder's states into $c$ and from there through the encoder's states into its weights (backpropagation through time),
# and both parts are trained together. In the code above the gradient vanishes as soon as the path through $c$ is cut.
#
# </details>
#
# **Sutskever et al. read the source backwards and got better. Why might that help, although the mean distance between a
# word and its translation stays the same?**
#
# <details><summary>Answer</summary>
#
# The *first* words of source and target come close together, so there are many short paths along which the error flows
# back well. Once the beginning of a translation is right, the rest is easier. With attention every distance is one
# step, and the trick loses its point.
#
# </details>
#
# ## Exercises
#
# 1. (easy) Translate five sentences of your own, short and long, with both models. Which kinds of error does each make?
# 2. (easy) In `rnn`, leave out `layer.weight_hidden @ state`. What can $c$ still know of the sentence? Which assertion
#    fails first?
# 3. (medium) Train `plain` with `model.reverse_source=true` and `model.bidirectional=false`. Does it help, as in
#    Sutskever et al.?
# 4. (medium) Train `plain` with `model.context_in_state=false` and `model.context_in_output=false` (and
#    `model.output=linear`, `model.tied_embeddings=none`). On which lengths does the difference show?
# 5. (hard) Plot $\lVert \partial L / \partial h^e_k \rVert$ over $k$ for the tanh network and for a GRU, both untrained
#    and with a source of 40 tokens. What does the curve say about long sentences?
# 6. (hard) How large must `hidden_size` and `encoder_hidden_size` be until the one-vector model is as good as attention
#    on sentences of 20 words? Plan the comparison fairly (equal parameters, several seeds), then see
#    `atento study bottleneck`.
