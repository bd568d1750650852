"""The characters of a text in figures."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable

from atento.core.tables import Cell, Column, Table
from atento.text.visible import is_unseen, visible
from atento.text.vocabularies.scripts import CATEGORIES, script_of
from atento.text.vocabularies.texts import REPLACEMENT, TextStatistics

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the order of letters."""
_MOST = 30
_COUNT = Column(key="count", title="characters")
_SHARE = Column(key="share", title="share", percent=True, digits=2, note="of all characters")
_CHARACTER = (
    Column(key="character", title="character"),
    Column(key="code_point", title="code point"),
    Column(key="name", title="name"),
    Column(key="count", title="times"),
    Column(key="line", title="first in line"),
)


def text_tables(found: TextStatistics) -> list[Table]:
    """All tables of a text."""
    tables = [overview(found), by_script(found), by_category(found), white_space(found), unseen(found)]
    if found.spelled is not None:
        tables += [not_known(found), in_several_tokens(found)]
    return tables


def overview(found: TextStatistics) -> Table:
    """The text as a whole."""
    counts = found.characters
    rows: list[tuple[Cell, ...]] = [
        ("lines", found.lines, None),
        ("empty lines", found.empty, None),
        ("characters", found.total, None),
        ("bytes of UTF-8", found.size, None),
        ("different characters", len(counts), None),
        ("characters of a line, on average", found.total / found.lines if found.lines else None, None),
        ("characters of a line, median", _median(found), None),
        ("characters of the longest line", found.longest if found.lines else None, found.longest_line),
        ("lines that are not in the normal form NFC", found.not_composed, found.not_composed_first),
    ]
    sorts: list[tuple[str, Callable[[str], bool]]] = [
        ("decimal digits", str.isdecimal),
        ("controls but tabs", lambda character: unicodedata.category(character) == "Cc" and character != "\t"),
        ("bidirectional controls", BIDI.__contains__),
        ("replacement characters (U+FFFD: damaged before)", REPLACEMENT.__eq__),
        ("private or unassigned characters", lambda character: unicodedata.category(character) in ("Co", "Cn")),
    ]
    for label, test in sorts:
        those = list(filter(test, counts))
        rows.append(
            (label, sum(counts[each] for each in those), min((found.first[each] for each in those), default=None))
        )
    if found.spelled is not None:
        rows += [("tokens", found.spelled.tokens, None), ("unknown tokens", found.spelled.unknown, None)]
    return Table(
        title="The whole",
        columns=(
            Column(key="property", title=""),
            Column(
                key="value",
                title="",
            ),
            Column(key="line", title="first in line", note="counted from 1, through all texts"),
        ),
        rows=tuple(rows),
        notes=("Line ends are not counted.",),
    )


def by_script(found: TextStatistics) -> Table:
    """Characters by script; with a tokenizer also tokens per character."""
    counts, different = _summed(found, script_of)
    columns = [Column(key="script", title="script"), _COUNT, _SHARE, Column(key="different", title="different")]
    rows: list[tuple[Cell, ...]] = [
        (script, count, count / found.total, different[script]) for script, count in _descending(counts)
    ]
    if found.spelled is not None:
        spelled = found.spelled
        unknown = Counter(script_of(each) for each, spelling in spelled.characters.items() if spelling.unknown)
        columns += [
            Column(
                key="tokens_per_character",
                title="tokens/character",
                digits=3,
                note="tokens of the text over characters; a token of several scripts counts to each by its bytes",
            ),
            Column(key="unknown", title="unknown", note="different characters that the tokenizer does not know"),
        ]
        rows = [(*row, spelled.by_script[str(row[0])] / counts[str(row[0])], unknown[str(row[0])]) for row in rows]
    return Table(title="By script", columns=tuple(columns), rows=tuple(rows))


def by_category(found: TextStatistics) -> Table:
    """Characters by Unicode general category."""
    counts, different = _summed(found, unicodedata.category)
    return Table(
        title="By general category",
        columns=(
            Column(key="category", title="category"),
            Column(key="meaning", title="that is"),
            _COUNT,
            _SHARE,
            Column(key="different", title="different"),
        ),
        rows=tuple(
            (category, CATEGORIES[category], count, count / found.total, different[category])
            for category, count in _descending(counts)
        ),
    )


def white_space(found: TextStatistics) -> Table:
    """Every kind of white space."""
    return _characters("White space", found, filter(str.isspace, found.characters))


def unseen(found: TextStatistics) -> Table:
    """Controls, zero-width and bidirectional characters, and others that nobody sees."""
    those = (each for each in found.characters if is_unseen(each) and not each.isspace())
    return _characters("Characters that are not seen", found, those)


def not_known(found: TextStatistics) -> Table:
    """Characters that the tokenizer does not know, or drops."""
    assert found.spelled is not None
    those = [e for e, s in found.spelled.characters.items() if s.unknown or (not s.tokens and not e.isspace())]
    return _limited(f"Characters that {found.spelled.tokenizer} does not know or drops", found, those)


def in_several_tokens(found: TextStatistics) -> Table:
    """Characters that the tokenizer spells in several tokens when they stand alone."""
    assert found.spelled is not None
    spelled = found.spelled.characters
    those = [each for each, spelling in spelled.items() if spelling.tokens > 1 and not spelling.unknown]
    return _limited(f"Characters that {found.spelled.tokenizer} spells in several tokens", found, those)


def character_listing(title: str, found: TextStatistics) -> Table:
    """Every different character, for machines."""
    names = ["character", "code_point", "name", "script", "category", "count", "line", "tokens", "unknown"]
    rows: list[tuple[Cell, ...]] = []
    for character in sorted(found.characters):
        spelling = None if found.spelled is None else found.spelled.characters[character]
        who = (character, _code(character), _name(character), script_of(character), unicodedata.category(character))
        cut = (None, None) if spelling is None else (spelling.tokens, spelling.unknown)
        rows.append((*who, found.characters[character], found.first[character], *cut))
    return Table(title=title, columns=tuple(Column(key=name, title=name) for name in names), rows=tuple(rows))


def _limited(title: str, found: TextStatistics, those: list[str]) -> Table:
    table = _characters(title, found, those)
    notes = (f"The {_MOST} most frequent of {len(those):,} are shown.",) if len(those) > _MOST else ()
    return Table(title=title, columns=table.columns, rows=table.rows[:_MOST], notes=notes)


def _characters(title: str, found: TextStatistics, those: Iterable[str]) -> Table:
    spelled = found.spelled
    columns = (*_CHARACTER, *(() if spelled is None else (Column(key="tokens", title="tokens alone"),)))
    rows: list[tuple[Cell, ...]] = []
    for each in sorted(those, key=lambda each: (-found.characters[each], each)):
        row = (visible(each, spaces=True), _code(each), _name(each), found.characters[each], found.first[each])
        rows.append(row if spelled is None else (*row, spelled.characters[each].tokens))
    return Table(title=title, columns=columns, rows=tuple(rows))


def _summed(found: TextStatistics, key: Callable[[str], str]) -> tuple[Counter[str], Counter[str]]:
    """Characters, and different ones, by a key."""
    counts: Counter[str] = Counter()
    for character, count in found.characters.items():
        counts[key(character)] += count
    return counts, Counter(map(key, found.characters))


def _descending(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _median(found: TextStatistics) -> float | None:
    """Of the lines' lengths: the middle one, or the mean of both."""
    if not found.lines:
        return None
    middles = [(found.lines - 1) // 2, found.lines // 2]
    values, below = [], 0
    for length, count in sorted(found.lengths.items()):
        values += [length] * sum(below <= middle < below + count for middle in middles)
        below += count
    return sum(values) / 2


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _name(character: str) -> str | None:
    """Unicode's name; the alias for controls, which have none."""
    controls = {"\t": "CHARACTER TABULATION", "\x0b": "LINE TABULATION", "\x0c": "FORM FEED", "\x1b": "ESCAPE"}
    return unicodedata.name(character, None) or controls.get(character)
