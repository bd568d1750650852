"""What stands in the vocabularies of published tokenizers: writes docs/tokenizers/characters.md. ::

    python -m benchmarks.vocabularies --tokenizers FOLDER [--output docs/tokenizers/characters.md]

FOLDER holds the tokenizers, each in the format that it was published in (`FILES`). A minute on one core.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from atento.core.files import atomic_text
from atento.core.tables import Cell, Column, Table
from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.vocabularies.described import PARTS, Described, describe
from atento.text.vocabularies.overlap import overlap
from atento.text.vocabularies.reasons import PROVED, REASONS

FILES = {
    "GPT-2": "gpt2",
    "Whisper multilingual": "tiktoken/multilingual.tiktoken",
    "BERT uncased": "bert-base-uncased",
    "BERTimbau cased": "bertimbau-base-cased",
    "Mistral v1": "sentencepiece/mistral_v1_bpe.model",
    "botchan unigram": "sentencepiece/test_model.model",
    "torchtitan test": "hf-tokenizer-json/tokenizer.json",
}
SCRIPTS = 12
INTRODUCTION = """# Vocabularies of published tokenizers

Written by `python -m benchmarks.vocabularies --tokenizers FOLDER`. One of them in full, with lists of its entries:
`atento tokenizer characters FILE`, `--list unreachable`, `--list script=Greek`, `-o page.html`.

What counts as an entry that no text gives, and what is proved of it, is told in
`src/atento/text/vocabularies/reachable.py`.
"""
NOTES = """## Worth noticing

- **GPT-2** wastes almost nothing: the only entries that no text gives are the thirteen bytes that UTF-8 never has
  (C0, C1, F5 to FF). They stand in every vocabulary that has all bytes.
- **Whisper's** multilingual vocabulary has contractions in capitals (`'S`, `'RE`). The pattern that it is read with
  here, GPT-2's, parts each of them, so they cannot have been made with it. One of its entries stands for nothing.
  It has four times as many parts of characters as GPT-2's.
- **BERT's** and **BERTimbau's** continuations of ideographs and punctuation (`##中`, `##?`) cannot come, because the
  text is parted at each of these. Such entries and those left free (`[unused0]`) are 4 % of BERT's vocabulary and 9
  % of BERTimbau's, and each has a row in the embeddings.
- **Mistral's** fallback bytes are needed only for characters without an entry. All of ASCII has one but NUL, tab
  and line feed, and so has all that begins with C2 or C3: with those that UTF-8 never has, 140 of the 256 cannot
  come.
- **torchtitan's** test file spells its entries with spaces and bytes as they are, while its algorithm reads them as
  GPT-2 spells them (`Ġ` for a space), and no merges make most of the others: almost all of it is out of reach.
- **Strings against bytes.** GPT-2 and Mistral share far more than their files' strings show, as one writes a space
  `Ġ` and the other `▁`. BERT and BERTimbau share fewer byte sequences than strings: `sa` and `##sa` are the same
  bytes.
"""


def main(arguments: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tokenizers", type=Path, required=True, metavar="FOLDER")
    options.add_argument("--output", type=Path, default=Path("docs/tokenizers/characters.md"), metavar="FILE")
    chosen = options.parse_args(arguments)
    opened = {name: open_tokenizer(chosen.tokenizers / file, name=name) for name, file in FILES.items()}
    described = {name: describe(tokenizer) for name, tokenizer in opened.items()}
    tables = [properties(described), unreachable(described), scripts(described), common(list(opened.values()))]
    parts = [INTRODUCTION, *(f"## {table.title}\n\n{table.markdown()}" for table in tables), NOTES]
    with atomic_text(chosen.output) as stream:
        stream.write("\n".join(parts))


def properties(described: dict[str, list[Described]]) -> Table:
    """A row for each vocabulary."""
    names = ["entries", "special", "parts of characters", "with a space", "with digits", "right to left", "duplicates"]
    rows: list[tuple[Cell, ...]] = []
    for name, entries in described.items():
        counts = [
            sum(each.entry.role == "special" for each in entries),
            sum(each.script == PARTS for each in entries),
            sum(each.leading_space for each in entries),
            sum(each.digits > 0 for each in entries),
            sum(each.right_to_left for each in entries),
            sum(each.duplicate for each in entries),
        ]
        longest = max((each for each in entries if each.text), key=lambda each: len(each.text or ""))
        rows.append((name, len(entries), *counts, len(longest.text or "")))
    titles = ["vocabulary", *names, "longest, in characters"]
    return Table(
        title="Entries",
        columns=tuple(Column(key=title, title=title) for title in titles),
        rows=tuple(rows),
        notes=(
            "With a space: at the beginning. BERT's entries have none, as its algorithm drops spaces.",
            "Duplicates: with the same bytes as another entry, such as BERT's `sa` and `##sa`.",
        ),
    )


def unreachable(described: dict[str, list[Described]]) -> Table:
    """Entries that no text gives, by reason."""
    rows: list[tuple[Cell, ...]] = []
    for name, entries in described.items():
        counts = Counter(each.reach.reason for each in entries if each.reach is not None and each.reach.reason)
        total = sum(counts.values())
        rows.append((name, total, total / len(entries), *(counts[reason] for reason in REASONS)))
    columns = [Column(key="name", title="vocabulary"), Column(key="total", title="no text gives")]
    columns.append(Column(key="share", title="share", percent=True, digits=2))
    columns += [
        Column(key=reason, title=f"{reason}{'' if reason in PROVED else '*'}", note=words)
        for reason, words in REASONS.items()
    ]
    notes = ("With an asterisk: so with all texts that were tried. The other reasons hold for every text.",)
    return Table(title="Entries that no text gives", columns=tuple(columns), rows=tuple(rows), notes=notes)


def scripts(described: dict[str, list[Described]]) -> Table:
    """Shares of the most frequent scripts."""
    counts = {name: Counter(each.script for each in entries) for name, entries in described.items()}
    totals: Counter[str] = Counter()
    for each in counts.values():
        totals.update(each)
    chosen = [script for script, _ in totals.most_common(SCRIPTS)]
    columns = [Column(key="script", title="script")]
    columns += [Column(key=name, title=name, percent=True, digits=2) for name in described]
    rows = [(script, *(counts[name][script] / len(described[name]) for name in described)) for script in chosen]
    return Table(title="Entries by script", columns=tuple(columns), rows=tuple(rows))


def common(tokenizers: Sequence[OpenTokenizer]) -> Table:
    """What each two vocabularies share, by both ways of counting."""
    rows: list[tuple[Cell, ...]] = []
    for a, b in itertools.combinations(tokenizers, 2):
        found = overlap(a, b)
        both = (found.on_bytes, found.on_strings)
        rows.append((a.name, b.name, *(number for way in both for number in (len(way.common), way.jaccard))))
    titles = ["A", "B", "same bytes", "Jaccard (bytes)", "same string", "Jaccard (strings)"]
    digits = [None, None, None, 3, None, 3]
    columns = tuple(Column(key=title, title=title, digits=count) for title, count in zip(titles, digits, strict=True))
    return Table(title="What two vocabularies have in common", columns=columns, rows=tuple(rows))


if __name__ == "__main__":
    main()
