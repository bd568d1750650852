"""What a language model expects: the sorted softmax of its logits, and the probabilities that a search reports."""

from __future__ import annotations

from types import ModuleType

import msgspec
import pytest
import torch

from atento.applications.next_tokens import predict
from atento.applications.passages import Passage, to_write
from atento.applications.writer import Writer
from atento.bundle import Bundle
from atento.core.errors import ConfigurationError
from atento.decoding.configuration import DecodingConfig
from atento.models.gpt import GPTConfig, nothing_to_read

TEXTS = ["a vida é bela", "o que é a vida, meu irmão?", "là", ""]


@pytest.fixture(scope="module")
def gpt(tiny: ModuleType) -> Bundle:
    return tiny.reader_of(GPTConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2))


def softmax(bundle: Bundle, ids: tuple[int, ...]) -> torch.Tensor:
    """Of each token's place, in double precision, the text alone."""
    decoder = bundle.model.decoder
    memory = decoder.prepare(nothing_to_read(1))
    with torch.no_grad():
        hidden, _ = decoder(torch.tensor([[2, *ids[:-1]]]), memory, decoder.start(memory))
        return decoder.logits(hidden)[0].double().softmax(-1)


@pytest.mark.parametrize("top", [1, 5, 290])
def test_it_is_the_sorted_softmax_of_the_logits(gpt: Bundle, top: int) -> None:
    passages = to_write(gpt, TEXTS)
    for text, passage, found in zip(TEXTS, passages, predict(gpt, passages, top=top), strict=True):
        assert (found.text, found.first) == (text, 1)
        assert [step.id for step in found.steps] == list(passage.ids)
        assert [step.span for step in found.steps] == list(passage.spans)
        for step, wanted in zip(found.steps, softmax(gpt, passage.ids), strict=True):
            order = wanted.argsort(descending=True).tolist()
            assert [each.id for each in step.alternatives] == order[:top]
            shares = torch.tensor([each.probability for each in step.alternatives], dtype=torch.double)
            torch.testing.assert_close(shares, wanted[order[:top]], atol=1e-6, rtol=0)
            assert step.rank == order.index(step.id) + 1
            assert step.probability == pytest.approx(float(wanted[step.id]), abs=1e-6)
            assert step.token == gpt.tokenizer.label(step.id)
            if top == gpt.vocabulary.target_size:
                assert float(shares.sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_neighbours_change_nothing(gpt: Bundle, size: int) -> None:
    passages = to_write(gpt, TEXTS)
    for passage, found in zip(passages, predict(gpt, passages, batch_size=size), strict=True):
        [alone] = predict(gpt, [passage])
        assert [step.rank for step in found.steps] == [step.rank for step in alone.steps]
        for one, other in zip(found.steps, alone.steps, strict=True):
            assert one.log_probability == pytest.approx(other.log_probability, abs=1e-5)


SETTINGS = {
    "greedy": DecodingConfig(beam_size=1),
    "beam": DecodingConfig(beam_size=3, n_best=3),
    "drawn": DecodingConfig(sampling=True, samples=3, temperature=0.7, top_k=20),
}


@pytest.fixture(scope="module")
def prompted(tiny: ModuleType) -> Bundle:
    """A model that reads a prompt with nothing before it, as GPT-2 does."""
    bundle = tiny.reader_of(GPTConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2))
    bundle.model.vocabulary = msgspec.structs.replace(bundle.vocabulary, prompt_first=True)
    return bundle


@pytest.mark.parametrize("kind", ["gpt", "prompted"])
@pytest.mark.parametrize("decoding", SETTINGS.values(), ids=SETTINGS)
def test_probabilities_are_those_that_the_search_reported(
    request: pytest.FixtureRequest, kind: str, decoding: DecodingConfig
) -> None:
    gpt: Bundle = request.getfixturevalue(kind)
    prompts = ["a vida", "", "o que é là"]
    checked = 0
    for writing in Writer(gpt).write(prompts, max_tokens=11, decoding=decoding, top=3):
        given = len(gpt.tokenizer.encode_batch([writing.prompt])[0])
        for each in writing.continuations:
            assert each.predictions is not None
            assert each.attention is None
            assert each.predictions.first == given + 1
            assert tuple(step.id for step in each.predictions.steps) == each.ids
            assert tuple(step.token for step in each.predictions.steps) == each.tokens
            values = [step.log_probability for step in each.predictions.steps]
            assert values == pytest.approx(list(each.log_probabilities), abs=1e-5)
            assert each.predictions.before(0) == writing.prompt
            checked += len(values)
    assert checked > 20


def test_the_first_token_of_a_prompt_is_read_and_not_predicted(prompted: Bundle) -> None:
    texts = ["a vida é bela", ""]
    passages = to_write(prompted, texts)
    assert [passage.begin is None for passage in passages] == [False, True]
    records = Writer(prompted).explain(texts)
    for text, found, record in zip(texts, predict(prompted, passages), records, strict=True):
        ids = prompted.tokenizer.encode_batch([text])[0]
        assert [step.id for step in found.steps] == [*ids[1:], prompted.tokenizer.eos]
        assert found.first == (2 if ids else 1)
        assert record.target_text == text
        assert (record.reading.spans[0] is None) is (not ids)


def test_a_greedy_continuation_is_the_most_probable_one(gpt: Bundle) -> None:
    """But for tokens that a search never writes: padding and the beginning of a text."""
    [found] = Writer(gpt).write("a vida", max_tokens=9, decoding=SETTINGS["greedy"], top=3).continuations
    assert found.predictions is not None
    for step in found.predictions.steps:
        first = next(each for each in step.alternatives if each.id not in (gpt.tokenizer.pad, gpt.tokenizer.bos))
        assert first.id == step.id


def test_many_logits_are_computed_a_part_at_a_time(gpt: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    passages = to_write(gpt, TEXTS)
    whole = predict(gpt, passages)
    monkeypatch.setattr("atento.applications.next_tokens._LOGITS", 2 * gpt.vocabulary.target_size)
    for one, other in zip(predict(gpt, passages), whole, strict=True):
        assert [step.rank for step in one.steps] == [step.rank for step in other.steps]
        assert [step.span for step in one.steps] == [step.span for step in other.steps]


def test_what_was_given_is_not_predicted(gpt: Bundle) -> None:
    ids = tuple(gpt.tokenizer.encode("a vida é bela").ids)
    [all_steps] = predict(gpt, [Passage.of_ids(gpt.tokenizer, ids)])
    [some] = predict(gpt, [Passage.of_ids(gpt.tokenizer, ids, given=3)])
    [none] = predict(gpt, [Passage.of_ids(gpt.tokenizer, ids, given=len(ids))])
    assert [step.id for step in some.steps] == [step.id for step in all_steps.steps[3:]]
    assert some.steps[0].rank == all_steps.steps[3].rank
    assert none.steps == ()


@pytest.mark.parametrize("top", [0, -1, 291])
def test_impossible_numbers_are_refused(gpt: Bundle, top: int) -> None:
    with pytest.raises(ConfigurationError, match=f"top = {top}: give 1 to 290"):
        Writer(gpt).predict(["a"], top=top)
    with pytest.raises(ConfigurationError, match=f"top = {top}"):
        Writer(gpt).write("a", max_tokens=1, top=top)
