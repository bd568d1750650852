"""Hypotheses and scores depend neither on the batch size, nor on the order of the inputs, nor on their neighbours.

Small translators of all families (the other models: ``test_invariance_of_texts``) are trained on the built-in corpus;
its whole test part is translated greedily and with a beam of 5 (all five hypotheses compared), in batches of 1, 7 and
64, as it stands and shuffled. In float32 the kernels round differently for different shapes: where two hypotheses
differ, their totals differ by less than 1e-4, and at most one sentence in 1,000 differs; all are listed.
"""

import random
from pathlib import Path

import pytest

from atento.applications.translator import Translation, Translator
from atento.data.builtin.corpus import builtin_corpus, write_builtin
from atento.decoding.configuration import DecodingConfig
from atento.training.recipe import read_recipe
from atento.training.run import train

pytestmark = pytest.mark.acceptance

TOLERANCE = 1e-4
FAMILIES = {
    "transformer": (
        "model.kind=transformer", "model.model_size=96", "model.num_heads=4", "model.feed_forward_size=256",
        "model.num_encoder_layers=2", "model.num_decoder_layers=2",
    ),
    "recurrent": (
        "model.kind=recurrent", "model.embedding_size=96", "model.hidden_size=128", "model.attention.kind=additive",
        "model.attention.size=96",
    ),
    "luong": (
        "model.kind=recurrent", "model.embedding_size=96", "model.hidden_size=128", "model.attention.kind=luong",
        "model.attention.window=local-p", "model.reverse_source=true", "training.steps=1200",
        "training.learning_rate=4e-3", "training.validate_every=1200",
    ),
}  # fmt: skip
"""The window of Luong's needs steps before it is on the right words; how many, depends on the processor's rounding."""
COMMON = (
    "tokenizer.vocab_size=2500", "training.steps=600", "training.batch_tokens=2048", "training.learning_rate=2e-3",
    "training.warmup_steps=100", "training.validate_every=600", "training.validation_sentences=50",
    "training.precision=float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_builtin(folder, builtin_corpus(composed=16_000))
    return folder


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def translator(request: pytest.FixtureRequest, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """A model that has learned enough to translate differently from one sentence to the next."""
    folder = tmp_path_factory.mktemp(request.param)
    recipe = read_recipe(
        "small",
        train=(corpus / "train.pt", corpus / "train.es"),
        valid=(corpus / "dev.composed.pt", corpus / "dev.composed.es"),
        overrides=(*COMMON, *FAMILIES[request.param]),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATENTO_CACHE", str(folder / "cache"))
        report = train(recipe, folder / "run")
    assert report.outcome.state.scores[-1].measures["bleu"] > 5
    return Translator.load(folder / "run")


@pytest.fixture(scope="module")
def sentences(corpus: Path) -> list[str]:
    parts = ("test.handwritten.pt", "test.composed.pt")
    return [line for part in parts for line in (corpus / part).read_text(encoding="utf-8").splitlines()]


def decode(
    translator: Translator, sentences: list[str], beam_size: int, batch_size: int, shuffled: bool
) -> list[Translation]:
    """Translations in the order of the sentences."""
    order = list(range(len(sentences)))
    if shuffled:
        random.Random(batch_size).shuffle(order)
    config = DecodingConfig(beam_size=beam_size, n_best=beam_size, batch_size=batch_size)
    found = translator.translate([sentences[number] for number in order], decoding=config)
    by_number = dict(zip(order, found, strict=True))
    return [by_number[number] for number in range(len(sentences))]


@pytest.mark.parametrize("beam_size", [1, 5])
def test_batches_and_order_change_nothing(translator: Translator, sentences: list[str], beam_size: int) -> None:
    alone = decode(translator, sentences, beam_size, 1, False)
    assert len({translation.text for translation in alone}) > len(sentences) / 4
    ties: dict[str, list[str]] = {}
    widest = 0.0
    for batch_size, shuffled in ((1, True), (7, False), (7, True), (64, False), (64, True)):
        together = decode(translator, sentences, beam_size, batch_size, shuffled)
        for one, other in zip(alone, together, strict=True):
            assert len(one.candidates) == len(other.candidates)
            for first, second in zip(one.candidates, other.candidates, strict=True):
                widest = max(widest, abs(first.total - second.total))
                assert abs(first.total - second.total) < TOLERANCE, (one.source, first, second)
                assert abs(first.score - second.score) < TOLERANCE, (one.source, first, second)
                if first.ids != second.ids:
                    where = f"batches of {batch_size}, {'shuffled' if shuffled else 'in order'}"
                    line = f"{where}: {first.text!r} {first.total:.6f}, {second.text!r} {second.total:.6f}"
                    ties.setdefault(one.source, []).append(line)
    for source, found in ties.items():
        print(source, *found, sep="\n    ")
    print(f"{len(ties)} of {len(sentences)} sentences have ties; greatest difference of totals {widest:.1e}")
    assert len(ties) <= len(sentences) / 1000
