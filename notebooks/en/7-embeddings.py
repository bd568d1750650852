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
# # 7 · Embeddings
#
# A network computes with numbers, so every model of this course begins by turning each token into a vector. Nobody
# writes these vectors down: they are weights, learned like all others. And they do not stay what they are: layer by
# layer a token's vector takes up what stands around it. So there are two kinds. The **static** vector of a word is a
# row of a matrix, the same in every sentence. Its **contextual** vectors are the states of the layers: the same word in
# another sentence has others.
#
# In this notebook you will
#
# 1. look words up in the embedding matrix, and find their neighbours and analogies by hand;
# 2. draw a map of words, and see what such a picture is worth;
# 3. follow one word through the layers in several sentences, and see where its roles part and where they do not;
# 4. find the sentences that are nearest to a sentence.
#
# It needs no network. The model is the BERT of notebook 5, found again if you have run that one; else it is trained for
# at most three minutes. What is said below of "our run" is said of all 1,800 steps. If your machine is slow or busy it
# gets less far, and you will see less: after 560 steps the vectors know very little.

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
from itertools import permutations

import numpy as np

from atento.figures.charts import Interval
from atento.figures.lines import Scales, Series, lines
from atento.figures.scatter import Cloud, scatter
from atento.figures.similarity import Panel, similarity_tables
from atento.inspection.contexts import compare_contexts
from atento.inspection.maps import map_vectors
from atento.inspection.neighbours import Space
from atento.inspection.word_space import WordSpace
from atento.text.words import words_of

# %% [markdown]
# ## Notation
#
# | | course | Mikolov et al. 2013 | Ethayarajh 2019 | in the code below |
# |---|---|---|---|---|
# | static (input) vector of a word | $E[x]$ | $x$ | | a row of `E` |
# | contextual (hidden) vector, layer $\ell$ | $s_k$ (the last layer's) | | $f_\ell(s, i)$ | `embedder.words(…, layer=l)` |
# | a word in a sentence | $x_k$, the $k$-th token | | word $i$ of sentence $s$ | a text and a place in it |
# | nearness | | cosine similarity | cosine similarity | `cosine` |
# | what is to $c$ as $a$ is to $b$? | $a - b + c$ | $x_b - x_a + x_c$, where $a$ is to $b$ as $c$ is to $d$ | | `analogy(a, b, c)` |
# | mean cosine of a word with itself | | | $\mathrm{SelfSim}_\ell(w)$ | `self_similarity` |
#
# Layer 0 is what enters the first layer, before any context. Here that is not $E[x]$ alone, but $E[x]$ with its place.
#
# Mind the letters of the analogy: the library's $a$ and $b$ are Mikolov's $b$ and $a$.


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
SMALL = [
    "tokenizer.vocab_size=1500",
    "model.model_size=96",
    "model.feed_forward_size=384",
    "model.num_layers=3",
    "model.max_positions=64",
    "training.precision=float32",
]
LEARNING = [
    "data.documents=line",
    "training.batch_tokens=2048",
    "training.learning_rate=3e-3",
    "training.warmup_steps=100",
]
pretrained = trained("bert", "bert-small", [RUNS / "corpus" / "train.pt"], [*SMALL, *LEARNING], steps=1800, minutes=3)
reader = atento.load_reader(pretrained)
embedder = atento.load_embedder(pretrained)
print(embedder.num_layers, "layers;", reader.fill("A minha [MASK] comprou um livro.").text)

# %% [markdown]
# ## A look-up is a product
#
# The embedding matrix $E$ has a row for each token of the vocabulary. To look token $x$ up is to multiply $E$ by a
# **one-hot** vector, which is 1 at place $x$ and 0 elsewhere:
#
# $$E[x] = \mathrm{onehot}(x)^\top E$$
#
# So the embedding is an ordinary linear layer, and is learned like one. Nobody computes the product, since all but one
# row are multiplied by 0.

# %%
tokenizer = reader.bundle.tokenizer
embedding = reader.bundle.model.encoder.embedding.tokens  # the layer
token = embedder.token_ids("minha")[0]

one_hot = torch.zeros(embedding.weight.shape[0])
one_hot[token] = 1
assert torch.equal(one_hot @ embedding.weight, embedding(torch.tensor(token)))

vocabulary = embedder.vocabulary()  # the same rows, each with its label
E = vocabulary.values
assert np.array_equal(E[token], embedding.weight[token].detach().numpy())
print(E.shape, vocabulary.labels[token], np.round(E[token, :6], 2), "…")

# %% [markdown]
# A word that the tokenizer cuts into several tokens (notebook 6) has no row of its own. The library gives it the mean
# of its tokens' rows, which is a makeshift: *ban* and *##co* stand in other words, too.

# %%
for word in ("casa", "banco", "inimagináveis"):
    rows = E[list(embedder.token_ids(word))]
    assert np.allclose(embedder.static([word]).values[0], rows.mean(axis=0), atol=1e-6)
    print(word, "→", [tokenizer.label(token) for token in embedder.token_ids(word)])

# %% [markdown]
# ## Neighbours
#
# Two words are alike for the model if it treats them alike, that is, if their vectors point the same way:
#
# $$\cos(u, v) = \frac{u \cdot v}{\lVert u \rVert\, \lVert v \rVert}$$
#
# 1 is the same direction, 0 a right angle. The nearest neighbours of a word are the rows of $E$ with the largest
# cosine.


# %%
def cosine(u, v):
    """cos(u, v); of matrices, of every row with every row."""
    return u @ v.T / (np.linalg.norm(u, axis=-1)[..., None] * np.linalg.norm(v, axis=-1))


space = WordSpace.of_vocabulary(embedder)
hidden = list(embedder.specials)  # [MASK] and the like are no words
for word in ("avó", "minha", "três", "comprou", "casa", "triste"):
    ids = list(embedder.token_ids(word))
    scores = cosine(E[ids].mean(axis=0, keepdims=True), E)[0]
    scores[[*hidden, *ids]] = -np.inf
    best = np.argsort(-scores)[:5]
    [found] = space.neighbours([word], 5)
    assert np.allclose([each.score for each in found.neighbours], scores[best], atol=1e-5)
    print(f"{word:>8}:", ", ".join(f"{vocabulary.labels[n]} {scores[n]:.2f}" for n in best))

# %% [markdown]
# In our run *avó* lies near other women of the family, *minha* near other possessives, *três* near *quatro* and *dois*,
# *comprou* near other verbs of the past. That is mostly **grammar**: the words fit the same gaps. *Casa* has all sorts
# of nouns around it, and *triste*, which is rare, nothing that fits. A model that has read nine thousand short
# sentences knows where a word can stand long before it knows what the word means.
#
# ## Analogies
#
# Mikolov, Yih and Zweig (2013) found that in vectors learned from hundreds of millions of words many relations are
# *directions*: the way from *man* to *woman* is that from *king* to *queen*. So what is to $c$ as $a$ is to $b$ should
# lie near $a - b + c$, with each vector of length one:
#
# $$d = \arg\max_{x \notin \{a, b, c\}} \cos\!\left(E[x],\ \frac{E[a]}{\lVert E[a] \rVert} - \frac{E[b]}{\lVert E[b] \rVert} + \frac{E[c]}{\lVert E[c] \rVert}\right)$$


# %%
def scored(target, left_out):
    """The cosine of every token with a target; of those left out −∞."""
    scores = cosine(target[None], E)[0]
    scores[[*hidden, *left_out]] = -np.inf
    return scores


def directions(*words):
    """Each word's vector, of length one."""
    rows = [E[list(embedder.token_ids(word))].mean(axis=0) for word in words]
    return [row / np.linalg.norm(row) for row in rows]


for a, b, c in (("minha", "meu", "seu"), ("avó", "avô", "tio"), ("livros", "livro", "amigo")):
    x, y, z = directions(a, b, c)
    scores = scored(x - y + z, [token for word in (a, b, c) for token in embedder.token_ids(word)])
    best = np.argsort(-scores)[:4]
    found = space.analogy(a, b, c, 4).neighbours
    assert np.allclose([each.score for each in found], scores[best], atol=1e-5)
    print(f"{a} − {b} + {c}:", ", ".join(f"{vocabulary.labels[n]} {scores[n]:.2f}" for n in best))

# %% [markdown]
# ### How many are right?
#
# Three examples prove nothing, least of all chosen ones. So ask all questions that can be made of a list of pairs, and
# note the *rank* of the right answer, 1 being the best. And compare with something trivial: the neighbours of $c$
# alone, without $a - b$. (*Tia* is near *tio* anyway; a good part of what is told of analogies comes from that and from
# leaving out $a$, $b$ and $c$: Linzen 2016.)

# %%
FAMILY = "avô avó, tio tia, filho filha, irmão irmã, primo prima, neto neta, sogro sogra, amigo amiga, vizinho vizinha"
GRAMMAR = "meu minha, seu sua, nosso nossa, um uma, o a, no na, do da, este esta"


def rank(scores, token):
    """The place of a token in the order of scores."""
    return 1 + int((scores > scores[token]).sum())


for listed in (FAMILY, GRAMMAR):
    pairs = [pair.split() for pair in listed.split(", ")]
    pairs = [pair for pair in pairs if all(len(embedder.token_ids(word)) == 1 for word in pair)]
    with_offset, alone = [], []
    for (b, a), (c, d) in permutations(pairs, 2):  # a − b + c, and d is right
        left_out = [embedder.token_ids(word)[0] for word in (a, b, c)]
        x, y, z = directions(a, b, c)
        answer = embedder.token_ids(d)[0]
        with_offset.append(rank(scored(x - y + z, left_out), answer))
        alone.append(rank(scored(z, left_out), answer))
    print(f"{listed[:20]} …  ({len(with_offset)} questions, {len(E)} tokens)")
    for name, ranks in {"a − b + c": with_offset, "c": alone}.items():
        print(f"{name:>11}: {np.mean(np.equal(ranks, 1)):4.0%} first, median rank {np.median(ranks):g}")

# %% [markdown]
# In our run the family's right word comes first in 4 % of the questions. The offset does help: without it the median
# rank is 33, with it 14, of 1,500. For the little words $c$ alone does better (41 % against 30 %). So there is a trace
# of a direction from men to women here, and no more. The famous analogies need far more text than this; and whoever
# shows some should show what $c$ alone finds.
#
# ## A map
#
# Nobody can see 96 dimensions. **PCA** lays the vectors out in the plane in which they differ most. Centre them, take
# the singular value decomposition, and keep the first two directions:
#
# $$X - \bar x = U \Sigma V^\top \qquad Y = (X - \bar x)\, V_{1:2} \qquad \mathrm{explained}_i = \frac{\sigma_i^2}{\sum_j \sigma_j^2}$$

# %%
GROUPS = [
    ["avó", "tia", "filha", "irmã", "prima", "neta", "sogra", "amiga", "vizinha"],
    ["avô", "tio", "filho", "irmão", "primo", "neto", "sogro", "amigo", "vizinho"],
    ["comprou", "vendeu", "leu", "estudou", "cantou", "dormiu", "jogou", "ouviu"],
    ["meu", "minha", "seu", "sua", "nosso", "nossa", "um", "uma"],
    ["dois", "três", "quatro", "cinco", "seis", "dez", "vinte"],
]
words = embedder.static([word for group in GROUPS for word in group])
X = words.values.astype(np.float64)
_, singular, V = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)  # the rows of V are directions
Y = (X - X.mean(axis=0)) @ V[:2].T
explained = singular**2 / (singular**2).sum()

drawn = map_vectors(words.values)
assert np.allclose(np.abs(Y), np.abs(drawn.points), atol=1e-4)  # a direction's sign is free
assert np.allclose(explained[:2], drawn.explained, atol=1e-6)
print("explained:", np.round(explained[:5], 3), "…")
scatter(
    Cloud(
        points=drawn.points,
        labels=words.labels,
        groups=tuple(f"{group[0]}, {group[1]} …" for group in GROUPS for _ in group),
        axes=drawn.axes,
        note=drawn.note,
    )
)


# %% [markdown]
# A map is a picture only. It shows the share of the variance that is written below it, a third or so, and two points
# that touch may be far apart in the other 94 dimensions. The family looks like one heap here. Distances are read in the
# original space:


# %%
def nearest(points):
    """Of each point its nearest other one."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)


same = int((nearest(X) == nearest(Y)).sum())
kinds = np.array([number for number, group in enumerate(GROUPS) for _ in group])
print(f"{same} of {len(X)} words have the same nearest neighbour in the picture as in the model's space")
for points in (X, Y):
    share = np.mean(kinds[nearest(points)] == kinds)
    print(f"{points.shape[1]:>3} dimensions: {share:.0%} of the words have their nearest neighbour in their own group")

# %% [markdown]
# In our run 98 % against 73 %: the model keeps men and women of the family apart, and the picture hides it.
#
# t-SNE and UMAP (`map_vectors(…, method="tsne")`) draw handsomer islands. They keep neighbours together and nothing
# else: the islands' sizes, the gaps between them and the axes mean nothing, and another seed gives another picture.
#
# ## The same word in other sentences
#
# Now the main thing. What enters BERT's first layer, "layer 0", is token, position and type together, normalised
# (notebook 5); it knows *where* the word stands, but nothing of the other words. From layer 1 on, attention mixes them
# in:
#
# $$s_k^{(0)} = \mathrm{LayerNorm}(E[x_k] + P[k] + E_A) \qquad s_k^{(\ell)} = \mathrm{Layer}_\ell(s_1^{(\ell-1)}, \ldots, s_n^{(\ell-1)})_k$$
#
# So in layer 0 a word has the same vector in two sentences if it stands at the same place, another one if it stands
# elsewhere; above, it has other vectors in any case:


# %%
def vectors_of(word, sentences, layer):
    """The vectors of a word that stands once in each sentence, a row a sentence."""
    found = embedder.words(sentences, layer=layer)
    return found.values[[label.casefold() == word for label in found.labels]]


same_place, elsewhere = ["O jantar está na mesa.", "O jantar foi uma festa."], ["O jantar está na mesa.", "E o jantar?"]
assert np.allclose(*vectors_of("jantar", elsewhere, None), atol=1e-6)
assert np.allclose(*vectors_of("jantar", same_place, 0), atol=1e-5)
assert not np.allclose(*vectors_of("jantar", elsewhere, 0), atol=1e-4)
for layer in range(1, embedder.num_layers + 1):
    assert not np.allclose(*vectors_of("jantar", same_place, layer), atol=1e-4)

# %% [markdown]
# *Jantar* is a noun (*o jantar*, the dinner) and a verb (*jantar*, to dine). We take four sentences of each, and in all
# of them it is the third word: else we would measure places, not roles. The cosine of every pair of occurrences in
# every layer:

# %%
JANTAR = [
    "Depois do jantar ele leu o jornal.",
    "Antes do jantar ela foi ao mercado.",
    "Para o jantar ele comprou um bolo.",
    "Comprei o jantar no mercado.",
    "Ela vai jantar na casa da minha avó.",
    "Você quer jantar comigo?",
    "Ele quis jantar em casa.",
    "Eles vão jantar no restaurante.",
]
contexts = compare_contexts(embedder, "jantar", JANTAR)
for layer in contexts.layers:
    vectors = vectors_of("jantar", JANTAR, layer.layer)
    assert np.allclose(cosine(vectors, vectors), layer.table, atol=1e-5)
similarity_tables(
    [
        Panel("input vectors", contexts.input.table),
        *(Panel(f"layer {layer.layer}", layer.table) for layer in contexts.layers),
    ],
    JANTAR,
)

# %% [markdown]
# The input vectors are all the same, and so is layer 0, since the places are: 1 everywhere. If the model tells the two
# roles apart, two bright blocks come out in the upper layers: sentences 1–4 with each other, 5–8 with each other. In
# our run they do, but not cleanly: *Comprei o jantar* lies as near to the verbs as to the other nouns.
#
# ### By layer
#
# Ethayarajh's **self-similarity** is the mean over all pairs of a word's $n$ occurrences. The lower it is, the more
# context there is in the vector:
#
# $$\mathrm{SelfSim}_\ell(w) = \frac{1}{n^2 - n} \sum_j \sum_{k \neq j} \cos\big(f_\ell(s_j, i_j),\ f_\ell(s_k, i_k)\big)$$
#
# Two warnings come with it. In a layer where *all* vectors lie in a narrow cone, every cosine is high; so we draw the
# mean cosine of *different* words beside it. And a low self-similarity says only that context does something, not that
# it does something sensible. For that we part the pairs: both occurrences in the same role, or in two.
#
# Beside *jantar* we take *banco*, a bank (sentences 1–4) or a bench (5–8), always the fourth word. It is a noun both
# times; the grammar is the same, the *sense* is not.

# %%
BANCO = [
    "Ele foi ao banco pedir dinheiro.",
    "Ela trabalha no banco da cidade.",
    "Ele tinha no banco muito dinheiro.",
    "Ela foi ao banco abrir uma conta.",
    "Ele dormiu no banco da praça.",
    "Ela leu no banco do jardim.",
    "Ele descansou no banco do parque.",
    "Ela esperou no banco da estação.",
]


def parted(table):
    """Mean cosine of pairs of occurrences: in the same half of the sentences, and in both."""
    half, n = len(table) // 2, len(table)
    pairs = [(j, k) for j in range(n) for k in range(j)]
    same = [table[j, k] for j, k in pairs if (j < half) == (k < half)]
    across = [table[j, k] for j, k in pairs if (j < half) != (k < half)]
    return np.mean(same), np.mean(across)


others = compare_contexts(embedder, "banco", BANCO)
places = tuple(float(number) for number in range(embedder.num_layers + 1))
series = []
for word, sentences, result in (("jantar", JANTAR, contexts), ("banco", BANCO, others)):
    for layer in result.layers:
        n, table = len(sentences), layer.table
        by_hand = (table.sum() - np.trace(table)) / (n * n - n)  # all pairs but each with itself
        assert math.isclose(by_hand, layer.self_similarity, abs_tol=1e-6)
    same, across = zip(*(parted(layer.table) for layer in result.layers), strict=True)
    series += [
        Series(f"{word}, same role or sense", places, tuple(Interval(float(value)) for value in same)),
        Series(f"{word}, two roles or senses", places, tuple(Interval(float(value)) for value in across)),
    ]
    print(f"{word}: same minus two, by layer:", np.round(np.subtract(same, across), 3))
different = tuple(Interval(layer.others) for layer in contexts.layers)
lines(
    [*series, Series("different words", places, different)],
    Scales("layer (0: what enters the first)", "mean cosine of two vectors", ticks_at_data=True),
)

# %% [markdown]
# In our run the two roles of *jantar* part in layers 2 and 3: pairs of one role have a mean cosine of 0.94 and 0.92,
# pairs of two roles 0.86 and 0.84. The role can be read off the neighbours (an article before it, or *vai*, *quer*),
# and to fill gaps the model needs just that. The two *senses* of *banco* part hardly at all, 0.97 against 0.96 in layer
# 3, and what there is comes from *ao banco* against *no banco*: print `others.layers[3].table`. The word stands in
# fewer than twenty of the training sentences, and is cut into two pieces. Large models do tell a bank from a bench;
# ours shows that a contextual vector holds what *that* model found useful in *that* text. And eight sentences of our
# own making are an example, not a measurement (exercise 6).
#
# The last layer lifts the cosine of different words, from about 0.1 to 0.3: the narrow cone. A rise of self-similarity
# there would not mean that context counts less.
#
# ## Sentences
#
# The mean of a sentence's token vectors is a vector of the sentence. Of input vectors it is a *bag of words*, which
# forgets the order; of hidden vectors it is not:

# %%
swapped = ["o gato viu a menina", "a menina viu o gato"]
assert np.allclose(*embedder.sentences(swapped, layer=None).values, atol=1e-5)
assert not np.allclose(*embedder.sentences(swapped, layer=2).values, atol=1e-4)

known = [pair.source for pair in corpus.train.handwritten if len(words_of(pair.source)) <= 12]
known = known[: max(50, round(len(known) * BUDGET))]
asked = ["Quanto custa este relógio?", "A minha tia mora longe daqui.", "Não tenho medo de nada."]
for layer in (None, 2):
    queries, vectors = (embedder.sentences(texts, layer=layer) for texts in (asked, known))
    scores = cosine(queries.values, vectors.values)
    nearest_ones = Space(vectors).nearest(queries.values, 3)
    for text, row, found in zip(asked, scores, nearest_ones, strict=True):
        assert np.allclose([each.score for each in found], -np.sort(-row)[:3], atol=1e-5)
        print(f"{layer}: {text}")
        for each in found:
            print(f"      {each.score:.2f} {each.label}")

# %% [markdown]
# And the mean itself, by hand, without the tokens that the model adds (`<s>`, `</s>`):

# %%
tokens = embedder.tokens(asked[:1], layer=2)
own = [number for number, span in enumerate(tokens.spans) if span != (0, 0)]
assert np.allclose(tokens.values[own].mean(axis=0), embedder.sentences(asked[:1], layer=2).values[0], atol=1e-5)

# %% [markdown]
# *Quanto custa* finds *Quanto custa*. For the other two sentences neither kind of vector finds much. What *do* they
# find? For all short sentences of the test part: by how many tokens are the three nearest ones longer or shorter?

# %%
unseen = [pair.source for pair in corpus.test.handwritten if len(words_of(pair.source)) <= 12]
for layer in (None, 2):
    queries, vectors = (embedder.sentences(texts, layer=layer) for texts in (unseen, known))
    found = [[each.place for each in row] for row in Space(vectors).nearest(queries.values, 3)]
    lengths, wanted = np.array(vectors.counts), np.array(queries.counts)[:, None]
    apart, chance = np.abs(lengths[found] - wanted).mean(), np.abs(lengths - wanted).mean()
    print(f"{layer}: {apart:.1f} tokens longer or shorter, by chance {chance:.1f}")

# %% [markdown]
# In our run 3.6 tokens for the bag of words and 1.3 for the hidden vectors, where chance gives 4.9. The places are in
# the hidden vectors, so their mean knows how long a sentence is, and what has the same length comes out near. BERT was
# never trained to make near what means the same. Even large ones need training for that before their sentence vectors
# are of use in a search (Reimers and Gurevych 2019).
#
# On the command line: `atento neighbours`, `atento analogy`, `atento contexts`, and `atento embed`, which also draws
# maps.
#
# ## Quiz
#
# **Two words have a cosine of 0.6. Is that much?**
#
# <details><summary>Answer</summary>
#
# Nobody can say without something to compare it with. In the input vectors different words have a cosine of about 0.1
# here, in the last layer about 0.3: the same 0.6 is more in the one than in the other. Compare cosines within a layer
# of a model only, and show that of different words beside them.
#
# </details>
#
# **Does the GPT of notebook 4 have contextual vectors, too? Is there a difference?**
#
# <details><summary>Answer</summary>
#
# It does: every layer's states. But a token's vector knows only what stands *before* it. In *banco de madeira* and
# *banco do Brasil* the vector of *banco* would be the same; BERT's would not.
#
# </details>
#
# **On the map two groups lie far apart. May I say that the model tells them apart?**
#
# <details><summary>Answer</summary>
#
# Not from the map. With PCA a gap that is seen is really there, in two of 96 dimensions, but how large it is beside all
# other differences the picture does not say; groups that overlap may be apart in the others. With t-SNE and UMAP not
# even the gap means anything. Measure it: cosines in the original space, or a classifier on held-out words.
#
# </details>
#
# ## Exercises
#
# 1. (easy) Find the neighbours of ten words of your own. In how many do they share the kind of word, in how many the
#    meaning? Does it go with how often the word occurs in `corpus.train`?
# 2. (easy) Take `WordSpace.of_vocabulary(embedder, metric="dot")`. Which words come up as neighbours of everything now,
#    and what have their vectors in common?
# 3. (medium) Draw the same map three times by t-SNE (`map_vectors(words.values, "tsne", seed=…)`, after
#    `pip install 'atento[embeddings]'`). What stays? How many nearest neighbours does it keep?
# 4. (medium) Write sentences with *passado* as in *no ano passado* and as in *o passado*, and with *foi* of *ir* and of
#    *ser*, at the same place. Which part, and in which layer? Now move the word about: what do the lower layers show?
# 5. (hard) Ask the analogies of means over contexts, `WordSpace.of_texts(embedder, texts, layer=3)`, with texts of at
#    most 64 tokens. Do the ranks get better? Compare with three seeds before you say so.
# 6. (hard) Train a linear classifier (a `torch.nn.Linear`) to tell the noun *jantar* from the verb in each layer's
#    vectors, with sentences of the corpus; test it on `corpus.test`. Is it better than looking at the word before it?
