"""Parallel corpora in JSON Lines: one JSON object a line.

Which keys hold the sides: those the configuration names (dotted for nested ones); else its languages, compared loosely
(``pt`` finds ``pt-BR``), in the object or in its ``translation``; else ``source`` and ``target``; else the only two
keys with text. The choice is made at the first line that allows one, and holds for the whole file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from atento.core.files import open_binary, raw_lines
from atento.data.corpus_files import CorpusFiles
from atento.data.languages import best_match
from atento.data.records import Fault, Pair, Record, decoded, one_line

KeyPath = tuple[str, ...]


class _MalformedError(Exception):
    """A line that holds no pair; the message says why."""


def read_jsonl(corpus: CorpusFiles) -> Iterator[Record]:
    """Stream the entries of a JSONL corpus; a blank line is skipped.

    Raises:
        DataError: the file cannot be read.
    """
    name = str(corpus.file)
    keys: tuple[KeyPath, KeyPath] | None = None
    with open_binary(corpus.paths[0]) as stream:
        for number, line in enumerate(raw_lines(stream, name), 1):
            if not line.strip():
                continue
            text = decoded(line, name, number)
            if isinstance(text, Fault):
                yield Record(name, number, (line,), None, (text,))
                continue
            try:
                value = _object(line)
                keys = keys or _keys(value, corpus)
                source, target = (one_line(_text(value, path)) for path in keys)
            except _MalformedError as error:
                fault = Fault("malformed", f"{name}, line {number}: {error}; mend the line or name other keys")
                yield Record(name, number, (line,), None, (fault,))
            else:
                yield Record(name, number, (line,), Pair(source, target, number))


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _MalformedError(f"not valid JSON ({error})") from error
    if not isinstance(value, dict):
        raise _MalformedError("not a JSON object")
    return value


def _keys(value: dict[str, Any], corpus: CorpusFiles) -> tuple[KeyPath, KeyPath]:
    if corpus.source_key is not None and corpus.target_key is not None:
        return _key(value, corpus.source_key), _key(value, corpus.target_key)
    inner = value.get("translation")
    places: list[tuple[KeyPath, dict[str, Any]]] = [((), value)]
    if isinstance(inner, dict):
        places.append((("translation",), inner))
    for prefix, table in places:
        texts = [key for key, item in table.items() if isinstance(item, str)]
        if corpus.source_language is not None and corpus.target_language is not None:
            source, target = best_match(corpus.source_language, texts), best_match(corpus.target_language, texts)
            if source is not None and target is not None and source != target:
                return (*prefix, source), (*prefix, target)
        if {"source", "target"} <= set(texts):
            return (*prefix, "source"), (*prefix, "target")
        if corpus.source_language is None and len(texts) == 2:
            return (*prefix, texts[0]), (*prefix, texts[1])
    wanted = f"{corpus.source_language} and {corpus.target_language}" if corpus.source_language else "source and target"
    raise _MalformedError(f"cannot tell which keys hold {wanted} among {', '.join(value) or 'none'}")


def _key(value: dict[str, Any], name: str) -> KeyPath:
    return (name,) if name in value else tuple(name.split("."))


def _text(value: Any, path: KeyPath) -> str:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            raise _MalformedError(f"no key {'.'.join(path)!r}")
        value = value[key]
    if not isinstance(value, str):
        raise _MalformedError(f"key {'.'.join(path)!r} holds no text")
    return value
