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
# # 6 · Tokenizers
#
# A network computes with numbers, so a text must become a sequence of them first. The obvious way, a number for every
# word, fails with the first word that training did not show: *inimagináveis* ("unimaginable", plural) is formed by
# rule, every speaker understands it, and no list has it.
#
# In this notebook you will
#
# 1. measure how often a list of words fails;
# 2. learn byte-pair encoding step by step, and check each merge against the library;
# 3. cut **amigos inimagináveis** with six kinds of tokenizer, three of them by hand;
# 4. see what the size of a vocabulary buys.
#
# It needs no network and trains no network: a minute is enough.

# %%
# %matplotlib inline
import json
import math
import os
import re
from collections import Counter
from itertools import pairwise

from atento.data.builtin.corpus import builtin_corpus
from atento.figures.charts import Interval
from atento.figures.lines import Scales, Series, lines
from atento.text.configuration import TokenizerConfig
from atento.text.opened.opening import open_trained
from atento.text.traces.lanes import Lanes
from atento.text.traces.summary import summarize
from atento.text.traces.trace import trace
from atento.text.training import train_tokenizer

BUDGET = float(os.environ.get("ATENTO_NOTEBOOK_BUDGET", "1"))  # below 1: fewer vocabularies, for a quick look

corpus = builtin_corpus(composed=0)
SIZE = 2000 if BUDGET >= 1 else 500  # entries of a vocabulary
texts = [pair.source for pair in corpus.train.handwritten][: 4000 if BUDGET >= 1 else 400]  # Portuguese
unseen = [pair.source for pair in corpus.test.handwritten]
WORDS = "amigos inimagináveis"
print(len(texts), "sentences to learn from,", len(unseen), "to measure with")

# %% [markdown]
# ## Notation
#
# | | course | papers | in the code below |
# |---|---|---|---|
# | unknown word | UNK | UNK, `<unk>` | `<unk>`, `tokenizer.unk` |
# | what is numbered | token | symbol (Sennrich), word piece, sentence piece | `piece`, its `id` |
# | all tokens | vocabulary $V$ | $V$ | `tokenizer.size` |
# | a word's beginning | a space before it | `▁` (SentencePiece), `Ġ` (GPT-2), no mark (BERT) | `▁` |
# | a word's continuation | | `@@` (Sennrich), `##` (BERT) | `##` (wordpiece) |
# | a merge | $(a, b) \to ab$ | $(a, b) \to ab$ | `(left, right)` |

# %% [markdown]
# ## A list of words, and UNK
#
# Take the 2,000 most frequent words; everything else becomes the one token `<unk>`. The model then cannot read these
# words, and, worse, cannot write them: a translator prints `<unk>`. Of $T$ tokens of a text, $T_{\mathrm{UNK}}$ are
# unknown; their share is
#
# $$u = \frac{T_{\mathrm{UNK}}}{T}$$

# %%
word = train_tokenizer(texts, TokenizerConfig(kind="word", vocab_size=SIZE))
ids = [number for text in unseen for number in word.encode(text).ids]
summary = summarize(open_trained(word), unseen)
assert (ids.count(word.unk), len(ids)) == (summary.unknown, summary.tokens)
print(f"UNK: {100 * ids.count(word.unk) / len(ids):.1f} %")
print(WORDS, "→", word.decode(word.encode(WORDS).ids))

# %% [markdown]
# The other extreme is a number for each character. Then hardly anything is unknown, but a sentence becomes five times
# as long, and a Transformer pays for length squared (notebook 3). Between both lie **subwords**: frequent words stay
# whole, rare ones are spelled in pieces.
#
# ## Byte-pair encoding, learned
#
# Sennrich, Haddow and Birch (2016): begin with characters. Find the pair of neighbours $(a, b)$ that is most frequent
# in the training text, and make it one new symbol. Repeat, until the vocabulary has the size that you want:
#
# $$(a^*, b^*) = \arg\max_{(a, b)} \mathrm{count}(a, b)$$
#
# Merges never cross a word's border. So it is enough to count each distinct word once, with its frequency. A word
# carries the space before it.


# %%
def chunks(text):
    """Words with the space before them; digits and signs apart."""
    return re.findall(r" ?[^\W\d_]+| ?\d| ?[^\s\w]+", f" {text}")


def merge(symbols, pair):
    """Every (a, b) → ab."""
    merged, place = [], 0
    while place < len(symbols):
        together = tuple(symbols[place : place + 2]) == pair
        merged.append("".join(pair) if together else symbols[place])
        place += 2 if together else 1
    return merged


def pair_counts(words):
    """count(a, b) over all words, each as often as it occurs."""
    counts = Counter()
    for symbols, frequency in words:
        for pair in pairwise(symbols):
            counts[pair] += frequency
    return counts


frequencies = Counter(chunk for text in texts for chunk in chunks(text))
bpe = train_tokenizer(texts, TokenizerConfig(kind="bpe", vocab_size=SIZE))
merges = [tuple(pair) for pair in json.loads(bpe.to_json())["model"]["merges"]]

words = [(list(chunk), frequency) for chunk, frequency in frequencies.items()]
for left, right in merges[:25]:
    counts = pair_counts(words)
    assert counts[left, right] == max(counts.values())  # the library's merge is the argmax
    print(f"{(left + right).replace(' ', '▁')}({counts[left, right]})", end=" ")
    words = [(merge(symbols, (left, right)), frequency) for symbols, frequency in words]
print()

# %% [markdown]
# ### Cutting a new text
#
# The same merges in the same order, on a word that training never saw:


# %%
def encode_bpe(text):
    """All merges in the order in which they were learned."""
    pieces = []
    for chunk in chunks(text):
        symbols = list(chunk)
        for pair in merges:
            symbols = merge(symbols, pair)
        pieces += symbols
    return tuple(pieces)


assert encode_bpe(WORDS) == bpe.encode(WORDS).pieces
trace(open_trained(bpe), WORDS, steps=True)

# %% [markdown]
# *amigos* is frequent and stayed whole. The rare word is in pieces, but nothing is lost. The pieces follow frequency,
# not grammar: a linguist would cut *in-imagin-á-veis*.
#
# The course's slide cuts the same words with GPT-2's vocabulary and gets nine tokens, 321 328 418 287 320 23183 6557
# 303 271: fifty thousand entries, but learned from English. A vocabulary fits the texts that it was learned from.
#
# ## WordPiece: the longest piece that fits
#
# BERT's tokenizer keeps no merges, only a vocabulary. It takes from the word's beginning the longest entry, then goes
# on with what is left (pieces inside a word are written with `##`). A word that cannot be finished becomes `<unk>` as a
# whole. With $r$ for what is left of the word, and $r'$ for what is left after the piece:
#
# $$p^* = \arg\max_{p\, \in V:\ r = p\,r'} |p|$$

# %%
wordpiece = train_tokenizer(texts, TokenizerConfig(kind="wordpiece", vocab_size=SIZE))
entries = {wordpiece.piece(number) for number in range(wordpiece.size)}


def longest_matches(word):
    """Greedily from left to right."""
    pieces, rest = [], word
    while rest:
        candidates = [rest[:stop] for stop in range(len(rest), 0, -1)]
        marked = [candidate if not pieces else f"##{candidate}" for candidate in candidates]
        found = next((candidate for candidate in marked if candidate in entries), None)
        if found is None:
            return ["<unk>"]
        pieces.append(found)
        rest = rest[len(found.removeprefix("##")) :]
    return pieces


assert tuple(piece for word in WORDS.split() for piece in longest_matches(word)) == wordpiece.encode(WORDS).pieces
trace(open_trained(wordpiece), WORDS, steps=True)

# %% [markdown]
# ## Unigram: the most probable cut
#
# Kudo (2018) gives every piece a probability. The probability of a cut $x = x_1 \ldots x_m$ of a word is the product of
# its pieces' probabilities, and the best of all cuts is taken:
#
# $$x^* = \arg\max_x \sum_{i=1}^{m} \log P(x_i)$$
#
# There are $2^{n-1}$ cuts of $n$ letters, but they need not be tried one by one (Viterbi): the best cut of the first
# $j$ letters ends with some piece $[i, j)$, and what stands before it is the best cut of the first $i$.
#
# $$\mathrm{best}(j) = \max_{i < j}\ \mathrm{best}(i) + \log P(\mathrm{text}[i:j])$$

# %%
unigram = train_tokenizer(texts, TokenizerConfig(kind="unigram", vocab_size=SIZE))
log_probability = dict(json.loads(unigram.to_json())["model"]["vocab"])


def most_probable(chunk):
    """The best cut, and its log-probability."""
    best = [(0.0, ())]
    for stop in range(1, len(chunk) + 1):
        ends = [
            (best[start][0] + log_probability[chunk[start:stop]], (*best[start][1], chunk[start:stop]))
            for start in range(stop)
            if chunk[start:stop] in log_probability
        ]
        best.append(max(ends, default=(-math.inf, ())))
    return best[-1]


cuts = [most_probable(chunk) for chunk in chunks(WORDS)]
assert tuple(piece for _, pieces in cuts for piece in pieces) == unigram.encode(WORDS).pieces
for value, pieces in cuts:
    print(f"log P = {value:7.2f}", [piece.replace(" ", "▁") for piece in pieces])

# %% [markdown]
# ## Bytes: nothing is ever unknown
#
# A character that training never saw, an emoji say, has no entry in any of these vocabularies. But every text is bytes
# in the end, and there are only 256 of them. Byte-level BPE (GPT-2) merges bytes instead of characters; `bpe` and
# `unigram` here fall back on single bytes.
#
# UTF-8 writes a character from U+0080 to U+07FF in two bytes $b_1 b_2$, of which the first begins with the bits 110 and
# the second with 10. Its number $U$ is then
#
# $$U = 64\,(b_1 - 192) + (b_2 - 128)$$

# %%
first, second = "á".encode()
assert 64 * (first - 192) + (second - 128) == ord("á")
print(f"á = U+{ord('á'):04X} = {first:02X} {second:02X}")

byte_bpe = train_tokenizer(texts, TokenizerConfig(kind="byte-bpe", vocab_size=SIZE))
char = train_tokenizer(texts, TokenizerConfig(kind="char", vocab_size=SIZE))
kinds = {"word": word, "char": char, "bpe": bpe, "byte-bpe": byte_bpe, "wordpiece": wordpiece, "unigram": unigram}
lanes = Lanes(traces=tuple(trace(open_trained(each, name), f"{WORDS} 😀") for name, each in kinds.items()))
for shown, tokenizer in zip(lanes.traces, kinds.values(), strict=True):
    assert shown.exact == (tokenizer.encode(f"{WORDS} 😀").ids.count(tokenizer.unk) == 0)
lanes

# %% [markdown]
# Each token knows which bytes of the raw text it stands for, so its picture can be drawn and its alignment found,
# whatever the pieces look like. Here with the bytes of *inimagináveis*, where `á` takes two:

# %%
raw = WORDS.encode()
tokens = bpe.encode(WORDS)
for number, piece, (start, stop) in zip(tokens.ids, tokens.pieces, tokens.spans, strict=True):
    print(f"{number:>5} {piece.replace(' ', '▁'):<8} {raw[start:stop].hex(' ')}")
assert b"".join(raw[start:stop] for start, stop in tokens.spans) == raw

# %% [markdown]
# ## What does the size of a vocabulary buy?
#
# A larger vocabulary makes shorter sequences, but a larger embedding matrix and softmax, and rarer tokens that are
# harder to learn. Measured on sentences that were not trained on, as tokens per word (*fertility*, $T$ tokens for $W$
# words):
#
# $$f = \frac{T}{W}$$

# %%
sizes = (400, 700, 1200, 2000, 3500) if BUDGET >= 1 else (400, 600)


def fertility(kind, size):
    """Tokens per word of the unseen sentences."""
    summary = summarize(open_trained(train_tokenizer(texts, TokenizerConfig(kind=kind, vocab_size=size))), unseen)
    assert summary.tokens_per_word == summary.tokens / summary.words
    return Interval(summary.tokens_per_word)


lines(
    [
        Series(kind, sizes, tuple(fertility(kind, size) for size in sizes))
        for kind in ("bpe", "byte-bpe", "wordpiece", "unigram")
    ],
    Scales(x="entries of the vocabulary", y="tokens per word", logarithmic_x=True, ticks_at_data=True),
)

# %% [markdown]
# (`bpe` and `unigram` spend 256 entries on single bytes, hence their late start.)
#
# ## Quiz
#
# **What to do with unknown words?**
#
# <details><summary>Answer</summary>
#
# Do not have any: cut text into subwords (BPE, WordPiece, Unigram), so that a rare word becomes several known pieces;
# with bytes at the bottom even an emoji is spelled. Older answers: one token UNK for all of them, with the source word
# copied over it where attention points to (Luong et al. 2015); or characters, which make sequences long.
#
# </details>
#
# **Two language models have perplexities of 20 and 30 per token. Is the first one better?**
#
# <details><summary>Answer</summary>
#
# Nobody can say, if their tokenizers differ: shorter tokens are easier to predict, each of them. Compare bits per byte,
# which count the same text (`atento evaluate` prints them).
#
# </details>
#
# ## Exercises
#
# 1. (easy) Cut your own name, *saudade*, *otorrinolaringologista* and a Spanish sentence with all six. Which is cut
#    finest, and why?
# 2. (easy) Train `bpe` on the Spanish sides (`pair.target`). How many tokens does *amigos inimagináveis* have now?
# 3. (medium) Write `decode_bpe`. When is `decode(encode(text)) == text`? Try two spaces in a row, an accent as its own
#    character (`"a\u0301"`), and every kind; then read `tokenizer.losses`.
# 4. (medium) Zipf's law: plot the frequency of words over their rank, both axes logarithmic. How many words occur once?
#    What does that say about lists of words?
# 5. (hard) `pair_counts` reads all words again for each merge. Update only the pairs that a merge touches, and learn
#    1,500 merges. Compare with all of the library's (mind ties).
# 6. (hard) Sample cuts instead of taking the best: with probability proportional to $\prod_i P(x_i)$ (Kudo's subword
#    regularisation). Hint: sum over cuts where `most_probable` takes the maximum, then draw from the end.
