"""Translation memories in TMX 1.4 (LISA, 2005).

The parser is expat itself, fed block by block: no tree is ever built, every unit knows its line, and a document that
declares entities is refused, so no other file is read and nothing can expand (XML bombs). Of a segment's inline
elements the text of ``hi`` belongs to the sentence; that of ``bpt ept ph it ut`` is formatting code and is dropped.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from xml.parsers import expat

from atento.core.errors import DataError
from atento.core.files import open_binary, read_blocks
from atento.data.corpus_files import CorpusFiles
from atento.data.languages import best_match
from atento.data.records import Fault, Pair, Record, one_line

_CODES = frozenset({"bpt", "ept", "ph", "it", "ut"})


@dataclass
class _Unit:
    line: int
    segments: dict[str, str] = field(default_factory=dict)  # language → text, the first of each language


def read_tmx(corpus: CorpusFiles) -> Iterator[Record]:
    """Stream the units of a TMX file.

    Without languages in ``corpus`` the first unit must have two: the header's ``srclang`` or else the first of them is
    the source.

    Raises:
        DataError: the file cannot be read, is no well-formed XML or no TMX, declares entities (with the line), or holds
            more than two languages and the corpus names none.
    """
    name = str(corpus.file)
    languages: tuple[str, str] | None = None
    if corpus.source_language is not None and corpus.target_language is not None:
        languages = corpus.source_language, corpus.target_language
    parser = _Parser(name)
    for unit in parser.units(corpus):
        languages = languages or _languages(unit, parser.source_language, name)
        source, target = (best_match(language, unit.segments) for language in languages)
        if source is None or target is None or source == target:
            found = ", ".join(unit.segments) or "none"
            fault = Fault(
                "malformed",
                f"{name}, line {unit.line}: no {languages[0]} and {languages[1]} among the unit's languages ({found}); "
                "mend the unit or name other languages",
            )
            raw = json.dumps(unit.segments, ensure_ascii=False).encode()
            yield Record(name, unit.line, (raw,), None, (fault,))
        else:
            pair = Pair(one_line(unit.segments[source]), one_line(unit.segments[target]), unit.line)
            yield Record(name, unit.line, (pair.source.encode(), pair.target.encode()), pair)


def _languages(unit: _Unit, source_language: str, name: str) -> tuple[str, str]:
    codes = list(unit.segments)
    if len(codes) != 2:
        raise DataError(
            f"{name}, line {unit.line}: the languages are {', '.join(codes) or 'none'}; "
            "give source_language and target_language"
        )
    source = best_match(source_language, codes) or codes[0]
    return source, next(code for code in codes if code != source)


class _Parser:
    """Collects complete units while expat walks through the document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.source_language = "*all*"
        self._ready: deque[_Unit] = deque()
        self._unit: _Unit | None = None
        self._language = ""
        self._text: list[str] | None = None  # the segment being read
        self._codes = 0  # depth inside formatting codes
        self._root = False
        self._expat = expat.ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters
        self._expat.EntityDeclHandler = self._refuse_entity

    def units(self, corpus: CorpusFiles) -> Iterator[_Unit]:
        with open_binary(corpus.paths[0]) as stream:
            for block in chain(read_blocks(stream, self.name), [b""]):
                try:
                    self._expat.Parse(block, not block)  # an empty block ends the document
                except expat.ExpatError as error:
                    raise DataError(
                        f"{self.name}, line {error.lineno}: not well-formed XML "
                        f"({expat.ErrorString(error.code)}); mend the file"
                    ) from error
                while self._ready:
                    yield self._ready.popleft()

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._root:
            self._root = True
            if tag != "tmx":
                raise DataError(f"{self.name}, line {self._expat.CurrentLineNumber}: <{tag}> is no TMX document")
        match tag:
            case "header":
                self.source_language = attributes.get("srclang", "*all*")
            case "tu":
                self._unit = _Unit(self._expat.CurrentLineNumber)
            case "tuv":
                self._language = attributes.get("xml:lang") or attributes.get("lang") or "?"
            case "seg":
                self._text = []
            case _ if tag in _CODES:
                self._codes += 1

    def _end(self, tag: str) -> None:
        if tag in _CODES:
            self._codes -= 1
        elif tag == "seg" and self._unit is not None and self._text is not None:
            self._unit.segments.setdefault(self._language, "".join(self._text))
            self._text = None
        elif tag == "tu" and self._unit is not None:
            self._ready.append(self._unit)
            self._unit = None

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._codes:
            self._text.append(text)

    def _refuse_entity(self, entity: str, *_: object) -> None:
        raise DataError(
            f"{self.name}, line {self._expat.CurrentLineNumber}: it declares the entity {entity!r}, which is refused; "
            "write the text itself"
        )
