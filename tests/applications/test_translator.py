"""Raw text in and out: invariant to batches, in the user's order, with what is odd about an input said plainly."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import get_args

import msgspec
import numpy as np
import pytest

from atento.applications.translator import Translation, Translator
from atento.bundle import save_bundle
from atento.core.errors import AtentoError, BundleError, ConfigurationError, DataError
from atento.decoding.configuration import DecodingConfig
from atento.decoding.hypothesis import Step
from atento.models.recurrent import LuongAttentionConfig
from atento.nn.luong import Score, Window
from atento.text.tokenizer import Tokenizer

FAMILIES = ["transformer", "recurrent", "learned", "plain", "luong", "location"]
Pieces = tuple[tuple[int, ...], ...]


@pytest.fixture(params=FAMILIES)
def translator(request: pytest.FixtureRequest, translators: dict[str, Translator]) -> Translator:
    return translators[request.param]


def ids(translations: Sequence[Translation]) -> list[Pieces]:
    return [tuple(candidate.ids for candidate in translation.candidates) for translation in translations]


def totals(translation: Translation) -> list[float]:
    return [candidate.total for candidate in translation.candidates]


def one_line(error: AtentoError) -> str:
    assert "\n" not in str(error)
    return str(error)


@pytest.mark.parametrize("search", ["greedy", "beam", "sampling"])
def test_batch_size_order_and_neighbours_change_nothing(translator: Translator, tiny: ModuleType, search: str) -> None:
    """In float32; where two differ their totals must differ by less than 1e-4, and that almost never."""
    texts = tiny.sentences(64)
    options: dict[str, object] = {
        "greedy": {"beam_size": 1},
        "beam": {"beam_size": 5, "n_best": 2},
        "sampling": {"sampling": True, "samples": 2, "seed": 4, "beam_size": 1},
    }[search]
    settings = msgspec.structs.replace(tiny.SHORT, **options)
    shuffled = list(range(64))
    random.Random(3).shuffle(shuffled)

    def run(order: list[int], size: int) -> list[Translation]:
        decoding = msgspec.structs.replace(settings, batch_size=size)
        found = translator.translate([texts[number] for number in order], decoding=decoding)
        return [translation for _, translation in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]

    wanted, ties = run(list(range(64)), 64), 0
    assert len(set(ids(wanted))) > 10, "the models must not say the same of everything"
    # what is drawn depends on an input's number, so sampling is compared in one order
    runs = [run(list(range(64)), 1), run(list(range(64)), 7)]
    if search != "sampling":
        runs += [run(shuffled, 64), run(shuffled, 7)]
    for found in runs:
        for translation, other in zip(wanted, found, strict=True):
            assert translation.source == other.source
            assert totals(translation) == pytest.approx(totals(other), abs=1e-4)
            ties += ids([translation]) != ids([other])
    assert ties <= 1


@pytest.fixture(scope="module")
def pieces(tiny: ModuleType) -> Tokenizer:
    return tiny.tokenizer()


@pytest.mark.parametrize("input_feeding", [True, False])
@pytest.mark.parametrize("window", get_args(Window))
@pytest.mark.parametrize("score", get_args(Score))
def test_every_score_and_window_of_luongs_is_invariant_to_the_batch(
    tiny: ModuleType, pieces: Tokenizer, score: Score, window: Window, input_feeding: bool
) -> None:
    """Sentences longer than the window and shorter ones; what is attended to is the same as well."""
    attention = LuongAttentionConfig(
        score=score, window=window, half_width=2, input_feeding=input_feeding, max_source_length=40
    )
    config = msgspec.structs.replace(tiny.CONFIGS["luong"], attention=attention)
    translator = Translator(tiny.bundle_of(config, pieces, pieces))
    texts = tiny.sentences(14)
    order = random.Random(3).sample(range(14), 14)
    settings = msgspec.structs.replace(tiny.SHORT, beam_size=3, max_length=8)

    def run(order: Sequence[int], size: int) -> list[Translation]:
        decoding = msgspec.structs.replace(settings, batch_size=size)
        found = translator.translate([texts[number] for number in order], decoding=decoding, attention=True)
        return [translation for _, translation in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]

    wanted, ties = run(range(14), 14), 0
    assert len(set(ids(wanted))) > 5, "the models must not say the same of everything"
    for found in (run(range(14), 1), run(order, 4)):
        for translation, other in zip(wanted, found, strict=True):
            assert totals(translation) == pytest.approx(totals(other), abs=1e-4)
            if ids([translation]) != ids([other]):
                ties += 1
                continue
            assert translation.attention is not None
            assert other.attention is not None
            np.testing.assert_allclose(translation.attention.array(), other.attention.array(), atol=1e-5)
    assert ties <= 1


def test_a_candidate_says_what_it_is_made_of(translator: Translator, tiny: ModuleType) -> None:
    tokenizer = translator.bundle.target_tokenizer
    for translation in translator.translate(tiny.sentences(8), beam_size=4, n_best=4):
        assert 1 <= len(translation.candidates) <= 4
        assert len(set(ids([translation])[0])) == len(translation.candidates)
        ranks = [(not candidate.finished, -candidate.score) for candidate in translation.candidates]
        assert ranks == sorted(ranks)
        for candidate in translation.candidates:
            assert candidate.finished is (candidate.ids[-1] == tokenizer.eos)
            assert candidate.text == tokenizer.decode(candidate.ids)
            assert candidate.tokens == tuple(tokenizer.label(token) for token in candidate.ids)
            assert len(candidate.log_probabilities) == len(candidate.ids) <= tiny.SHORT.max_length
            assert candidate.total == pytest.approx(sum(candidate.log_probabilities), abs=1e-4)
            assert candidate.score == pytest.approx(candidate.total / len(candidate.ids), abs=1e-4)
            assert candidate.attention is None
        assert translation.text == translation.candidates[0].text


def test_one_text_or_many(translator: Translator) -> None:
    single = translator.translate("a vida é bela")
    assert isinstance(single, Translation)
    assert (
        ids(translator.translate(["a vida é bela"])) == ids(translator.translate(("a vida é bela",))) == ids([single])
    )
    assert translator.translate([]) == []
    assert translator.translate([], prefixes=[], attention=True) == []


@pytest.mark.parametrize("attention", [False, True])
def test_an_empty_line_stays_an_empty_line_in_its_place(translator: Translator, attention: bool) -> None:
    texts = ["", "a vida", "   ", "\t\u3000", "bela", ""]
    found = translator.translate(texts, attention=attention)
    assert [translation.source for translation in found] == texts
    assert [bool(translation.candidates) for translation in found] == [False, True, False, False, True, False]
    assert [translation.text for translation in found if not translation.candidates] == [""] * 4
    assert found[0].attention is None
    assert ids([found[1], found[4]]) == ids(translator.translate(["a vida", "bela"]))
    assert translator.translate("") == Translation(source="", candidates=())


def test_a_line_of_a_megabyte_is_refused_at_once_and_named(translators: dict[str, Translator]) -> None:
    with pytest.raises(DataError) as caught:
        translators["transformer"].translate(["a vida", "x" * 2**20])
    message = one_line(caught.value)
    assert "line 2 has 1,048,576 characters" in message
    stream = translators["transformer"].translate_stream([["a"], ["b", "é" * 10_001]], decoding=DecodingConfig())
    assert next(stream).source == "a"
    with pytest.raises(DataError, match="line 3 has 10,001 characters"):
        next(stream)


def test_learned_positions_end_a_hypothesis_and_refuse_a_source(
    translators: dict[str, Translator], tiny: ModuleType
) -> None:
    """40 positions: as many tokens may be written, whatever the settings say, and read."""
    learned = translators["learned"]
    model = learned.bundle.model
    settings = DecodingConfig(beam_size=1, max_length_extra=100)
    never = replace(
        learned.bundle, model=tiny.build_model(learned.bundle.model_config, model.vocabulary, seed=1).eval()
    )
    never.model.load_state_dict(model.state_dict())
    never.model.decoder.output.bias.data[3] = -1e9
    (candidate,) = Translator(never).translate("a vida", decoding=settings, attention=True).candidates
    assert len(candidate.ids) == 40
    assert not candidate.finished
    assert candidate.attention is not None
    size = len(learned.bundle.source_tokenizer.encode("vida").ids)
    longest = " ".join(["vida"] * (39 // size))
    assert learned.translate(longest).candidates
    for call in (
        lambda: learned.translate(["bela", longest + " a a a a a"]),
        lambda: learned.explain(["bela", longest + " a a a a a"], ["a", "a"]),
        lambda: learned.explain(["bela", "a"], ["a", longest + " a a a a a"]),
    ):
        with pytest.raises(DataError, match=r"line 2 has \d+ tokens .* at most 40") as caught:
            call()
        one_line(caught.value)


def test_attention_by_location_limits_the_source_alone(translators: dict[str, Translator]) -> None:
    location = translators["location"]
    size = len(location.bundle.source_tokenizer.encode("vida").ids)
    longest = " ".join(["vida"] * (39 // size))
    assert location.translate(longest).candidates
    (record,) = location.explain(["bela"], [longest + " a a a a a"])
    assert len(record.target) > 40
    for call in (
        lambda: location.translate(["bela", longest + " a a a a a"]),
        lambda: location.explain(["bela", longest + " a a a a a"], ["a", "a"]),
    ):
        with pytest.raises(DataError, match=r"line 2 has \d+ tokens .* at most 40") as caught:
            call()
        one_line(caught.value)


def test_a_prefix_begins_every_candidate(translator: Translator) -> None:
    texts, prefixes = ["a vida é bela", "", "onde fica"], ["la casa", "la", ""]
    found = translator.translate(texts, prefixes=prefixes, beam_size=3, n_best=3)
    start = tuple(translator.bundle.target_tokenizer.encode("la casa").ids)
    assert found[0].candidates
    for candidate in found[0].candidates:
        assert candidate.ids[: len(start)] == start
        assert candidate.text.startswith("la casa")
    assert found[1].candidates == ()
    assert ids([found[2]]) == ids([translator.translate("onde fica", beam_size=3, n_best=3)])
    (streamed,) = translator.translate_stream(
        [["a vida é bela"]], decoding=msgspec.structs.replace(translator.bundle.decoding, beam_size=3), prefix="la casa"
    )
    assert ids([streamed])[0] == ids([found[0]])[0][:1]


@pytest.mark.parametrize(
    "options",
    [
        {"prefixes": ["a"]},
        {"n_best": 3, "beam_size": 2},
        {"beam_size": 0},
        {"n_best": 2, "decoding": DecodingConfig(sampling=True)},
        {"prefixes": ["la casa " * 40, ""]},
    ],
)
def test_options_that_contradict_are_refused(translators: dict[str, Translator], options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        translators["transformer"].translate(["a", "b"], **options)  # type: ignore[call-overload]
    one_line(caught.value)


def test_asking_for_more_candidates_widens_the_beam(translators: dict[str, Translator]) -> None:
    translator = translators["transformer"]
    texts = ["a vida é bela", "onde fica a estação"]
    assert ids(translator.translate(texts, n_best=4)) == ids(translator.translate(texts, n_best=4, beam_size=4))


@pytest.mark.parametrize("chunk", [1, 2, 3, 10])
def test_a_stream_is_numbered_through(translator: Translator, tiny: ModuleType, chunk: int) -> None:
    texts = ["a vida é bela"] * 6 + [""] + ["bela"]
    decoding = msgspec.structs.replace(tiny.SHORT, sampling=True, samples=2, temperature=2.0)
    chunks = [texts[start : start + chunk] for start in range(0, len(texts), chunk)]
    found = list(translator.translate_stream(chunks, decoding=decoding))
    assert ids(found) == ids(translator.translate(texts, decoding=decoding))
    assert len(set(ids(found[:6]))) > 1, "the same text is drawn anew each time"


def test_a_stream_is_translated_as_it_comes(translators: dict[str, Translator]) -> None:
    read = []

    def lines() -> object:
        for text in ("a vida", "bela"):
            read.append(text)
            yield [text]

    stream = translators["recurrent"].translate_stream(lines(), decoding=DecodingConfig(beam_size=1, max_length=5))  # type: ignore[arg-type]
    next(stream)
    assert read == ["a vida"]


class Bar:
    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def start(self, description: str, total: float | None, *, stoppable: bool = False) -> None:
        self.said.append(("start", total))

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        self.said.append(("advance", amount))

    def message(self, text: str) -> None:
        self.said.append(("message", text))

    def finish(self) -> None:
        self.said.append(("finish",))


def test_progress_and_observer_are_told(translators: dict[str, Translator]) -> None:
    bar, steps = Bar(), []

    def observe(step: Step) -> None:
        steps.append(step)

    settings = DecodingConfig(beam_size=2, max_length=4, batch_size=2)
    translators["transformer"].translate(["a", "", "b", "vida bela"], decoding=settings, progress=bar, observer=observe)
    assert bar.said[0] == ("start", 3)
    assert bar.said[-1] == ("finish",)
    assert sum(amount for what, *rest in bar.said[1:-1] if what == "advance" for amount in rest) == 3  # type: ignore[misc]
    assert {int(index) for step in steps for index in step.indices} == {0, 2, 3}


def test_what_training_never_saw_is_named_and_still_translated(translator: Translator) -> None:
    found = translator.translate(["жизнь a", "a vida"])
    assert set("жизнь") <= set("".join(found[0].unknown))
    assert found[1].unknown == ()
    assert found[0].candidates


def test_a_loaded_bundle_translates_as_the_one_that_was_saved(
    translator: Translator, tiny: ModuleType, tmp_path: Path
) -> None:
    save_bundle(translator.bundle, tmp_path / "run" / "bundle")
    loaded = Translator.load(str(tmp_path / "run"))
    texts = tiny.sentences(6)
    found, wanted = (one.translate(texts, beam_size=3) for one in (loaded, translator))
    assert ids(found) == ids(wanted)
    assert [totals(one) for one in found] == [totals(one) for one in wanted]
    with pytest.raises(BundleError, match="does not exist"):
        Translator.load(tmp_path / "missing")
