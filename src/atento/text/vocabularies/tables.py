"""A vocabulary in figures: tables of its entries by what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from atento.core.tables import Cell, Column, Table
from atento.text.visible import visible
from atento.text.vocabularies.described import BYTES, PARTS, SPECIAL, Described
from atento.text.vocabularies.reasons import PROVED, REASONS

_SHARE = Column(key="share", title="share", percent=True, digits=1, note="of all entries")
_ENTRIES = Column(key="entries", title="entries")
_BINS = (*((length, length) for length in range(17)), (17, 24), (25, 32), (33, 64), (65, 128), (129, None))
_EXAMPLES = 6


def vocabulary_tables(entries: Sequence[Described], longest: int = 10) -> list[Table]:
    """All tables of a vocabulary; ``longest`` is how many of the longest entries are shown."""
    return [
        overview(entries),
        by_script(entries),
        by_category(entries),
        by_length(entries),
        by_digits(entries),
        unreachable(entries),
        the_longest(entries, longest),
    ]


def overview(entries: Sequence[Described]) -> Table:
    """How many entries have each property."""
    counts: list[tuple[str, Callable[[Described], bool]]] = [
        ("special tokens", lambda each: each.entry.role == "special"),
        ("unknown token", lambda each: each.entry.role == "unknown"),
        ("unused", lambda each: each.entry.role == "unused"),
        ("single bytes, for characters without an entry", lambda each: each.script == BYTES),
        ("parts of characters (partial UTF-8)", lambda each: each.script == PARTS),
        ("with a space at the beginning", lambda each: each.leading_space),
        ("with digits", lambda each: each.digits > 0),
        ("with letters that run from right to left", lambda each: each.right_to_left),
        ("with a combining mark at the beginning", lambda each: each.leading_mark),
        ("with characters that are not seen", lambda each: each.hidden),
        ("with the same bytes as another entry", lambda each: each.duplicate),
        ("that no text gives", lambda each: not each.reached),
    ]
    rows = [_counted("entries", len(entries), len(entries))]
    rows += [_counted(label, sum(map(test, entries)), len(entries)) for label, test in counts]
    characters = {character for each in entries for character in each.text or ""}
    alone = {each.text for each in entries if each.characters == 1}
    rows += [
        ("different characters in entries", len(characters), None),
        ("characters that are an entry", len(alone), None),
    ]
    return Table(
        title="By property",
        columns=(Column(key="property", title=""), _ENTRIES, _SHARE),
        rows=tuple(rows),
    )


def by_script(entries: Sequence[Described]) -> Table:
    """Entries by script, the most frequent first."""
    characters: dict[str, set[str]] = {}
    for each in entries:
        characters.setdefault(each.script, set()).update(each.text or "")
    counts = Counter(each.script for each in entries)
    rows = [
        (script, count, count / len(entries), len(characters[script]) or None, _examples(entries, script))
        for script, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Table(
        title="By script",
        columns=(
            Column(key="script", title="script"),
            _ENTRIES,
            _SHARE,
            Column(key="characters", title="characters", note="different ones in these entries"),
            Column(key="examples", title="first entries"),
        ),
        rows=tuple(rows),
        notes=(
            "Common: digits, punctuation, symbols and spaces, without a letter; Inherited: combining marks alone; "
            "mixed: letters of several scripts. Emoji, which Unicode has in Common, stand by themselves.",
        ),
    )


def by_category(entries: Sequence[Described]) -> Table:
    """Entries by the general category of their characters."""
    counts = Counter(each.group for each in entries)
    rows = [
        (group, count, count / len(entries))
        for group, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Table(
        title="By general category",
        columns=(Column(key="category", title="all characters are"), _ENTRIES, _SHARE),
        rows=tuple(rows),
        notes=(
            "After Unicode's general categories: letters with combining marks (L, M), digits and other numbers (N), "
            "punctuation (P), symbols and emoji (S). A space at the beginning is set aside; mixed: several of these.",
        ),
    )


def by_length(entries: Sequence[Described]) -> Table:
    """Entries by their numbers of characters and of bytes; special tokens left out."""
    ordinary = [each for each in entries if each.script != SPECIAL]
    characters = Counter(_bin(each.characters) for each in ordinary if each.characters is not None)
    sizes = Counter(_bin(each.size) for each in ordinary)
    rows = [
        (_range(bounds), characters[bounds], sizes[bounds]) for bounds in _BINS if characters[bounds] or sizes[bounds]
    ]
    return Table(
        title="By length",
        columns=(
            Column(key="length", title="length"),
            Column(key="characters", title="in characters", note="entries of whole characters that have so many"),
            Column(key="bytes", title="in bytes", note="entries that stand for so many bytes of UTF-8"),
        ),
        rows=tuple(rows),
        notes=("A space that belongs to an entry counts. Special tokens are left out.",),
    )


def by_digits(entries: Sequence[Described]) -> Table:
    """Entries by their number of decimal digits."""
    counts = Counter(each.digits for each in entries if each.digits)
    alone = Counter(each.digits for each in entries if each.digits and each.digits == len((each.text or "").strip(" ")))
    return Table(
        title="Digits",
        columns=(
            Column(key="digits", title="digits"),
            _ENTRIES,
            Column(key="nothing_else", title="nothing else", note="entries of digits alone, but for spaces around"),
        ),
        rows=tuple((str(digits), counts[digits], alone[digits]) for digits in sorted(counts)),
    )


def unreachable(entries: Sequence[Described]) -> Table:
    """Entries that no text gives, by reason."""
    found = [each for each in entries if each.reach is not None and each.reach.reason is not None]
    rows: list[tuple[Cell, ...]] = []
    for reason, words in REASONS.items():
        those = [each for each in found if each.reach is not None and each.reach.reason == reason]
        if those:
            rows.append((reason, len(those), reason in PROVED, words, _shown(those)))
    return Table(
        title="Entries that no text gives",
        columns=(
            Column(key="reason", title="reason"),
            _ENTRIES,
            Column(key="proved", title="proved", note="whether it holds for every text, or for all that were tried"),
            Column(key="meaning", title="that is"),
            Column(key="examples", title="first entries"),
        ),
        rows=tuple(rows),
    )


def the_longest(entries: Sequence[Described], count: int) -> Table:
    """The entries of most bytes; special tokens left out."""
    ordinary = [each for each in entries if each.script != SPECIAL]
    longest = sorted(ordinary, key=lambda each: (-each.size, each.entry.number))[:count]
    return listing("The longest entries", longest)


def listing(title: str, entries: Sequence[Described], *, more: int = 0) -> Table:
    """Entries, one a row, all their characters made visible; ``more`` are left out (for a note)."""
    return Table(
        title=title,
        columns=(
            Column(key="id", title="id", grouped=False),
            Column(key="text", title="stands for", note="with spaces, controls and the like made visible"),
            Column(key="piece", title="in the file"),
            Column(key="script", title="script"),
            Column(key="category", title="category"),
            Column(key="characters", title="characters"),
            Column(key="bytes", title="bytes"),
            Column(key="digits", title="digits"),
            Column(key="reach", title="given by", note="a text that gives the entry, or why none does"),
        ),
        rows=tuple(_listed(each) for each in entries),
        notes=(f"The first {len(entries):,}; {more:,} more are not shown.",) if more > 0 else (),
    )


def full_listing(title: str, entries: Sequence[Described]) -> Table:
    """All that is known of entries, for machines: strings as they are, and bytes in hexadecimal."""
    names = (
        "id", "piece", "hex", "text", "role", "script", "category", "characters", "bytes", "digits", "leading_space",
        "right_to_left", "leading_mark", "hidden", "duplicate", "reached", "reason", "proved", "witness",
    )  # fmt: skip
    return Table(
        title=title,
        columns=tuple(Column(key=name, title=name) for name in names),
        rows=tuple(_all_of(each) for each in entries),
    )


def _all_of(each: Described) -> tuple[Cell, ...]:
    reach = each.reach
    entry = each.entry
    seen = (each.characters, each.size, each.digits, each.leading_space, each.right_to_left, each.leading_mark)
    found = (None, None, None, None) if reach is None else (each.reached, reach.reason, reach.proved, reach.witness)
    who = (entry.number, entry.piece, entry.raw.hex(), each.text, entry.role, each.script, each.group)
    return (*who, *seen, each.hidden, each.duplicate, *found)


def _listed(each: Described) -> tuple[Cell, ...]:
    reach = each.reach
    given = (
        None if reach is None else visible(reach.witness, spaces=True) if reach.witness is not None else reach.reason
    )
    piece = each.entry.piece
    shown = (each.shown, visible(piece, spaces=any(map(str.isspace, piece))), each.script, each.group)
    return (each.entry.number, *shown, each.characters, each.size, each.digits, given)


def _counted(label: str, count: int, total: int) -> tuple[Cell, ...]:
    return (label, count, count / total if total else 0.0)


def _examples(entries: Sequence[Described], script: str) -> str:
    return _shown([each for each in entries if each.script == script])


def _shown(entries: Sequence[Described]) -> str:
    return "  ".join(each.shown for each in entries[:_EXAMPLES]) + (" …" if len(entries) > _EXAMPLES else "")


def _bin(length: int) -> tuple[int, int | None]:
    return next(bounds for bounds in _BINS if bounds[1] is None or length <= bounds[1])


def _range(bounds: tuple[int, int | None]) -> str:
    low, high = bounds
    return f"{low} or more" if high is None else str(low) if low == high else f"{low}–{high}"
