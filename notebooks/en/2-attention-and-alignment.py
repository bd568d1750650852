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
# # 2 · Attention and alignment
#
# A translator that squeezes a whole sentence into one vector forgets (notebook 1). The cure of Bahdanau, Cho and Bengio
# (2015): keep one vector for *every* source token, and let the decoder look at all of them again before each word that
# it writes. How much it looks at each is a number between 0 and 1. Put these numbers in a table, and you see which word
# came from which: an alignment that nobody taught the model.
#
# In this notebook you will
#
# 1. see attention as **queries, keys and values**, in one small function;
# 2. follow Bahdanau's equations through a trained translator, one line of code each, and get the library's own numbers;
# 3. draw the alignment of the course's sentence, and measure how good such alignments are.
#
# It needs no network. Training takes up to two minutes on two cores the first time.

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
from atento.data.pharaoh import Alignment
from atento.evaluation.alignment import score_alignments
from atento.figures import heatmap
from atento.inspection.alignment import word_attention
from atento.inspection.corpus import align_corpus
from atento.inspection.sheet import alignment_sheet
from atento.inspection.walks import walk
from atento.nn.attention import additive_scores, attend, scaled_dot_product_scores
from atento.nn.capture import capture
from atento.text.words import words_of

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notation
#
# The course and the papers give the same things different letters. In particular, the letter $s$ changes sides: the
# course's $s_k$ is a state of the *encoder*, Bahdanau's $s_i$ one of the *decoder*.
#
# | | course | Bahdanau et al. 2015 | Luong et al. 2015 | in the code below |
# |---|---|---|---|---|
# | position in the target | $t$ | $i$ | $t$ | `step` |
# | position in the source | $k$ | $j$ | $s$ | a row of `annotations` |
# | decoder state | $h_t$ | $s_i$ | $h_t$ | `state` |
# | encoder state (annotation) | $s_k$ | $h_j$ | $\bar h_s$ | `annotations` |
# | score | $\mathrm{score}(h_t, s_k)$ | $e_{ij} = a(s_{i-1}, h_j)$ | $\mathrm{score}(h_t, \bar h_s)$ | `scores` |
# | attention weight | $\alpha_{tk}$ | $\alpha_{ij}$ | $a_t(s)$ | `weights` |
# | context | $c_t$ | $c_i$ | $c_t$ | `context` |
#
# From here on we write Bahdanau's letters.

# %% [markdown]
# ## Queries, keys and values
#
# A Python dictionary answers a **query** by comparing it with every **key**; where they are equal, it returns that
# key's **value**. The key is the bridge from the query to the value. Attention is a soft dictionary: a query matches
# every key *somewhat*, and the answer is a mixture of all values.
#
# Three steps, for one query $q$, keys $k_j$ and values $v_j$:
#
# $$e_j = \mathrm{score}(q, k_j) \qquad \alpha_j = \frac{\exp(e_j)}{\sum_l \exp(e_l)} \qquad c = \sum_j \alpha_j v_j$$
#
# The softmax in the middle makes all $\alpha_j$ positive and their sum 1, so $c$ is a weighted mean of the values.
#
# Recurrent attention can be told in these words as well: the query is the decoder's state, keys and values are both
# made of the encoder's states. That is how the course teaches it, and how this library is built: recurrent models and
# Transformers share one function, `attend`. They differ in the score only.

# %%
query = torch.tensor([1.0, 0.0])
keys = torch.tensor([[3.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
values = torch.tensor([[10.0], [20.0], [30.0]])

scores = keys @ query  # e_j = k_j · q
weights = scores.exp() / scores.exp().sum()  # α_j
context = weights @ values  # c = Σ_j α_j v_j
print("α =", [round(weight, 3) for weight in weights.tolist()], " c =", round(context.item(), 2))

library_context, library_weights = attend(scores.unsqueeze(0), values)
assert torch.allclose(weights, library_weights[0])
assert torch.allclose(context, library_context[0])

# %% [markdown]
# ### Three ways to score
#
# - **dot product** (Luong): $e_j = q \cdot k_j$. No parameters; $q$ and $k_j$ must have the same size.
# - **bilinear**, Luong's *general*: $e_j = q^\top W k_j$. The matrix $W$ translates between the two spaces.
# - **additive**, Bahdanau's: $e_j = v^\top \tanh(W q + U k_j)$, a small neural network with one hidden layer.
#
# The Transformer's score (notebook 3) is the dot product again, divided by $\sqrt{d}$.

# %%
SCORES = ["dot", "bilinear", "additive"]
W, U, v = torch.randn(4, 2), torch.randn(4, 2), torch.randn(4)

dot = torch.stack([query @ key for key in keys])
bilinear = torch.stack([query @ W.T @ U @ key for key in keys])  # any matrix will do: here WᵀU
additive = torch.stack([v @ torch.tanh(W @ query + U @ key) for key in keys])

assert torch.allclose(dot, scaled_dot_product_scores(query.unsqueeze(0), keys)[0] * 2**0.5, atol=1e-6)
assert torch.allclose(additive, additive_scores((W @ query).unsqueeze(0), keys @ U.T, v)[0], atol=1e-6)
for name, scores in zip(SCORES, (dot, bilinear, additive), strict=True):
    print(f"{name:>9}:", [round(weight, 3) for weight in scores.softmax(-1).tolist()])

# %% [markdown]
# ## A translator that attends
#
# Now a real one: a small version of Bahdanau's model, with a bidirectional GRU as encoder and a GRU as decoder, trained
# on the built-in Portuguese–Spanish corpus. Nothing in the training data says which word belongs to which.


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
run = trained(
    "attention", "demo", [*SMALL, "model.bridge=backward", "model.attention.size=64"], steps=2400, minutes=1.7
)
translator = atento.load(run)
result = translator.translate(SENTENCE, beam_size=1, attention=True)
print(result.text)

# %% [markdown]
# A model this small, taught for minutes, makes mistakes. What follows holds for good and bad translations alike: we
# want to see *how* it arrives at its words.
#
# ### The encoder: an annotation for each token
#
# One GRU reads the sentence forwards, another one backwards. The annotation of token $j$ sets their states side by side
# (Bahdanau, A.2.1), so it knows what stands before the token and what stands after it:
#
# $$h_j = [\overrightarrow{h}_j;\ \overleftarrow{h}_j]$$

# %%
model, vocabulary = translator.bundle.model, translator.bundle.vocabulary
source_tokens = translator.bundle.source_tokenizer.encode(SENTENCE)
source = torch.tensor([[*source_tokens.ids, vocabulary.eos]])

with torch.inference_mode(), capture(model, kinds=["hidden"]) as trace:
    encoding = model.encoder(source, torch.ones_like(source, dtype=torch.bool))
forward_states, backward_states = trace.layers("hidden", "encoder")  # [1, S, n] each
annotations = encoding.annotations[0]  # [S, 2n]

assert torch.allclose(annotations, torch.cat([forward_states, backward_states], dim=-1)[0], atol=1e-6)
print(source_tokens.pieces, "→", tuple(annotations.shape))

# %% [markdown]
# ### The decoder's first state
#
# $$s_0 = \tanh(W_s \overleftarrow{h}_1)$$
#
# It is made from the backward GRU's *last* state, which stands at the *first* word and has seen the whole sentence
# (A.2.2).

# %%
decoder = model.decoder
bridge = decoder.bridge.hidden[0]
first_state = torch.tanh(bridge.weight @ backward_states[0, 0] + bridge.bias)  # s_0

memory = decoder.prepare(encoding)
assert torch.allclose(first_state, memory.initial[0].hidden[0], atol=1e-5)

# %% [markdown]
# ### One look at the source
#
# Before it writes word $i$, the decoder holds its *previous* state $s_{i-1}$. That is the query. The annotations are
# the values, and $U h_j$ are the keys, made once for the sentence:
#
# $$e_{ij} = v^\top \tanh(W s_{i-1} + U h_j) \qquad \alpha_{ij} = \frac{\exp(e_{ij})}{\sum_k \exp(e_{ik})} \qquad c_i = \sum_j \alpha_{ij} h_j$$
#
# (The library adds a bias to $U h_j$, as is usual.)

# %%
layer = decoder.layers[0]
attention = layer.attention
keys = annotations @ attention.weight_key.T + attention.bias  # U h_j


def look(state):
    """α_i and c_i, given s_{i-1}."""
    query = attention.weight_query @ state  # W s_{i-1}
    scores = torch.tanh(query + keys) @ attention.vector  # e_i
    weights = scores.softmax(-1)  # α_i
    return weights, weights @ annotations  # c_i = Σ_j α_ij h_j


weights, context = look(first_state)
for label, weight in sorted(zip(result.attention.source, weights.tolist(), strict=True), key=lambda pair: -pair[1])[:4]:
    print(f"{label:>10} {weight:.3f}")

# %% [markdown]
# ### From the context to the next state and the next word
#
# The context enters the GRU beside the previous word's embedding $E y_{i-1}$:
#
# $$r_i = \sigma(W_r E y_{i-1} + U_r s_{i-1} + C_r c_i) \qquad z_i = \sigma(W_z E y_{i-1} + U_z s_{i-1} + C_z c_i)$$
# $$n_i = \tanh\big(W_n E y_{i-1} + C_n c_i + r_i \circ (U_n s_{i-1})\big) \qquad s_i = z_i \circ s_{i-1} + (1 - z_i) \circ n_i$$
#
# (biases left out; Bahdanau's $z_i$ is our $1 - z_i$, and he resets before the product with $U$.) A hidden layer and a
# softmax then predict the word:
#
# $$t_i = \tanh(U_o s_i + V_o E y_{i-1} + C_o c_i) \qquad P(y_i \mid y_{<i}, X) = \mathrm{softmax}(W_o t_i)$$
#
# (Bahdanau et al. use maxout in the place of this tanh, and their appendix reads $s_{i-1}$ instead of $s_i$.)
#
# A remark on the course's slides: they print $p(y_t, y_{<t}, X)$, which is a *joint* probability. What the decoder
# computes, and what is meant, is the *conditional* $P(y_t \mid y_{<t}, X)$: of the next word, given the words so far
# and the source.
#
# The loop below is the whole decoder. It follows the words that the library's greedy search chose, and gets the same
# probabilities and the same attention.

# %%
deep = decoder.output_layer
embed = decoder.embedding.weight  # E


def next_state(word, context, state):
    """s_i, given E y_{i-1}, c_i and s_{i-1}."""
    inputs = layer.weight_input @ word + layer.bias + layer.weight_context @ context
    recurrent = layer.weight_hidden @ state
    (r, z, n), (recurrent_r, recurrent_z, recurrent_n) = inputs.chunk(3), recurrent.chunk(3)
    r, z = torch.sigmoid(r + recurrent_r), torch.sigmoid(z + recurrent_z)
    n = torch.tanh(n + r * (recurrent_n + layer.bias_candidate))
    return z * state + (1 - z) * n


def log_probabilities(word, context, state):
    """log P(y_i | y_{<i}, X) of every word of the vocabulary."""
    hidden = deep.weight_state @ state + deep.weight_word @ word + deep.weight_context @ context + deep.bias
    return (decoder.output.weight @ torch.tanh(hidden) + decoder.output.bias).log_softmax(-1)


state, previous, rows, values = first_state, vocabulary.decoder_start, [], []
for token in result.candidates[0].ids:
    weights, context = look(state)
    state = next_state(embed[previous], context, state)
    values.append(log_probabilities(embed[previous], context, state)[token])
    rows.append(weights)
    previous = token

assert torch.allclose(torch.stack(values), torch.tensor(result.candidates[0].log_probabilities), atol=1e-4)
assert torch.allclose(torch.stack(rows), torch.from_numpy(result.attention.matrix("cross")), atol=1e-4)
print("log P(Y | X) =", round(float(sum(values)), 3))

# %% [markdown]
# The same numbers in the order in which they are made, one action a step (`position` is the token that is predicted;
# click *next*, and open the numbers below the colours):

# %%
walk(translator, "attention", SENTENCE, position=2)

# %% [markdown]
# ## The picture
#
# Stack the rows $\alpha_i$: source above, translation on the left, white where the decoder looked (Bahdanau's figure
# 3). The second picture has words instead of pieces of words: columns of one word are summed, rows averaged.

# %%
result.attention.figure()

# %%
several = translator.translate(
    [
        "A menina comprou um livro novo.",
        "Meu irmão não sabe o que é a vida.",
        "Onde fica a casa amarela da minha avó?",
        "Diga lá, o que você quer?",
    ],
    attention=True,
)
for translation in several:
    print(translation.source, "→", translation.text)
heatmap.sheet([word_attention(translation.attention) for translation in several])

# %% [markdown]
# A diagonal means that the two languages go word by word; a step off it, that they order words differently (a noun and
# its adjective, for instance); a row of grey, that the model had no need of the source or did not know where to look.
#
# ## Is the alignment right?
#
# The built-in corpus knows for each pair which words belong together. Take from every row its best source word as a
# link, and compare these links $A$ with the right ones $S$ (Och and Ney 2003; all of ours are *sure*):
#
# $$\mathrm{AER} = 1 - \frac{2\,|A \cap S|}{|A| + |S|}$$
#
# 0 is perfect. To know what a figure is worth, compare it with something trivial: here, linking every target word to
# the source word at the same relative place.

# %%
pairs = corpus.test.handwritten[: max(5, round(200 * BUDGET))]
sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
gold = [Alignment.of(pair.links) for pair in pairs]
found = align_corpus(translator, sources, targets)

shared = sum(len(links & right.sure) for links, right in zip(found, gold, strict=True))
aer = 1 - 2 * shared / sum(len(links) + len(right.sure) for links, right in zip(found, gold, strict=True))
assert abs(aer - score_alignments(found, gold).aer) < 1e-9


def diagonal(source_words, target_words):
    """Each target word linked to the source word at the same relative place."""
    return frozenset((position * source_words // target_words, position) for position in range(target_words))


lengths = [(len(words_of(source)), len(words_of(target))) for source, target in zip(sources, targets, strict=True)]
trivial = score_alignments([diagonal(*each) for each in lengths], gold).aer
print(f"AER: {100 * aer:.1f} %, of the diagonal: {100 * trivial:.1f} %")

# %% [markdown]
# Portuguese and Spanish go almost word by word, so the diagonal is a hard rival, and a small model may hardly beat it.
# Mind also what a row means: where the decoder looked in order to *predict* the word. For an article or a comma that is
# often the neighbouring word.
#
# The first few sentences, drawn with the right links (boxes) and the model's (circles where they are right, crosses
# where not):

# %%
chosen = slice(0, 4)
alignment_sheet(
    list(zip(sources, targets, strict=True))[chosen],
    found[chosen],
    gold[chosen],
    ["(a)", "(b)", "(c)", "(d)"],
    translator=translator,
)

# %% [markdown]
# ## Quiz
#
# **The weights $\alpha_i$ are a softmax. Can the decoder decide to look at *nothing*?**
#
# <details><summary>Answer</summary>
#
# No: the weights of a row always sum to 1. A model that needs nothing from the source looks somewhere harmless instead,
# often at the end token `</s>` or at a full stop. So a bright cell is not always a translation; that is one reason why
# attention is evidence, not proof, of what the model used.
#
# </details>
#
# **Could the query be $s_i$ instead of $s_{i-1}$?**
#
# <details><summary>Answer</summary>
#
# Not in Bahdanau's model: $s_i$ is computed *from* the context $c_i$, so it does not exist yet when the decoder looks.
# Luong et al. (2015) changed the order: first the state, then the look, then the word from both. Try the recipe
# `luong2015`.
#
# </details>
#
# ## Exercises
#
# 1. (easy) Translate a sentence of your own and draw its attention. Which words share one source word?
# 2. (easy) In the toy example, multiply the query by 0, by 1 and by 10. What happens to $\alpha$ and to $c$, and why?
# 3. (medium) Print the entropy $-\sum_j \alpha_{ij} \log \alpha_{ij}$ of each row beside the word that is predicted.
#    Which words make the decoder unsure where to look?
# 4. (medium) `AlignmentConfig(method="intersection")` keeps only the links in which each word is the other's best. Does
#    AER get better? And precision and recall?
# 5. (hard) Replace `look` by a bilinear score with a random $W$, and translate greedily with your own loop. What does
#    the translation look like, and what does that say about the learned score?
# 6. (hard) Train with `model.attention.kind=luong`, `model.attention.score=dot`, and compare its AER with this one. Is
#    the difference larger than that between two seeds (`training.seed=2`)?
