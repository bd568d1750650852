"""What a GPT writes, what a BERT fills in and how a classifier decides depend on no neighbour, batch size or order.

Small models of each are trained on the built-in corpus. A GPT writes on from the beginnings of its test part greedily,
with both beams (all four hypotheses compared) and by sampling; a BERT fills a gap in every sentence and judges every
sentence; a classifier tells two languages apart. All in batches of 1, 7 and 64, as they stand and shuffled. The bounds
are those of ``test_invariance``.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest

from atento.applications.classifier import TextClassifier
from atento.applications.reader import Reader, pseudo_log_probabilities
from atento.applications.writer import Continuation, Writer
from atento.data.builtin.corpus import builtin_corpus, write_builtin
from atento.decoding.configuration import DecodingConfig
from atento.training.recipe import read_recipe
from atento.training.run import train

pytestmark = pytest.mark.acceptance

TOLERANCE = 1e-4
BATCHES = ((1, True), (7, False), (7, True), (64, False), (64, True))
"""Sizes, and whether the order is another one; all are compared with one by one in order."""
COMMON = (
    "model.model_size=64", "model.num_heads=4", "model.feed_forward_size=128", "model.num_layers=2",
    "model.max_positions=64", "model.dropout=0", "tokenizer.vocab_size=800", "training.batch_tokens=1024",
    "training.learning_rate=3e-3", "training.warmup_steps=20", "training.precision=float32",
)  # fmt: skip
DECODINGS = {
    "greedy": DecodingConfig(beam_size=1),
    "beam": DecodingConfig(beam_size=4, n_best=4),
    "full-beam": DecodingConfig(beam_size=4, n_best=4, beam="full", length_penalty=0.6),
    "sampled": DecodingConfig(sampling=True, samples=3, temperature=0.9, top_p=0.95, seed=5),
}
Item = TypeVar("Item")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_builtin(folder, builtin_corpus(composed=2000))
    for part in ("train", "dev.composed"):
        rows = [f"{line}\t{side}\n" for side in ("pt", "es") for line in lines(folder / f"{part}.{side}")]
        (folder / f"{part}.tsv").write_text("".join(rows), encoding="utf-8")
    return folder


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def sentences(corpus: Path) -> list[str]:
    return of_test(corpus, "pt")


def of_test(corpus: Path, side: str) -> list[str]:
    """Sentences that the models can read."""
    every = [line for part in ("handwritten", "composed") for line in lines(corpus / f"test.{part}.{side}")]
    return [line for line in every if len(line) < 80][-400:]


def trained(corpus: Path, folder: Path, recipe: str, suffix: str, *settings: str) -> Path:
    read = read_recipe(
        recipe,
        train=[corpus / f"train.{suffix}"],
        valid=[corpus / f"dev.composed.{suffix}"],
        overrides=(*COMMON, *settings),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATENTO_CACHE", str(folder / "cache"))
        train(read, folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def writer(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Writer:
    settings = ("data.documents=line", "training.steps=450", "training.validate_every=450")
    return Writer.load(trained(corpus, tmp_path_factory.mktemp("gpt"), "gpt-small", "pt", *settings))


@pytest.fixture(scope="module")
def reader(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    settings = ("training.steps=150", "training.validate_every=150")
    return Reader.load(trained(corpus, tmp_path_factory.mktemp("bert"), "bert-small", "pt", *settings))


@pytest.fixture(scope="module")
def classifier(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> TextClassifier:
    settings = ("training.steps=60", "training.validate_every=60")
    return TextClassifier.load(trained(corpus, tmp_path_factory.mktemp("classes"), "classify", "tsv", *settings))


def in_batches(
    items: Sequence[str], size: int, shuffled: bool, work: Callable[[list[str]], Sequence[Item]]
) -> list[Item]:
    """What comes of items that are handed over so many at a time, in their own order."""
    order = list(range(len(items)))
    if shuffled:
        random.Random(size).shuffle(order)
    found: dict[int, Item] = {}
    for start in range(0, len(order), size):
        part = order[start : start + size]
        found.update(zip(part, work([items[number] for number in part]), strict=True))
    return [found[number] for number in range(len(items))]


@pytest.mark.parametrize("name", sorted(DECODINGS))
def test_writing(writer: Writer, sentences: list[str], name: str) -> None:
    """Draws belong to a text's number, so sampled texts keep their order; plans of batches mix them all the same."""
    decoding = DECODINGS[name]
    prompts = [" ".join(sentence.split()[: 1 + number % 4]) for number, sentence in enumerate(sentences)]
    if decoding.sampling:
        prompts = prompts[:150]  # each three times

    def written(size: int, shuffled: bool) -> list[tuple[Continuation, ...]]:
        def together(texts: list[str]) -> list[tuple[Continuation, ...]]:
            found = writer.write(texts, max_tokens=16, decoding=decoding, batch_size=size)
            return [each.continuations for each in found]

        return in_batches(prompts, len(prompts) if decoding.sampling else size, shuffled, together)

    alone = written(1, False)
    assert len({found[0].text for found in alone}) > len(prompts) / 8
    ties, widest = set(), 0.0
    for size, shuffled in BATCHES:
        if shuffled and decoding.sampling:
            continue
        for number, (one, other) in enumerate(zip(alone, written(size, shuffled), strict=True)):
            assert len(one) == len(other)
            for first, second in zip(one, other, strict=True):
                if first.ids != second.ids:
                    ties.add(number)
                    assert not decoding.sampling or len(ties) == 1, "a draw at the very border is a rare thing"
                if first.ids == second.ids or not decoding.sampling:
                    widest = max(widest, abs(first.total - second.total))
                    assert abs(first.total - second.total) < TOLERANCE, (prompts[number], first, second)
    print(f"{name}: {len(ties)} of {len(prompts)} prompts have ties; greatest difference of totals {widest:.1e}")
    assert len(ties) <= 1


def test_filling(reader: Reader, sentences: list[str]) -> None:
    gapped = []
    for number, sentence in enumerate(sentences):
        words = sentence.split()
        words[number % len(words)] = "[MASK]"
        gapped.append(" ".join(words))
    alone = in_batches(gapped, 1, False, reader.fill)
    assert len({tuple(each.token for each in filling.gaps[0].candidates) for filling in alone}) > len(gapped) / 8
    ties = set()
    for size, shuffled in BATCHES:
        for number, (one, other) in enumerate(zip(alone, in_batches(gapped, size, shuffled, reader.fill), strict=True)):
            for first, second in zip(one.gaps[0].candidates, other.gaps[0].candidates, strict=True):
                assert abs(first.probability - second.probability) < TOLERANCE
                if first.token != second.token:
                    ties.add(number)
    assert len(ties) <= 1


def test_pseudo_likelihood(reader: Reader, sentences: list[str]) -> None:
    tokenizer = reader.bundle.tokenizer

    def judged(texts: list[str]) -> list[list[float]]:
        return pseudo_log_probabilities(reader.bundle, tokenizer.encode_batch(texts))

    chosen = sentences[:150]
    alone = in_batches(chosen, 1, False, judged)
    for size, shuffled in BATCHES:
        for one, other in zip(alone, in_batches(chosen, size, shuffled, judged), strict=True):
            assert other == pytest.approx(one, abs=TOLERANCE)


def test_classes(classifier: TextClassifier, corpus: Path, sentences: list[str]) -> None:
    texts = [*sentences[:200], *of_test(corpus, "es")[:200]]

    def classified(some: list[str]) -> Sequence[Any]:
        return classifier.classify(list(some))

    assert len(texts) == 400
    alone = in_batches(texts, 1, False, classified)
    right = ["pt"] * 200 + ["es"] * 200
    assert sum(each.label == label for each, label in zip(alone, right, strict=True)) > 300
    for size, shuffled in BATCHES:
        for one, other in zip(alone, in_batches(texts, size, shuffled, classified), strict=True):
            assert other.probabilities == pytest.approx(one.probabilities, abs=TOLERANCE)
            assert other.label == one.label or abs(one.probabilities["pt"] - 0.5) < TOLERANCE
