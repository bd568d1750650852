"""An n-gram model with modified Kneser–Ney smoothing (Chen and Goodman 1998), over a run's own tokens.

It reads what a language model of ours reads, the same tokens and an end for every document, and predicts the same: so
nats, bits per byte and perplexities compare directly. Interpolated at every order, three discounts an order estimated
from the counts of counts, the lowest order interpolated with the uniform distribution. ::

    python -m benchmarks.kneser_ney --run RUN --train FILE… --test FILE [--documents line] [--order 5]
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from atento.bundle import load_bundle
from atento.data.documents import read_documents
from atento.data.text_files import Documents, TextFiles
from atento.text.words import segment

Gram = tuple[int, ...]


class KneserNey:
    """Learns from documents of ids; every document begins with enough of ``begin`` and ends with ``end``."""

    def __init__(self, documents: Iterable[Sequence[int]], order: int, size: int, begin: int, end: int) -> None:
        self.order, self.size, self.begin, self.end = order, size, begin, end
        counts: list[Counter[Gram]] = [Counter() for _ in range(order + 1)]
        for document in documents:
            padded = self._padded(document)
            counts[order].update(zip(*(padded[first:] for first in range(order)), strict=False))
        for length in range(order - 1, 0, -1):  # how many different tokens stand before each shorter gram
            counts[length].update(gram[1:] for gram in counts[length + 1])
        for length in range(order - 1, 1, -1):  # but before a beginning stands nothing: its grams' own counts stay
            beginnings: Counter[Gram] = Counter()
            for gram, count in counts[order].items():
                if all(token == begin for token in gram[: order - length + 1]):
                    beginnings[gram[order - length :]] += count
            counts[length] |= beginnings
        self._counts = counts
        self._discounts = [_discounts(each) for each in counts]
        self._contexts = [_contexts(each, discounts) for each, discounts in zip(counts, self._discounts, strict=True)]

    def probability(self, context: Gram, token: int) -> float:
        """P(token | context), the context being as long as ``order`` − 1."""
        probability = 1.0 / self.size
        for length in range(1, self.order + 1):
            history = context[len(context) - length + 1 :]
            known = self._contexts[length].get(history)
            if known is None:
                continue
            total, weight = known
            count = self._counts[length].get((*history, token), 0)
            discounted = max(0.0, count - self._discounts[length][min(count, 3)]) if count else 0.0
            probability = discounted / total + weight * probability
        return probability

    def nats(self, document: Sequence[int]) -> float:
        """−log P of a document with its end."""
        padded = self._padded(document)
        grams = zip(*(padded[first:] for first in range(self.order)), strict=False)
        return -math.fsum(math.log(self.probability(gram[:-1], gram[-1])) for gram in grams)

    def _padded(self, document: Sequence[int]) -> list[int]:
        return [*[self.begin] * (self.order - 1), *document, self.end]


def _discounts(counts: Counter[Gram]) -> list[float]:
    """[0, D₁, D₂, D₃₊], from how many grams occur once, twice, three and four times."""
    times = Counter(count for count in counts.values() if count <= 4)
    one, two, three, four = (times.get(number, 0) for number in (1, 2, 3, 4))
    if not (one and two and three):
        return [0.0, 0.5, 0.5, 0.5]
    part = one / (one + 2 * two)
    return [0.0, 1 - 2 * part * two / one, 2 - 3 * part * three / two, 3 - 4 * part * four / three]


def _contexts(counts: Counter[Gram], discounts: Sequence[float]) -> dict[Gram, tuple[float, float]]:
    """Context → its total count, and the weight of the shorter context."""
    totals: defaultdict[Gram, int] = defaultdict(int)
    taken: defaultdict[Gram, float] = defaultdict(float)
    for gram, count in counts.items():
        totals[gram[:-1]] += count
        taken[gram[:-1]] += discounts[min(count, 3)]
    return {context: (float(total), taken[context] / total) for context, total in totals.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--run", type=Path, required=True, help="a language model's run: its tokenizer is used")
    options.add_argument("--train", type=Path, nargs="+", required=True)
    options.add_argument("--test", type=Path, required=True)
    options.add_argument("--documents", choices=["file", "blank-line", "line"], default="file")
    options.add_argument("--order", type=int, default=5)
    chosen = options.parse_args()
    tokenizer = load_bundle(chosen.run).tokenizer
    documents: Documents = chosen.documents

    def read(path: Path) -> list[str]:
        return list(read_documents(TextFiles(text=str(path)), documents))

    train = tokenizer.encode_batch([text for path in chosen.train for text in read(path)])
    texts = read(chosen.test)
    model = KneserNey(train, chosen.order, tokenizer.size, tokenizer.bos, tokenizer.eos)
    test = tokenizer.encode_batch(texts)
    _check(model, test)
    nats, tokens = math.fsum(model.nats(document) for document in test), sum(len(document) + 1 for document in test)
    words, size = sum(len(segment(text)) for text in texts), sum(len(text.encode()) for text in texts)
    found = {
        "order": chosen.order,
        "tokens": tokens,
        "loss": nats / tokens,
        "perplexity": math.exp(nats / tokens),
        "bits_per_byte": nats / math.log(2) / size,
        "word_perplexity": math.exp(nats / words),
    }
    print(json.dumps(found))


def _check(model: KneserNey, documents: Sequence[Sequence[int]]) -> None:
    """After any context the probabilities of all tokens sum to one."""
    draw = random.Random(1)
    for _ in range(3):
        document = draw.choice([each for each in documents if len(each) >= model.order])
        place = draw.randrange(len(document) - model.order + 2)
        context = tuple(document[place : place + model.order - 1])
        total = math.fsum(model.probability(context, token) for token in range(model.size))
        assert abs(total - 1) < 1e-9, total


if __name__ == "__main__":
    main()
