"""What a language model writes: the same as a plain loop, whatever is written beside it, and ended as asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import torch

from atento.applications.writer import Writer
from atento.bundle import Bundle, vocabulary_of
from atento.core.errors import ConfigurationError, DataError
from atento.decoding.configuration import DecodingConfig
from atento.models.build import build_model
from atento.models.gpt import GPTConfig, nothing_to_read
from atento.text.configuration import TokenizerConfig
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

TEXTS = ["a vida é bela", "o que é a vida", "diga lá, meu irmão", "onde fica a casa?", ""]
GREEDY = DecodingConfig(beam_size=1)
DRAWN = DecodingConfig(sampling=True, samples=3, temperature=0.9, top_p=0.95)


def writer_of(kind: str = "byte-bpe", position: str = "rotary", **options: int) -> Writer:
    tokenizer = train_tokenizer(TEXTS * 3, TokenizerConfig(kind=kind, vocab_size=60 if kind == "char" else 290))  # type: ignore[arg-type]
    config = GPTConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2, position=position, **options)  # type: ignore[arg-type]
    model = build_model(config, vocabulary_of(tokenizer, tokenizer), seed=2)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter *= 12.0
    model = model.eval().requires_grad_(False)
    return Writer(Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer))


@pytest.fixture(scope="module")
def writer() -> Writer:
    return writer_of()


def log_probabilities(writer: Writer, ids: list[int]) -> torch.Tensor:
    """Of the token after each."""
    decoder = writer.bundle.model.decoder
    memory = decoder.prepare(nothing_to_read(1))
    hidden, _ = decoder(torch.tensor([[2, *ids]]), memory, decoder.start(memory))
    return decoder.logits(hidden)[0].log_softmax(-1)


def test_greedy_is_a_plain_loop(writer: Writer) -> None:
    tokenizer = writer.bundle.tokenizer
    for writing in writer.write(TEXTS, max_tokens=12, decoding=GREEDY):
        [found] = writing.continuations
        ids = tokenizer.encode_batch([writing.prompt])[0]
        first = len(ids)
        for _ in range(12):
            scores = log_probabilities(writer, ids)[-1]
            scores[[tokenizer.pad, tokenizer.bos]] = -torch.inf
            ids.append(int(scores.argmax()))
            if ids[-1] == tokenizer.eos:
                break
        assert found.ids == tuple(ids[first:])
        values = log_probabilities(writer, ids)[first:-1].gather(1, torch.tensor(ids[first:]).unsqueeze(1)).flatten()
        torch.testing.assert_close(torch.tensor(found.log_probabilities), values, atol=1e-5, rtol=0)
        assert found.ended is (ids[-1] == tokenizer.eos)
        assert writing.text == tokenizer.decode(ids)


def test_a_prompt_may_be_read_with_nothing_before_it() -> None:
    """As GPT-2 reads it; only where there is none the decoder's first token is read."""
    writer = writer_of()
    model = writer.bundle.model
    model.vocabulary = msgspec.structs.replace(model.vocabulary, prompt_first=True)
    tokenizer, decoder = writer.bundle.tokenizer, model.decoder
    for texts in (TEXTS, ["", ""], TEXTS[:1], [""]):
        for writing in writer.write(texts, max_tokens=9, decoding=GREEDY):
            [found] = writing.continuations
            ids = tokenizer.encode_batch([writing.prompt])[0] or [tokenizer.bos]
            first = len(ids)
            for token, value in zip(found.ids, found.log_probabilities, strict=True):
                memory = decoder.prepare(nothing_to_read(1))
                hidden, _ = decoder(torch.tensor([ids]), memory, decoder.start(memory))
                scores = decoder.logits(hidden)[0, -1].log_softmax(-1)
                assert abs(float(scores[token]) - value) < 1e-5
                scores[[tokenizer.pad, tokenizer.bos]] = -torch.inf
                assert token == int(scores.argmax())
                ids.append(token)
            assert len(ids) == first + 9 or found.ended


@pytest.mark.parametrize("decoding", [GREEDY, DRAWN, DecodingConfig(beam_size=3, n_best=2)])
def test_neighbours_change_nothing(writer: Writer, decoding: DecodingConfig) -> None:
    together = writer.write(TEXTS, max_tokens=9, decoding=decoding)
    alone = writer.write(TEXTS, max_tokens=9, decoding=decoding, batch_size=1)
    assert [[each.ids for each in writing.continuations] for writing in together] == [
        [each.ids for each in writing.continuations] for writing in alone
    ]


def test_a_seed_decides_what_is_drawn_and_samples_differ(writer: Writer) -> None:
    first, again, other = (
        [each.ids for each in writer.write("a vida", max_tokens=20, decoding=DRAWN, seed=seed).continuations]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert len(set(first)) == 3
    assert not set(first) & set(other)
    fewer = writer.write("a vida", max_tokens=20, decoding=DRAWN, seed=1, samples=2).continuations
    assert [each.ids for each in fewer] == first[:2]


@pytest.mark.parametrize("decoding", [GREEDY, DecodingConfig(sampling=True, samples=1)])
@pytest.mark.parametrize("kind", ["byte-bpe", "char"])
def test_a_stop_string_ends_what_is_written_and_does_not_stand_in_it(kind: str, decoding: DecodingConfig) -> None:
    writer = writer_of(kind)
    decoding = msgspec.structs.replace(decoding, seed=3, min_length=44)
    free = writer.write("onde", max_tokens=40, decoding=decoding).continuations[0]
    stop = free.text[5:7]
    assert stop
    [found] = writer.write("onde", max_tokens=40, decoding=decoding, stop=[stop, "não está"]).continuations
    assert found.text == free.text[: free.text.index(stop)]
    assert found.ended
    assert len(found.ids) < len(free.ids)
    assert free.ids[: len(found.ids)] == found.ids


def spelling(writer: Writer, text: str) -> Writer:
    """A writer that writes the tokens of this text, whatever stands before, and then ends."""
    ids = [*writer.bundle.tokenizer.encode_batch([text], continued=True)[0], writer.bundle.tokenizer.eos]

    class Spelling(torch.nn.Module):
        def forward(self, tokens: torch.Tensor, memory: object, state: Any, **options: Any) -> Any:
            hidden, state = inner(tokens, memory, state, **options)
            found = torch.full((*hidden.shape[:2], size), -20.0)
            found[:, -1, ids[min(self.written, len(ids) - 1)]] = 20.0
            self.written += 1
            return found, state

    inner, size = writer.bundle.model.decoder_module, writer.bundle.vocabulary.target_size
    made = Spelling()
    made.written = 0  # type: ignore[assignment]
    for name in ("prepare", "start"):
        setattr(made, name, getattr(inner, name))
    made.logits = lambda hidden: hidden  # type: ignore[assignment]
    writer.bundle.model.decoder_module = made  # type: ignore[assignment]
    return writer


@pytest.mark.parametrize(
    ("prompt", "text", "stop", "written"),
    [
        ("onde", "da casa", "ed", "da casa"),  # half of it stands in the prompt
        ("onde", "da ede", "ed", "da "),
        ("a vida", " é vida", "vida", " é "),  # it stands in the prompt as well
        ("aaa", "aaa b", "aa", ""),
        ("a", "abab", "bab", "a"),
        ("a", "é bela", "é", ""),
        ("a", "diga", "x", "diga"),
    ],
)
@pytest.mark.parametrize("kind", ["byte-bpe", "char", "bpe"])
def test_a_stop_string_counts_where_it_was_written_as_a_whole(
    kind: str, prompt: str, text: str, stop: str, written: str
) -> None:
    pieces: list[str] = []
    writer = spelling(writer_of(kind), text)
    [found] = writer.write(prompt, max_tokens=20, decoding=GREEDY, stop=[stop], on_text=pieces.append).continuations
    assert found.text == written
    assert found.ended
    assert "".join(pieces) == written
    stopped = found.ids[-1] != writer.bundle.tokenizer.eos
    assert stopped is (written != text)


@pytest.mark.parametrize("beam", ["shrinking", "full"])
def test_a_stop_string_ends_hypotheses_of_a_beam(writer: Writer, beam: str) -> None:
    """Each of them where it first writes one, whichever others it continues."""
    options = {"max_tokens": 14, "beam_size": 4, "n_best": 4, "beam": beam, "length_penalty": 0.0, "sampling": False}
    free = writer.write(TEXTS, **options)  # type: ignore[call-overload]
    stop = free[0].continuations[0].text[3:5]
    ended = 0
    for writing in writer.write(TEXTS, stop=[stop], **options):  # type: ignore[call-overload]
        for each in writing.continuations:
            assert stop not in each.text
            prompt = writer.bundle.tokenizer.encode_batch([writing.prompt])[0]
            whole, before = (
                writer.bundle.tokenizer.decode([*prompt, *ids])[len(writing.prompt) :]
                for ids in (each.ids, each.ids[:-1])
            )
            assert stop not in before
            assert each.ended is (stop in whole or each.ids[-1] == writer.bundle.tokenizer.eos)
            ended += stop in whole
    assert ended > 1


@pytest.mark.parametrize("options", [{}, {"no_repeat_ngram_size": 3}, {"stop": ["zzzz", "qq"]}])
def test_following_takes_no_more_work_for_what_was_written_before(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """How many tokens are decoded grows with what is written, not with its square."""
    writer = writer_of()
    counts = []
    original, together = Tokenizer.decode, Tokenizer.decode_batch

    def one(self: Tokenizer, ids: Sequence[int]) -> str:
        counts[-1] += len(ids)
        return original(self, ids)

    def many(self: Tokenizer, batch: Sequence[Sequence[int]]) -> list[str]:
        counts[-1] += sum(map(len, batch))
        return together(self, batch)

    monkeypatch.setattr(Tokenizer, "decode", one)
    monkeypatch.setattr(Tokenizer, "decode_batch", many)
    for length in (50, 100, 200):
        counts.append(0)
        pieces: list[str] = []
        found = writer.write(
            "a vida é bela " * 5,
            max_tokens=length,
            decoding=GREEDY,
            min_length=999,
            on_text=pieces.append,
            **options,
        )
        assert len(found.continuations[0].ids) == length
        assert "".join(pieces) == found.continuations[0].text
        assert len(pieces) > length / 4
    assert counts[2] - counts[1] < 2.5 * (counts[1] - counts[0]), counts
    assert counts[2] < 20 * 200, counts


@pytest.mark.parametrize("stop", [(), ("b",), ("é b", "zzzz")])
@pytest.mark.parametrize("decoding", [GREEDY, DecodingConfig(sampling=True, samples=1, temperature=1.5)])
def test_what_is_followed_is_what_is_written(writer: Writer, decoding: DecodingConfig, stop: tuple[str, ...]) -> None:
    for prompt in TEXTS:
        pieces: list[str] = []
        found = writer.write(prompt, max_tokens=30, decoding=decoding, stop=stop, on_text=pieces.append)
        assert "".join(pieces) == found.continuations[0].text
        assert all(pieces)


def test_the_context_limits_prompt_and_continuation() -> None:
    writer = writer_of("char", "learned", max_positions=10)
    found = writer.write(["a vida", "a vida é "], max_tokens=50, decoding=GREEDY)
    assert all(len(each.prompt) + len(each.continuations[0].ids) <= 10 for each in found)
    with pytest.raises(DataError, match="prompt 2 has 13 tokens, and this model reads at most 10"):
        writer.write(["a", "a vida é bela"])


def test_a_step_takes_no_longer_for_what_was_written_before() -> None:
    """With the cache one token is read a step, whatever stands before it."""
    writer = writer_of()
    read: list[int] = []
    decoder = writer.bundle.model.decoder_module
    handle = decoder.register_forward_pre_hook(lambda _, arguments: read.append(arguments[0].numel()))
    writer.write("a vida é bela", max_tokens=25, decoding=GREEDY, min_length=40)
    handle.remove()
    assert read[1:] == [1] * (len(read) - 1)
    assert len(read) >= 24


def test_impossible_wishes_are_refused(writer: Writer) -> None:
    with pytest.raises(ConfigurationError, match="max_tokens = 0"):
        writer.write("a", max_tokens=0)
    with pytest.raises(ConfigurationError, match="empty stop string"):
        writer.write("a", stop=["b", ""])
    with pytest.raises(ConfigurationError, match="no setting 'temprature'"):
        writer.write("a", temprature=1.0)
    with pytest.raises(ConfigurationError, match="only one continuation"):
        writer.write(["a", "b"], on_text=print)


def test_limits_of_translations_are_refused_and_a_least_length_ends_at_the_limit(writer: Writer) -> None:
    with pytest.raises(ConfigurationError, match="max_length limits translations; give max_tokens"):
        writer.write("a", max_length=20)
    for penalty in (-1.0, 1.0):
        found = writer.write("a", max_tokens=5, decoding=GREEDY, beam_size=2, min_length=300, length_penalty=penalty)
        assert len(found.continuations[0].ids) == 5
