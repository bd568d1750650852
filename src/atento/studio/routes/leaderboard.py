"""The tab Leaderboard: tokenizers measured on the user's texts."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from atento.core.errors import ConfigurationError
from atento.core.files import COMPRESSIONS, decode_lines, read_lines
from atento.core.progress import Progress
from atento.studio.answers import LeaderboardRequest, NamedText, Started, table
from atento.studio.builtin import BUILTIN
from atento.studio.limits import check_text
from atento.studio.services import Studio
from atento.text.metrics import report
from atento.text.metrics.configuration import MeasureConfig
from atento.text.metrics.measuring import Measurement, measure
from atento.text.metrics.ranking import Ranked, ranked

_MOST: Final = 24
"""Tokenizers, and texts."""
_LOOKED_AT: Final = 1_000_000
"""Bytes in which words kept whole are looked for, spread over longer texts."""

Text = str | Path
"""What was pasted, or a file."""


def begin(studio: Studio, request: LeaderboardRequest) -> Started:
    """Begin to measure; what is wrong with the request is said before."""
    if not 1 <= len(request.tokenizers) <= _MOST or not 1 <= len(request.texts) <= _MOST:
        raise ConfigurationError(f"give 1 to {_MOST} tokenizers, and as many texts")
    if len(set(request.tokenizers)) < len(request.tokenizers):
        raise ConfigurationError("one tokenizer is chosen twice; choose different ones")
    texts = _texts(studio, request.texts)
    total = _size(texts.values())
    config = MeasureConfig(alpha=request.alpha, look_every=1 + (total or 0) // _LOOKED_AT)
    if request.against is not None and request.against not in texts:
        raise ConfigurationError(f"no text is called {request.against}; there are {', '.join(texts)}")
    opened = [studio.tokenizers.open(name) for name in request.tokenizers]

    def work(progress: Progress, _: object) -> Mapping[str, Any]:
        lines = {name: _lines(name, text) for name, text in texts.items()}
        found = measure(opened, lines, config, against=request.against, progress=progress, total=total)
        return _result(found, ranked(found))

    return Started(job=studio.jobs.begin("measuring", work))


def _texts(studio: Studio, given: Sequence[NamedText]) -> dict[str, Text]:
    texts: dict[str, Text] = {}
    for each in given:
        if not each.name.strip() or each.name in texts:
            raise ConfigurationError(f"{each.name!r}: every text needs a name of its own")
        texts[each.name] = _text(studio, each)
    return texts


def _text(studio: Studio, given: NamedText) -> Text:
    """What was pasted; or the file of a path, in the workspace or of the built-in corpus."""
    if (given.text is None) == (given.path is None):
        raise ConfigurationError(f"{given.name}: give either its text or its path")
    if given.text is not None:
        return check_text(given.text)
    assert given.path is not None
    if given.path.startswith(BUILTIN):
        return studio.builtin.text(given.path)
    path = studio.workspace.path(given.path)
    if not path.is_file():
        raise ConfigurationError(f"{given.path} is no file; give the path of a text")
    return path


def _size(texts: Iterable[Text]) -> int | None:
    """Bytes of all texts; None where one is compressed."""
    sizes: list[int] = []
    for text in texts:
        if isinstance(text, Path) and text.suffix in COMPRESSIONS:
            return None
        sizes.append(text.stat().st_size if isinstance(text, Path) else len(text.encode(errors="replace")))
    return sum(sizes)


def _lines(name: str, text: Text) -> Iterator[str]:
    return read_lines(text) if isinstance(text, Path) else decode_lines(io.BytesIO(text.encode()), name)


def _result(found: Measurement, rows: Sequence[Ranked]) -> Mapping[str, Any]:
    full = report.full_table(found, rows)
    tables = [report.overall_table(found, rows)]
    if len(found.texts) > 1:
        tables.append(report.text_table(found, rows))
    tables.append(report.interval_table(rows))
    return {
        "tables": [table(each) for each in tables],
        "csv": full.csv(),
        "markdown": "\n".join(f"## {each.title}\n\n{each.markdown()}" for each in tables),
        "latex": "\n".join(each.latex() for each in tables),
        "json": msgspec.json.encode({"settings": report.settings_data(found), **full.data()}).decode(),
    }
