"""Whether the tokenizers of a run suit its training text; said aloud where a run goes on from another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from atento.bundle import find_bundle, read_card
from atento.core.progress import Progress
from atento.data.corpus_files import CorpusFiles
from atento.data.documents import read_pieces
from atento.data.labelled_files import LabelledFiles, read_labelled
from atento.data.readers import read_pairs
from atento.data.text_files import Documents, TextFiles
from atento.text.fit import Fit, fit_of
from atento.text.tokenizer import Tokenizer

_TEXTS = 500
"""Texts of each file that are looked at."""
_CHARACTERS = 20_000
"""Of each text, from its beginning."""


def fit_of_pairs(corpora: Sequence[CorpusFiles], source: Tokenizer, target: Tokenizer) -> dict[str, Fit]:
    """How well each side's tokenizer suits it."""
    pairs = [pair for corpus in corpora for pair in islice(read_pairs(corpus), _TEXTS)]
    return {
        "source": fit_of(source, (pair.source for pair in pairs)),
        "target": fit_of(target, (pair.target for pair in pairs)),
    }


def fit_of_texts(files: Sequence[TextFiles], documents: Documents, tokenizer: Tokenizer) -> dict[str, Fit]:
    """How well a language model's tokenizer suits its text."""
    pieces = (piece for each in files for piece in islice(read_pieces(each, documents), _TEXTS))
    return {"text": fit_of(tokenizer, (piece.text[:_CHARACTERS] for piece in pieces))}


def fit_of_labelled(files: Sequence[LabelledFiles], tokenizer: Tokenizer) -> dict[str, Fit]:
    """How well a classifier's tokenizer suits its texts."""
    texts = (text for each in files for text in islice(read_labelled(each), _TEXTS))
    return {"text": fit_of(tokenizer, (part for text in texts for part in (text.text, text.second) if part))}


def tell_of_fit(found: Mapping[str, Fit], start: str | None, progress: Progress) -> None:
    """Say where the tokenizers of the run to start from suit the new text badly."""
    if start is None:
        return
    before = _before(Path(start))
    for name, fit in found.items():
        if complaints := fit.complaints(before.get(name)):
            side = "text" if name == "text" else f"{name} text"
            progress.message(
                f"warning: the {side} fits the tokenizer badly ({'; '.join(complaints)}); "
                "a model with a tokenizer of its own may do better"
            )


def _before(start: Path) -> dict[str, Fit]:
    """What the card of a bundle says of its own text; empty where it says nothing."""
    data = read_card(find_bundle(start)).get("data")
    try:
        return msgspec.convert(data.get("fit", {}) if isinstance(data, Mapping) else {}, dict[str, Fit])
    except msgspec.ValidationError:
        return {}
