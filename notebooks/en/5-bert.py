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
# # 5 · BERT
#
# GPT reads from left to right, because it has to predict what comes next. Whoever only wants to *understand* a text may
# look both ways: in "o banco estava …" the words that follow tell a bench from a bank. BERT (Devlin et al. 2019) is the
# Transformer's *encoder* alone. It cannot be trained to predict the next token, since it sees it; so some tokens are
# hidden, and it learns to fill the gaps.
#
# In this notebook you will
#
# 1. hide tokens as BERT does, and check the shares;
# 2. train a small BERT in Portuguese, and let it fill gaps;
# 3. compute its predictions by hand, layer by layer;
# 4. fine-tune it to tell sentences from shuffled ones, and compare with a model that was not pre-trained.
#
# It needs no network. Training takes about three minutes on two cores the first time.

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
import random

import numpy as np

from atento.data.masked_batching import MaskedBatch
from atento.data.masking import MaskingConfig, choose, hide
from atento.evaluation.classification import evaluate_classes
from atento.figures import heatmap
from atento.figures.attention import Attention
from atento.figures.confusion import confusion_figure
from atento.nn.capture import capture
from atento.text.pipeline import JOINER  # in a file, marks a sign that touches its neighbour; labels show ▪
from atento.training.objectives import MaskedObjective

SENTENCE = "E a vida o que é, diga lá, meu irmão?"

# %% [markdown]
# ## Notation
#
# | | course | Devlin et al. 2019 | in the code below |
# |---|---|---|---|
# | tokens | $x_1 \ldots x_n$ | $x$, with `[CLS]` first and `[SEP]` last | `ids`, `<s>`, `</s>` |
# | hidden token | `[MASK]` | `[MASK]` | `[MASK]`, `vocabulary.mask` |
# | all but token $k$ | $x_{\setminus k}$ | | the text with one mask |
# | encoder state | $s_k$ (Bahdanau's $h_j$) | $T_k$ | a row of `annotations` |
# | decoder state | $h_t$ (Bahdanau's $s_i$): there is none here | | |
# | the whole text in one vector | | $C$ | `annotations[0]` |


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
pretrained = trained("bert", "bert-small", [RUNS / "corpus" / "train.pt"], [*SMALL, *LEARNING], steps=1800, minutes=2.4)
reader = atento.load_reader(pretrained)
print(reader.fill("A minha [MASK] comprou um livro.").text)

# %% [markdown]
# ## Hiding tokens
#
# A language model's factors look back only; BERT's look both ways:
#
# $$\mathrm{GPT}:\ P(x_k \mid x_{<k}) \qquad \mathrm{BERT}:\ P(x_k \mid x_{\setminus k})$$
#
# In each text 15 % of the tokens are chosen, the set $M$, and the loss counts them alone:
#
# $$L = -\frac{1}{|M|} \sum_{k \in M} \log P(x_k \mid \tilde{x})$$
#
# $\tilde x$ is the text as the model gets it: of the chosen tokens 80 % become `[MASK]`, 10 % any other token, and 10 %
# stay. (Only masks would teach the model that unmasked tokens need no thought; in use there are no masks.) So of all
# tokens the masked ones are
#
# $$0.15 \cdot 0.8 = 0.12$$

# %%
tokenizer, vocabulary = reader.bundle.tokenizer, reader.bundle.vocabulary
generator = np.random.default_rng(1)
rows = generator.integers(10, vocabulary.target_size, size=(500, 100))  # 500 texts of 100 tokens
chosen = choose(np.ones_like(rows, dtype=bool), None, 0.15, generator)
hidden = hide(rows, chosen, vocabulary, MaskingConfig(), generator)

masked, changed = hidden == vocabulary.mask, (hidden != rows) & (hidden != vocabulary.mask)
assert (chosen.sum(axis=1) == 15).all()
assert abs(masked.mean() - 0.15 * 0.8) < 0.005
assert abs(changed.mean() - 0.15 * 0.1) < 0.003
assert not (masked | changed)[~chosen].any()
example = np.array([tokenizer.encode(SENTENCE).ids])
for _ in range(3):  # drawn anew each time a text is read
    drawn = choose(np.ones_like(example, dtype=bool), None, 0.15, generator)
    print(
        " ".join(
            tokenizer.label(int(token)) for token in hide(example, drawn, vocabulary, MaskingConfig(), generator)[0]
        )
    )

# %% [markdown]
# ## Filling gaps
#
# Several gaps at once are filled each on its own: no gap knows what another one was filled with.

# %%
for text in ("A [MASK] comprou um livro novo.", "Onde fica a [MASK]?"):
    print(reader.fill(text).text)

reader.fill("O meu irmão [MASK] na [MASK].", top=8)

# %% [markdown]
# ## By hand
#
# The encoder is the Transformer's (notebook 3) with these differences:
#
# - positions have learned vectors, and embeddings are not multiplied by $\sqrt d$;
# - a third vector says which of two texts a token belongs to (here always the first, $E_A$);
# - the sum of the three is normalised before the first layer;
# - in the layers normalisation comes *after* each sum, as Vaswani et al. had it, so there is none after the last layer;
# - the feed-forward network has GELU in the place of ReLU.
#
# $$X = \mathrm{LayerNorm}(E[x] + P[pos] + E_A)$$
# $$X' = \mathrm{LayerNorm}(X + \mathrm{MultiHead}(X)) \qquad X'' = \mathrm{LayerNorm}(X' + \mathrm{GELU}(X' W_1 + b_1)\, W_2 + b_2)$$
#
# A small head turns the vector of a gap into scores of tokens, with the embedding matrix $E$ again:
#
# $$P(x_k \mid x_{\setminus k}) = \mathrm{softmax}\big(\mathrm{LayerNorm}(\mathrm{GELU}(s_k W + b))\, E^\top + b_o\big) \qquad \mathrm{GELU}(x) = \frac{x}{2}\left(1 + \mathrm{erf}\frac{x}{\sqrt 2}\right)$$

# %%
encoder, head = reader.bundle.model.encoder, reader.bundle.model.head
E, P, H = encoder.embedding.tokens.weight, encoder.embedding.positions.weight, encoder.config.num_heads


def normalise(norm, X):
    """LayerNorm, each row on its own."""
    centred = X - X.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def linear(layer, X):
    """X Wᵀ + b."""
    return X @ layer.weight.T + layer.bias


def gelu(x):
    """GELU."""
    return x / 2 * (1 + torch.erf(x / math.sqrt(2)))


def multi_head(attention, X):
    """No mask: everybody sees everybody."""
    Q, K, V = linear(attention.input, X).view(len(X), 3, H, -1).permute(1, 2, 0, 3)
    weights = (Q @ K.transpose(-2, -1) / math.sqrt(Q.shape[-1])).softmax(-1)
    return linear(attention.output, (weights @ V).transpose(0, 1).flatten(1))


def annotate(ids):
    """The encoder: a vector for each token, from its whole text."""
    X = normalise(encoder.embedding_norm, E[ids] + P[: len(ids)] + encoder.types.weight[0])
    for layer in encoder.layers:
        X = normalise(layer.self_residual.norm, X + multi_head(layer.self_attention, X))
        inner = gelu(linear(layer.feed_forward.input, X))
        X = normalise(layer.feed_forward_residual.norm, X + linear(layer.feed_forward.output, inner))
    return X


def predict(ids):
    """log P of every token at every place."""
    return (normalise(head.norm, gelu(linear(head.dense, annotate(ids)))) @ E.T + head.output.bias).log_softmax(-1)


def framed(ids):
    """With BERT's first and last token."""
    return torch.tensor([vocabulary.bos, *ids, vocabulary.eos])


ids = framed(tokenizer.encode(SENTENCE).ids)
with torch.inference_mode(), capture(encoder, kinds=["weights"]) as trace:
    annotations = encoder(ids.unsqueeze(0), torch.ones(1, len(ids), dtype=torch.bool)).annotations[0]
assert torch.allclose(annotate(ids), annotations, atol=1e-3)

before, after = "A minha", "comprou um livro."
gapped = framed([*tokenizer.encode(before).ids, vocabulary.mask, *tokenizer.encode(after).ids])
place = gapped.tolist().index(vocabulary.mask)
by_hand = predict(gapped)[place].exp()
[gap] = reader.fill(f"{before} [MASK] {after}").gaps
assert all(math.isclose(by_hand[each.id], each.probability, rel_tol=1e-3) for each in gap.candidates)

# %% [markdown]
# And the loss that it was trained with, the mean over the set $M$ of a text as above:

# %%
original = framed(tokenizer.encode(SENTENCE).ids).unsqueeze(0).numpy()
words = ~np.isin(original, [vocabulary.bos, vocabulary.eos])
M = choose(words, None, 0.15, generator)
tilde = hide(original, M, vocabulary, MaskingConfig(), generator)

log_probabilities = predict(torch.tensor(tilde[0]))
L = -sum(log_probabilities[k, original[0, k]].item() for k in np.flatnonzero(M[0])) / M.sum()

batch = MaskedBatch(
    inputs=torch.tensor(tilde),
    mask=torch.ones(tilde.shape, dtype=torch.bool),
    types=None,
    chosen=torch.tensor(M),
    labels=torch.tensor(original[M]),
    follows=None,
    tokens=original.size,
)
with torch.inference_mode():
    loss = MaskedObjective()(reader.bundle.model, batch)
assert math.isclose(L, loss.total.item() / loss.count, rel_tol=1e-3)
print(f"|M| = {M.sum()}, L = {L:.3f} nats")

# %% [markdown]
# ## Both directions
#
# Change the *last* token, and the vector of the *first* one changes: the same token has another vector in another
# sentence. With GPT's mask (notebook 4) it could not. In these pictures there is light on both sides of the diagonal:

# %%
other = ids.clone()
other[-2] = vocabulary.mask
assert not torch.allclose(annotate(other)[1], annotate(ids)[1], atol=1e-4)

tokens = tokenizer.encode(SENTENCE)
record = Attention(
    source=tuple(tokenizer.piece(int(token)).replace(JOINER, "") for token in ids),
    target=(),
    source_text=SENTENCE,
    target_text="",
    source_spans=(None, *tokens.spans, None),
    target_spans=(),
    weights={"encoder": np.stack([layer[0].numpy() for layer in trace.layers("weights", "encoder")])},
)
heatmap.grid(record, role="encoder")

# %% [markdown]
# ## Judging a text
#
# BERT gives no $P(x_1 \ldots x_n)$: the factors $P(x_k \mid x_{\setminus k})$ are conditioned on each other in a
# circle, so their product is no probability of the text. It still tells usual from odd texts, and is called
# **pseudo-likelihood** (Salazar et al. 2020). Mask each token in its turn:
#
# $$PLL(x) = \sum_{k=1}^{n} \log P(x_k \mid x_{\setminus k})$$


# %%
def pseudo_log_likelihood(text):
    """PLL, one mask at a time."""
    ids, total = framed(tokenizer.encode(text).ids), 0.0
    for place in range(1, len(ids) - 1):
        one_hidden = ids.clone()
        one_hidden[place] = vocabulary.mask
        total += predict(one_hidden)[place, ids[place]].item()
    return total


for text in ("A menina comprou um livro novo.", "A menina comprou uma livro novo.", "Livro a novo menina um comprou."):
    value = pseudo_log_likelihood(text)
    assert math.isclose(value, reader.score(text).total, rel_tol=1e-3)
    print(f"{value:8.2f}  {text}")

# %% [markdown]
# ## Fine-tuning
#
# Pre-training is done once, with text that nobody labelled. For a task one linear layer is put on the first token's
# vector $C$, and everything goes on learning from labelled examples:
#
# $$P(\mathrm{class} \mid x) = \mathrm{softmax}\big(\tanh(C\, W_p + b_p)\, W + b\big)$$
#
# The task: has somebody shuffled the words of this sentence? (The first and the last word stay, so that the capital
# letter and the full stop tell nothing.) It is a small cousin of the acceptability task that the BERT paper uses, and
# needs nobody to label it. The same sentences are shown to the pre-trained BERT and to the same network with random
# weights. On the command line this is `atento train classify --train labelled.tsv --from RUN`.


# %%
CLASSES, STARTS = ["intact", "shuffled"], ["pre-trained", "from scratch"]


def moved(words, generator):
    """The words in another order: chance alone would leave three as they are once in six times."""
    order = words.copy()
    while order == words:
        generator.shuffle(order)
    return order


def labelled(pairs, seed):
    """Every second sentence as it is, the others with their inner words shuffled."""
    generator, found = random.Random(seed), []
    for number, pair in enumerate(pairs):
        first, *inner, last = pair.source.split()
        if len(inner) > 2 and len(set(inner)) > 1:
            words = moved(inner, generator) if number % 2 else inner
            found.append((" ".join([first, *words, last]), CLASSES[number % 2]))
            assert (words == inner) == (found[-1][1] == CLASSES[0])
    return found


train_file = RUNS / f"{CLASSES[1]}-{BUDGET}.tsv"
sentences = [pair for pair in corpus.train.handwritten if len(pair.source.split()) > 1][: max(40, round(3193 * BUDGET))]
train_file.write_text("".join(f"{text}\t{label}\n" for text, label in labelled(sentences, 1)), encoding="utf-8")
FINE = [
    "training.batch_tokens=1024",
    "training.learning_rate=5e-4",
    "training.warmup_steps=20",
    "training.precision=float32",
]
same_tokenizer = f"data.tokenizer={(pretrained / 'bundle' / 'tokenizer.json').absolute()}"
fine_tuned = atento.load_classifier(
    trained(CLASSES[1], "classify", [train_file], FINE, steps=600, minutes=0.5, start=pretrained)
)
from_scratch = atento.load_classifier(
    trained(f"{CLASSES[1]}-scratch", "classify", [train_file], [*SMALL, *FINE, same_tokenizer], steps=600, minutes=0.5)
)

held_out = [pair for pair in corpus.test.handwritten if len(pair.source.split()) > 1]
test = labelled(held_out if BUDGET >= 1 else held_out[:20], 2)
right = [CLASSES.index(label) for _, label in test]
reports = {}
for name, classifier in zip(STARTS, (fine_tuned, from_scratch), strict=True):
    guessed = [CLASSES.index(each.label) for each in classifier.classify([text for text, _ in test])]
    reports[name] = evaluate_classes(right, guessed, CLASSES, resamples=0)
    assert math.isclose(reports[name].accuracy, np.mean(np.equal(right, guessed)))
    print(f"{name:>12}: {100 * reports[name].accuracy:.1f} %")
confusion_figure(reports[STARTS[0]].confusion, CLASSES)

# %% [markdown]
# The classifier's own probabilities, by hand:

# %%
body, output = fine_tuned.bundle.model.body, fine_tuned.bundle.model.output
encoder = body.encoder  # fine-tuning changed these weights, too
E, P = encoder.embedding.tokens.weight, encoder.embedding.positions.weight

text = "A livro um novo menina comprou."
summary = torch.tanh(linear(body.pooler.dense, annotate(framed(tokenizer.encode(text).ids))[0]))
probabilities = linear(output, summary).softmax(-1)
classification = fine_tuned.classify(text)
for name, probability in zip(fine_tuned.bundle.classes, probabilities.tolist(), strict=True):
    assert math.isclose(probability, classification.probabilities[name], abs_tol=1e-3)
    print(f"{text}: {name} {probability:.3f}")

# %% [markdown]
# Guessing gives 50 %. One run each proves little: with another seed or other sentences the figures move by some
# points. Before you believe a difference, repeat it with several seeds (exercise 4).
#
# ## Quiz
#
# **Why can BERT not simply be trained to predict the next token, as GPT is?**
#
# <details><summary>Answer</summary>
#
# It looks at all tokens, so it sees the next one: the task would be copying. Either a mask hides the future (GPT), or
# some tokens are hidden from everybody (BERT). The price of the second way: only 15 % of the tokens give a loss at each
# pass, so learning takes longer.
#
# </details>
#
# **Can BERT write a text?**
#
# <details><summary>Answer</summary>
#
# Not well. It has no $P(x_t \mid x_{<t})$, only $P(x_k \mid x_{\setminus k})$, and never learned to go on where a text
# ends. Filling masks one by one from left to right gives texts of a sort, but each gap is filled for a sentence whose
# end is already there.
#
# </details>
#
# ## Exercises
#
# 1. (easy) Find a gap where both sides matter: fill *O gato [MASK] na cozinha.*, then change the word before it, then
#    one after it. What changes?
# 2. (easy) Give *Amigos [MASK].* to the model. What does it lack to find *inimagináveis*? (Notebook 6.)
# 3. (medium) Compare pseudo-likelihoods of right and wrong agreement (*as meninas comprou*) in ten pairs of your own.
#    In how many does the right one win?
# 4. (medium) Draw accuracy over the number of labelled sentences (200, 800, 3,200) for both starts, each with three
#    seeds (`training.seed`). Where does pre-training help most?
# 5. (hard) Train with `training.masking.whole_words=true`, equally long. Is filling *words* of several pieces easier or
#    harder, and why?
# 6. (hard) Fine-tune the GPT of notebook 4 on the same sentences (`start=`). Which of the two is better, and is that
#    larger than the difference between three seeds?
