"""From a phrase to text: contractions, sound rules, spacing, the capital letter, and the alignment's indices."""

from __future__ import annotations

from collections.abc import Iterable

from atento.data.builtin.grammar.phrase import Link, Phrase, Word
from atento.data.builtin.grammar.spanish_nouns import STRESSED_A
from atento.data.builtin.markup import AlignedPair

_ARTICLES = ("o", "a", "os", "as")
_DEMONSTRATIVES = (
    "este", "esta", "estes", "estas", "isto", "esse", "essa", "esses", "essas", "isso",
    "aquele", "aquela", "aqueles", "aquelas", "aquilo", "ele", "ela", "eles", "elas",
)  # fmt: skip
_PORTUGUESE = {
    ("de", "o"): "do", ("em", "o"): "no", ("por", "o"): "pelo", ("a", "o"): "ao", ("a", "os"): "aos",
    ("a", "a"): "à", ("a", "as"): "às", ("a", "aquele"): "àquele", ("a", "aquela"): "àquela",
    ("a", "aqueles"): "àqueles", ("a", "aquelas"): "àquelas", ("de", "aqui"): "daqui", ("de", "ali"): "dali",
    **{(preposition, article): short + article
       for preposition, short in (("de", "d"), ("em", "n"), ("por", "pel")) for article in _ARTICLES},
    **{(preposition, word): short + word
       for preposition, short in (("de", "d"), ("em", "n")) for word in _DEMONSTRATIVES},
}  # fmt: skip
_SPANISH = {("a", "el"): "al", ("de", "el"): "del"}
_BEFORE_STRESSED_A = {"la": "el", "una": "un", "alguna": "algún", "ninguna": "ningún"}
_CLOSING = {"?": "¿", "!": "¡"}
_NO_SPACE_BEFORE = frozenset(".,:;?!")
_NO_SPACE_AFTER = frozenset("¿¡")


def realise(phrase: Phrase) -> AlignedPair:
    """The finished pair of a whole sentence."""
    source = _contract(phrase.source, _PORTUGUESE)
    target = _link_openings(_contract(_sound(phrase.target), _SPANISH))
    return AlignedPair(source=_text(source), target=_text(target), links=_alignment(source, target))


def _contract(words: Iterable[Word], table: dict[tuple[str, str], str]) -> list[Word]:
    """Merge each preposition with the word after it; the contraction keeps the links of both."""
    merged: list[Word] = []
    for word in words:
        short = table.get((merged[-1].text, word.text)) if merged else None
        if short:
            merged[-1] = Word(short, merged[-1].links + word.links)
        else:
            merged.append(word)
    return merged


def _sound(words: tuple[Word, ...]) -> list[Word]:
    """Spanish: *e* and *u* for *y* and *o*, *el* and *un* before a stressed feminine *a*."""
    heard = list(words)
    for k in range(len(heard) - 1):
        text, following = heard[k].text, heard[k + 1].text.lower()
        if text == "y" and _starts_with_i(following):
            heard[k] = heard[k]._replace(text="e")
        elif text == "o" and following.startswith(("o", "ho")):
            heard[k] = heard[k]._replace(text="u")
        elif text in _BEFORE_STRESSED_A and following in STRESSED_A:
            heard[k] = heard[k]._replace(text=_BEFORE_STRESSED_A[text])
    return heard


def _starts_with_i(word: str) -> bool:
    return word.startswith(("i", "í", "hi", "hí")) and not word.startswith(("hie", "hia", "ie", "ia", "io"))


def _link_openings(words: list[Word]) -> list[Word]:
    """Give ``¿`` and ``¡`` the links of their closing mark."""
    linked = list(words)
    closing: dict[str, tuple[Link, ...]] = {}
    for k in range(len(linked) - 1, -1, -1):
        word = linked[k]
        if word.text in _CLOSING:
            closing[_CLOSING[word.text]] = word.links
        elif word.text in _NO_SPACE_AFTER:
            linked[k] = Word(word.text, closing[word.text])
    return linked


def _text(words: list[Word]) -> str:
    pieces: list[str] = []
    capital, glued = True, True
    for text, _ in words:
        if not glued and text not in _NO_SPACE_BEFORE:
            pieces.append(" ")
        if capital and text[0].isalnum():
            text, capital = text[0].upper() + text[1:], False
        capital = capital or text in {".", "?", "!"}
        glued = text in _NO_SPACE_AFTER
        pieces.append(text)
    return "".join(pieces)


def _alignment(source: list[Word], target: list[Word]) -> tuple[tuple[int, int], ...]:
    positions: dict[Link, list[int]] = {}
    for j, word in enumerate(target):
        for link in word.links:
            positions.setdefault(link, []).append(j)
    found = [(i, j) for i, word in enumerate(source) for link in word.links for j in positions.get(link, ())]
    return tuple(sorted(set(found)))
