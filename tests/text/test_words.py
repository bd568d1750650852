import pytest
from hypothesis import given
from hypothesis import strategies as st

from atento.data.builtin.markup import WORD
from atento.text.configuration import TokenizerConfig
from atento.text.training import train_tokenizer
from atento.text.words import How, assign, count, segment

LATIN = "abcçéñ 0123.,:/-'’¿?¡!«»_() \n\t"


def words(text: str) -> list[str]:
    return [text.encode()[start:stop].decode() for start, stop in segment(text)]


@given(text=st.text(alphabet=LATIN, max_size=40))
def test_words_are_those_of_the_built_in_corpus(text: str) -> None:
    assert words(text) == WORD.findall(text)


@given(text=st.text(max_size=40))
def test_words_hold_everything_but_spaces_once_and_in_order(text: str) -> None:
    assert "".join(words(text)) == "".join(text.split())
    spans = segment(text)
    assert all(start < stop for start, stop in spans)
    assert spans == sorted(spans)


@given(text=st.text(max_size=40))
def test_whitespace_words_are_those_of_split(text: str) -> None:
    raw = text.encode()
    assert [raw[start:stop].decode() for start, stop in segment(text, "whitespace")] == text.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Disse-me: d'água!", ["Disse-me", ":", "d'água", "!"]),
        ("às 12:30, 3,5 %", ["às", "12:30", ",", "3,5", "%"]),
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया", "।"]),
        ("cafe\u0301 ok", ["cafe\u0301", "ok"]),
        ("今日は良い、", ["今", "日", "は", "良", "い", "、"]),
        ("مرحبا بالعالم؟", ["مرحبا", "بالعالم", "؟"]),
        ("שָׁלוֹם!", ["שָׁלוֹם", "!"]),
        ("👩‍👩‍👧 ❤️", ["👩‍👩‍👧", "❤️"]),
        ("می‌خواهم", ["می‌خواهم"]),
        ("", []),
    ],
)
def test_words_in_any_script(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_tokens_are_assigned_to_the_word_that_they_share_most_with() -> None:
    spans = segment("uma casa.")
    assert spans == [(0, 3), (4, 8), (8, 9)]
    assert assign([(0, 2), (2, 3), (3, 4), (3, 8), (7, 9), (8, 9), None], spans) == [0, 0, None, 1, 1, 2, None]
    assert assign([(0, 3)], []) == [None]


def test_runs_are_what_a_tokenizer_of_words_cuts() -> None:
    text = "O  João-Paulo viu 3,5 km² d'água (e a\u0301rvores)… «sim»!"
    tokenizer = train_tokenizer([text] * 2, TokenizerConfig(kind="word", vocab_size=20, min_frequency=1))
    spans = segment(text, "runs")
    assert set(spans) == {span for span in tokenizer.encode(text).spans if text.encode()[slice(*span)].strip()}
    assert [text.encode()[slice(*span)].decode() for span in spans[:6]] == ["O", "João", "-", "Paulo", "viu", "3"]
    assert segment("", "runs") == segment(" \t", "runs") == []


@given(text=st.text(max_size=40), how=st.sampled_from(["words", "whitespace", "runs"]))
def test_words_are_counted_as_they_are_cut(text: str, how: How) -> None:
    assert count(text, how) == len(segment(text, how))
