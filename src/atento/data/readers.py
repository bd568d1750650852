"""Reading parallel corpora: line-aligned files, TSV, JSONL and TMX, each through gzip, xz, bzip2 or zstd.

Everything streams. There is one reading path: ``read_records`` gives every entry with its original bytes and its faults
(for checking and cleaning), ``read_pairs`` gives the pairs and stops at the first fault (for training).

Left out on purpose: quoting in TSV (a quotation mark is an ordinary character, as in every corpus that is distributed
as TSV) and guessing of encodings (everything is UTF-8; XML may say otherwise in its declaration).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from itertools import zip_longest

from atento.core.errors import DataError
from atento.core.files import open_binary, raw_lines
from atento.data.corpus_files import CorpusFiles
from atento.data.jsonl import read_jsonl
from atento.data.records import Fault, Pair, Record, decoded
from atento.data.tmx import read_tmx


def read_pairs(corpus: CorpusFiles) -> Iterator[Pair]:
    """Stream the pairs of a corpus.

    Raises:
        DataError: a file is missing, empty or damaged, the sides have unequally many lines (both counts are named), or
            an entry is not UTF-8 or malformed (file and line are named).
    """
    for record in read_records(corpus):
        if record.pair is None:
            raise DataError(record.faults[0].message)
        yield record.pair


def read_records(corpus: CorpusFiles) -> Iterator[Record]:
    """Stream the entries of a corpus, faulty ones included.

    Raises:
        DataError: a file is missing, empty or damaged, or the sides have unequally many lines.
    """
    readers = {"plain": _read_plain, "tsv": _read_tsv, "jsonl": read_jsonl, "tmx": read_tmx}
    empty = True
    for record in readers[corpus.resolved_format](corpus):
        empty = False
        yield record
    if empty:
        raise DataError(f"{corpus.name}: no sentence pair in it; give a corpus that has some")


def _read_plain(corpus: CorpusFiles) -> Iterator[Record]:
    source_name, target_name = str(corpus.source), str(corpus.target)
    with contextlib.ExitStack() as stack:
        sides = [raw_lines(stack.enter_context(open_binary(path)), str(path)) for path in corpus.paths]
        for number, (source_line, target_line) in enumerate(zip_longest(*sides), 1):
            if source_line is None or target_line is None:
                shorter, rest = (source_name, sides[1]) if source_line is None else (target_name, sides[0])
                raise _unequal(corpus, shorter, number - 1, number + sum(1 for _ in rest))
            source, target = decoded(source_line, source_name, number), decoded(target_line, target_name, number)
            raw = (source_line, target_line)
            if isinstance(source, Fault) or isinstance(target, Fault):
                faults = tuple(side for side in (source, target) if isinstance(side, Fault))
                file = target_name if isinstance(source, str) else source_name
                yield Record(file, number, raw, None, faults)
            else:
                yield Record(source_name, number, raw, Pair(source, target, number))


def _unequal(corpus: CorpusFiles, shorter: str, fewer: int, more: int) -> DataError:
    longer = str(corpus.target if shorter == str(corpus.source) else corpus.source)
    if fewer == 0:
        return DataError(f"{shorter} is empty, but {longer} has {more} lines; line n of one must translate line n")
    return DataError(
        f"{shorter} has {fewer} lines, but {longer} has {more}; line n of one must translate line n of the other"
    )


def _read_tsv(corpus: CorpusFiles) -> Iterator[Record]:
    name = str(corpus.file)
    source_column, target_column = corpus.source_column - 1, corpus.target_column - 1
    needed = max(source_column, target_column) + 1
    with open_binary(corpus.paths[0]) as stream:
        for number, line in enumerate(raw_lines(stream, name), 1):
            text = decoded(line, name, number)
            if isinstance(text, Fault):
                yield Record(name, number, (line,), None, (text,))
                continue
            columns = text.split("\t")
            if len(columns) < needed:
                message = f"{name}, line {number}: {len(columns)} tab-separated columns, expected at least {needed}"
                fault = Fault("malformed", f"{message}; mend the line or choose other columns")
                yield Record(name, number, (line,), None, (fault,))
            else:
                yield Record(name, number, (line,), Pair(columns[source_column], columns[target_column], number))
