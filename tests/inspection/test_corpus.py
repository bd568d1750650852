"""Corpora are aligned pair by pair, whatever the chunks; empty sides have no links."""

import random

import pytest

from atento.applications.translator import Translator
from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import DataError
from atento.core.progress import Silent
from atento.data.pharaoh import Alignment
from atento.evaluation.alignment import score_alignments, score_variants
from atento.inspection import corpus
from atento.inspection.alignment import AlignmentConfig, Head, links
from atento.models.build import build_model
from atento.models.recurrent import AdditiveAttentionConfig, NoAttention, RecurrentConfig
from atento.models.transformer import TransformerConfig
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer

WORDS = ["a", "vida", "é", "bela", "o", "que", "nosso", "irmão", "diga", "lá", "onde", "fica", "estação"]
MODELS = {
    "transformer": TransformerConfig(
        model_size=16, num_heads=2, feed_forward_size=16, num_encoder_layers=1, num_decoder_layers=3,
        position="learned", max_positions=60,
    ),
    "recurrent": RecurrentConfig(embedding_size=8, hidden_size=8, attention=AdditiveAttentionConfig(size=4)),
    "plain": RecurrentConfig(embedding_size=8, hidden_size=8, attention=NoAttention()),
}  # fmt: skip


def sentences(count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 7))) for _ in range(count)]


@pytest.fixture(scope="module")
def translators() -> dict[str, Translator]:
    tokenizer = train_tokenizer(sentences(60, 1), TokenizerConfig(vocab_size=40, min_frequency=1, byte_fallback=False))
    vocabulary = vocabulary_of(tokenizer, tokenizer)
    return {
        name: Translator(
            Bundle(
                model=build_model(config, vocabulary, seed=3).eval(),
                model_config=config,
                source_tokenizer=tokenizer,
                target_tokenizer=tokenizer,
            )
        )
        for name, config in MODELS.items()
    }


SOURCES = [*sentences(5, 2), "", "a vida", *sentences(3, 4)]
TARGETS = [*sentences(5, 3), "é", " ", *sentences(3, 5)]
EMPTY = (5, 6)


class Counting(Silent):
    def __init__(self) -> None:
        self.total, self.done = 0.0, 0.0

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        self.total = total or 0.0

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        self.done += amount


@pytest.mark.parametrize("family", ["transformer", "recurrent"])
@pytest.mark.parametrize("chunk", [1, 4, 512])
def test_each_pair_is_aligned_as_it_would_be_alone(
    translators: dict[str, Translator], family: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "_CHUNK", chunk)
    config, counting = AlignmentConfig(method="threshold", threshold=0.14), Counting()
    found = corpus.align_corpus(translators[family], SOURCES, TARGETS, config, progress=counting)
    assert counting.done == counting.total == len(SOURCES)
    for number, pair in enumerate(zip(SOURCES, TARGETS, strict=True)):
        if number in EMPTY:
            assert found[number] == frozenset()
        else:
            (record,) = translators[family].explain([pair[0]], [pair[1]])
            assert found[number] == links(record, config)
    assert any(found)


@pytest.mark.parametrize(("family", "layers", "heads"), [("transformer", 3, [0, 1, "mean"]), ("recurrent", 1, [0])])
def test_one_pass_scores_every_head(
    translators: dict[str, Translator], family: str, layers: int, heads: list[int | str]
) -> None:
    gold = [Alignment() if number in EMPTY else Alignment.of([(0, 0)]) for number in range(len(SOURCES))]
    scores = score_variants(corpus.align_heads(translators[family], SOURCES, TARGETS), gold)
    rows = ("predicted", "input")
    assert list(scores) == [Head(row, layer, head) for row in rows for layer in range(layers) for head in heads]  # type: ignore[arg-type]
    for head, score in scores.items():
        config = AlignmentConfig(rows=head.rows, layer=head.layer, head=head.head)
        assert score == score_alignments(corpus.align_corpus(translators[family], SOURCES, TARGETS, config), gold)


def test_what_cannot_be_aligned(translators: dict[str, Translator]) -> None:
    with pytest.raises(DataError, match="2 sources and 1 targets"):
        corpus.align_corpus(translators["transformer"], ["a", "a"], ["a"])
    with pytest.raises(DataError, match=r"line 4 has .* at most 60"):
        corpus.align_corpus(translators["transformer"], ["a", "", "a", "a vida " * 40], ["a"] * 4)
    with pytest.raises(DataError, match="no cross attention"):
        corpus.align_corpus(translators["plain"], ["a"], ["a"])
