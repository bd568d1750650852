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
# # 3 · Self-attention and the Transformer
#
# A recurrent network reads word by word: state 40 cannot be computed before state 39. And what the first word says must
# pass through 39 states to meet the last one. Vaswani et al. (2017) dropped the recurrence. Let every token look at
# every other one **directly**, with the attention of notebook 2, all of them at once.
#
# In this notebook you will
#
# 1. work self-attention through for one word: query, key, value, $\sqrt{d_k}$, softmax, sum;
# 2. see that it knows nothing of word order, and give it positions;
# 3. assemble heads, residual connections and feed-forward network, and get the numbers of a trained model, layer by
#    layer;
# 4. look at the masked attention of the decoder, and at what the whole costs when sentences grow.
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
import time

from matplotlib.figure import Figure
from torch.nn import functional

from atento.figures import heatmap
from atento.figures.charts import Interval
from atento.figures.lines import Scales, Series, lines
from atento.inspection.walks import walk
from atento.nn.attention import attend, scaled_dot_product_scores
from atento.nn.capture import capture
from atento.nn.positions import sinusoidal

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notation
#
# | | course | Vaswani et al. 2017 | in the code below |
# |---|---|---|---|
# | number of tokens | $N$ | $n$ | `N` |
# | size of a token's vector | $d$ | $d_{\mathrm{model}}$ | `D` |
# | number of heads | $h$ | $h$ | `H` |
# | size of a head's queries and keys | $d_k$ | $d_k$ | `K` |
# | the tokens' vectors | $X$, $N \times d$ | input of the layer | `X` |
# | queries, keys, values | $Q = XW_Q$, $K = XW_K$, $V = XW_V$ | $QW^Q_i$, $KW^K_i$, $VW^V_i$ | `queries`, `keys`, `values` |
# | attention weights | $N \times N$ | $\mathrm{softmax}(QK^\top / \sqrt{d_k})$ | `weights` |
# | last linear layer | $W_O$ | $W^O$ | `attention.output` |
#
# In attention over the source the course's $h_t$ (decoder) is Bahdanau's $s_i$ and gives the query; its $s_k$ (encoder)
# is Bahdanau's $h_j$ and gives keys and values. In *self*-attention one token plays all three roles.

# %% [markdown]
# ## One word, worked through
#
# Each token's vector $x$, a row of $X$, is multiplied by three learned matrices:
#
# $$q = x\, W_Q \qquad k = x\, W_K \qquad v = x\, W_V$$
#
# The **query** is what the token looks for, the **key** what it offers to be found by, the **value** what it hands over
# when it is found. For *vida* ("life"), the query $q_{vida}$ is compared with the keys of all tokens, its own included:
#
# $$e_j = \frac{q_{vida} \cdot k_j}{\sqrt{d_k}} \qquad \alpha_j = \mathrm{softmax}_j(e_j) \qquad x'_{vida} = \sum_j \alpha_j v_j$$
#
# The new vector of *vida* is a mixture of all tokens' values: it knows its sentence. Five words and random matrices
# will do to see it:

# %%
generator = torch.Generator().manual_seed(1)
words = ["a", "vida", "o", "que", "é"]
N, D, K = len(words), 6, 4
X = torch.randn(N, D, generator=generator)  # a row a token
W_Q, W_K, W_V = (torch.randn(D, K, generator=generator) / math.sqrt(D) for _ in range(3))

q = X[1] @ W_Q  # the query of vida
e = torch.stack([q @ (x @ W_K) for x in X]) / math.sqrt(K)
alpha = e.exp() / e.exp().sum()
new = sum(weight * (x @ W_V) for weight, x in zip(alpha, X, strict=True))
for word, weight in zip(words, alpha.tolist(), strict=True):
    print(f"vida → {word:<5} {weight:.3f}")

# %% [markdown]
# All words at once are three matrix products and one softmax (Vaswani et al., eq. 1). This is what makes the
# Transformer fast to train: no word waits for another one.
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{QK^\top}{\sqrt{d_k}}\right) V$$
#
# In the library it is the very function of recurrent attention, `attend`, with another score. (Where nobody looks,
# PyTorch's fused kernel computes the same.)

# %%
Q, keys, V = X @ W_Q, X @ W_K, X @ W_V
weights = (Q @ keys.T / math.sqrt(K)).softmax(-1)  # N × N
contexts = weights @ V

assert torch.allclose(contexts[1], new, atol=1e-5)
library_contexts, library_weights = attend(scaled_dot_product_scores(Q, keys), V)
assert torch.allclose(weights, library_weights, atol=1e-6)
assert torch.allclose(contexts, library_contexts, atol=1e-5)
assert torch.allclose(contexts, functional.scaled_dot_product_attention(Q[None], keys[None], V[None])[0], atol=1e-5)

# %% [markdown]
# ### Why divide by $\sqrt{d_k}$?
#
# If the components of $q$ and $k$ are independent with mean 0 and variance 1, their dot product is a sum of $d_k$ terms
# of variance 1. So its variance is $d_k$:
#
# $$\mathrm{Var}(q \cdot k) = \sum_{i=1}^{d_k} \mathrm{Var}(q_i k_i) = d_k$$
#
# With $d_k = 64$ scores of $\pm 8$ are usual. Then the softmax gives nearly everything to one token, and its gradient
# is nearly zero. Divided by $\sqrt{d_k}$, scores have variance 1 whatever the size.

# %%
for size in (4, 64, 1024):
    many = torch.randn(2, 4000, size, generator=generator)
    products = (many[0] * many[1]).sum(-1)
    print(f"d_k = {size:>4}: Var(q·k) = {products.var():8.1f}, divided: {(products / math.sqrt(size)).var():.2f}")
    assert abs(products.var() / size - 1) < 0.2

# %% [markdown]
# ## Order is not seen
#
# Shuffle the words, and every word gets the same new vector as before: only the rows have changed places. To
# self-attention a sentence is a bag of words; "the dog bites the man" would be "the man bites the dog".

# %%
shuffled = torch.tensor([4, 2, 0, 3, 1])
moved, _ = attend(scaled_dot_product_scores(Q[shuffled], keys[shuffled]), V[shuffled])
assert torch.allclose(moved, contexts[shuffled], atol=1e-5)

# %% [markdown]
# So each position gets a vector of its own, which is added to the token's. Vaswani et al. take waves of many lengths,
# sine and cosine of each frequency side by side:
#
# $$PE(pos, 2i) = \sin\!\big(pos / 10000^{2i/d}\big) \qquad PE(pos, 2i+1) = \cos\!\big(pos / 10000^{2i/d}\big)$$
#
# The first components change from word to word, the last ones over thousands of words, as the digits of a number do.
# (Embeddings are multiplied by $\sqrt{d}$ before, so that the waves do not drown them.)

# %%
size, places = 64, torch.arange(50)
table = torch.empty(len(places), size)
for i in range(size // 2):
    angles = places / 10000 ** (2 * i / size)
    table[:, 2 * i], table[:, 2 * i + 1] = angles.sin(), angles.cos()
assert torch.allclose(table, sinusoidal(places, size), atol=1e-5)

figure = Figure(figsize=(7, 3.6), layout="constrained")
axes = figure.add_subplot(xlabel="i", ylabel="pos")
figure.colorbar(axes.imshow(table.numpy(), cmap="RdBu", vmin=-1, vmax=1, aspect="auto"))
figure

# %% [markdown]
# ## A Transformer, trained
#
# A small one: two layers on each side, four heads, 64 numbers a token, on the built-in Portuguese–Spanish corpus.


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
SMALL = [  # what is changed of the recipe `pt-es-small`
    "tokenizer.vocab_size=2000",
    "model.model_size=64",
    "model.feed_forward_size=256",
    "model.num_encoder_layers=2",
    "model.num_decoder_layers=2",
    "model.dropout=0.1",
    "training.batch_tokens=1024",
    "training.learning_rate=4e-3",
    "training.warmup_steps=200",
    "training.ema_decay=0.995",
    "training.precision=float32",
]
translator = atento.load(trained("transformer", "pt-es-small", SMALL, steps=1600, minutes=2.5))
result = translator.translate(SENTENCE, attention=True)
print(result.text)

# %% [markdown]
# ### Inside the encoder
#
# The input of the first layer is embedding times $\sqrt d$ plus position:
#
# $$X_{pos} = \sqrt{d}\; E[x_{pos}] + PE(pos)$$

# %%
model, vocabulary = translator.bundle.model, translator.bundle.vocabulary
encoder, decoder = model.encoder, model.decoder
source = torch.tensor([[*translator.bundle.source_tokenizer.encode(SENTENCE).ids, vocabulary.eos]])
everything = torch.ones_like(source, dtype=torch.bool)
N, D, H = source.shape[1], encoder.config.model_size, encoder.config.num_heads
K = D // H

with (
    torch.inference_mode(),
    capture(model, kinds=["queries", "keys", "values", "scores", "weights", "contexts"]) as trace,
):
    annotations = encoder(source, everything).annotations

X = math.sqrt(D) * encoder.embedding.tokens.weight[source[0]] + sinusoidal(torch.arange(N), D)
with torch.inference_mode():
    assert torch.allclose(X, encoder.embedding(source, 0, None)[0], atol=1e-5)

# %% [markdown]
# ### Several heads
#
# A single attention looks for one thing at a time. A sentence has many relations at a time: an article and its noun, a
# verb and its subject. So $h$ heads attend in parallel, each with its own small matrices of size $d_k = d / h$. Their
# results are set side by side, and a last matrix mixes them:
#
# $$\mathrm{MultiHead}(X) = [\mathrm{head}_1;\ \ldots;\ \mathrm{head}_h]\, W_O \qquad \mathrm{head}_i = \mathrm{Attention}(XW_Q^i, XW_K^i, XW_V^i)$$
#
# The library keeps the matrices $W_Q$, $W_K$, $W_V$ of all heads in one, `attention.input`. (PyTorch's layers keep
# matrices transposed, so the code below says `.weight.T`.) The library normalises what a layer reads (*pre-norm*; see
# below), so the layer's real input is $\mathrm{LayerNorm}(X)$:
#
# $$\mathrm{LayerNorm}(x) = \frac{x - \mathrm{mean}(x)}{\sqrt{\mathrm{var}(x) + \epsilon}} \circ \gamma + \beta$$

# %%
layer = encoder.layers[0]
attention = layer.self_attention


def normalise(norm, vectors):
    """LayerNorm, each row on its own."""
    centred = vectors - vectors.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def multi_head(attention, read):
    """Self-attention of all heads, without residual connection."""
    queries, keys, values = (read @ attention.input.weight.T + attention.input.bias).chunk(3, dim=-1)
    heads = []
    for i in range(H):
        part = slice(i * K, (i + 1) * K)
        weights = (queries[:, part] @ keys[:, part].T / math.sqrt(K)).softmax(-1)
        heads.append(weights @ values[:, part])
    return torch.cat(heads, dim=-1) @ attention.output.weight.T + attention.output.bias, torch.stack(heads)


attended, heads = multi_head(attention, normalise(layer.self_residual.norm, X))
[name, *_] = trace.names("contexts", "encoder")
assert torch.allclose(heads, trace.last(name, "contexts")[0], atol=1e-4)
print(name, tuple(heads.shape), "= H × N × d_k")

# %% [markdown]
# ### The whole layer
#
# Around each part runs a **residual connection**: a part only *adds* to what is there. So the error finds a straight
# way back through any number of layers. The second part is a **feed-forward network**, the same for every position:
#
# $$X' = X + \mathrm{MultiHead}(\mathrm{LayerNorm}(X)) \qquad X'' = X' + \mathrm{ReLU}(\mathrm{LayerNorm}(X')\, W_1 + b_1)\, W_2 + b_2$$
#
# (Vaswani et al. normalise after the sum instead, $\mathrm{LayerNorm}(X + \ldots)$: `model.layer_norm=post`.
# Normalising before is easier to train.) Two such layers and a last normalisation are the encoder.


# %%
def encoder_layer(layer, X):
    """Attention and feed-forward network, each added to what is there."""
    X = X + multi_head(layer.self_attention, normalise(layer.self_residual.norm, X))[0]
    read = normalise(layer.feed_forward_residual.norm, X)
    inner = torch.relu(read @ layer.feed_forward.input.weight.T + layer.feed_forward.input.bias)
    return X + inner @ layer.feed_forward.output.weight.T + layer.feed_forward.output.bias


hidden = X
for layer in encoder.layers:
    hidden = encoder_layer(layer, hidden)
assert torch.allclose(normalise(encoder.norm, hidden), annotations[0], atol=1e-3)

# %% [markdown]
# ## Pictures
#
# What the encoder's heads look at: a row a layer, a column a head, $N \times N$ cells each. Row: who asks. Column: who
# is asked.

# %%
heatmap.grid(result.attention, role="encoder")

# %% [markdown]
# One head's way from $Q$, $K$ and $V$ to its output, one action a step, for the token at `position`:

# %%
walk(translator, "head", SENTENCE, role="encoder", layer=0, head=0, position=2)

# %% [markdown]
# ### The decoder's mask
#
# The decoder must not look at words that it has not written yet. In training all of them are there, so scores of later
# positions are set to $-\infty$ before the softmax; $e^{-\infty} = 0$:
#
# $$\mathrm{softmax}\!\left(\frac{QK^\top}{\sqrt{d_k}} + M\right) V \qquad M_{ij} = \begin{cases} 0 & j \le i \\ -\infty & j > i \end{cases}$$
#
# Thus all positions of a sentence are trained at once, and each sees only what it will see in use. The proof: change
# the last word, and nothing before it changes.

# %%
target = torch.tensor([[vocabulary.decoder_start, *result.candidates[0].ids[:-1]]])
changed = target.clone()
changed[0, -1] = vocabulary.unk


def decode(tokens):
    """The decoder's vectors, and what its first layer's self-attention reports."""
    with (
        torch.inference_mode(),
        capture(model, kinds=["scores", "weights"], names=["decoder_module.layers.0.self_attention"]) as trace,
    ):
        memory = decoder.prepare(encoder(source, everything))
        hidden, _ = decoder(tokens, memory, decoder.start(memory))
    return hidden, *(trace.last("decoder_module.layers.0.self_attention", kind)[0] for kind in ("scores", "weights"))


hidden, scores, weights = decode(target)
mask = torch.full(scores.shape[-2:], -torch.inf).triu(1)
assert torch.allclose((scores + mask).softmax(-1), weights, atol=1e-6)
assert torch.allclose(hidden[:, :-1], decode(changed)[0][:, :-1], atol=1e-5)
heatmap.grid(result.attention, role="decoder")

# %% [markdown]
# The upper right is pale blue and hatched: the future, at which a token cannot look. Black are cells of a weight of 0,
# at which it could. Between its two parts, each decoder layer has a third, **cross-attention**: the
# query comes from the decoder, keys and values from the encoder's output. That is the recurrent translator's attention
# again, and draws the same kind of alignment:

# %%
result.attention.figure()

# %% [markdown]
# ## What it costs
#
# | for $N$ tokens | recurrent layer | self-attention |
# |---|---|---|
# | steps one after another | $N$ | 1 |
# | longest way between two tokens | $N$ | 1 |
# | multiplications | $\sim N d^2$ | $\sim N^2 d + N d^2$ |
# | numbers to keep for one head's weights | – | $N^2$ |
#
# Twice the tokens, four times the scores. On short sentences the $d^2$ term rules, and parallel computation wins; on
# long texts $N^2$ does. Measured here, the attention of one layer, without its projections, written out:


# %%
def milliseconds(length):
    """The best of five passes of `attend` over so many tokens."""
    vectors, durations = torch.randn(4, length, 16), []
    for _ in range(5):
        start = time.perf_counter()
        attend(scaled_dot_product_scores(vectors, vectors), vectors)
        durations.append(time.perf_counter() - start)
    return 1000 * min(durations)


lengths = [64, 128, 256, 512, 1024, 2048] if BUDGET >= 1 else [32, 64, 128]
lines(
    [Series("attend", tuple(lengths), tuple(Interval(milliseconds(length)) for length in lengths))],
    Scales(x="N", y="milliseconds", logarithmic_x=True, logarithmic_y=True, ticks_at_data=True),
)

# %% [markdown]
# ## Quiz
#
# **Which of these is no advantage of the Transformer?** (a) it sees all tokens at once; (b) it computes in parallel by
# token; (c) the order of tokens; (d) the length of the input.
#
# <details><summary>Answer</summary>
#
# (a) and (b) are its advantages: one step between any two tokens, and no waiting in training. (c) is none: attention
# alone does not see the order, so positions have to be added, which a recurrent network does not need. (d) is none
# either: memory and time grow with $N^2$, and learned positions end at some length. In *use* the decoder still writes
# token by token, so (b) holds for training and for reading the source only.
#
# </details>
#
# **Why does the decoder need a mask in training, and not when it translates?**
#
# <details><summary>Answer</summary>
#
# In training all words of the translation are given at once; without a mask, the model would copy the next word instead
# of predicting it. When it translates, the next words do not exist yet, so there is nothing to hide.
#
# </details>
#
# ## Exercises
#
# 1. (easy) Which heads of the encoder look at the token before, which at themselves, which at `</s>`? Draw the grid for
#    a sentence of your own.
# 2. (easy) Multiply `W_Q` in the first example by 10 and by 0.1. What happens to $\alpha$?
# 3. (medium) Show that $PE(pos + k)$ is a rotation of $PE(pos)$: for each frequency find the $2 \times 2$ matrix, which
#    depends on $k$ only, and check it with `torch.allclose`. Why is that useful?
# 4. (medium) Train with `model.position=none`. How much worse is the translation, and why is it not hopeless? (Think of
#    the decoder's mask.)
# 5. (medium) Write cross-attention out as `multi_head` was: keys and values from `annotations`, queries from the
#    decoder. Compare with a capture of `decoder_module.layers.0.cross_attention`.
# 6. (hard) Post-norm (`model.layer_norm=post`) against pre-norm, each with its best learning rate of three and with
#    three seeds. Which learns faster in 1,600 steps? Is the difference larger than that between seeds?
