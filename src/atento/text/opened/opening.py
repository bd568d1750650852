"""A tokenizer from whatever a user has of it: a file of any format, a folder, a run, or a name on the hub."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import tokenizers

from atento.core.errors import ConfigurationError, DataError
from atento.core.parsing import parse_json
from atento.text.loading import library_of_folder
from atento.text.opened.hugging_face import HuggingFaceTokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.opened.sentence_piece import SentencePieceTokenizer
from atento.text.opened.tiktoken_file import TiktokenTokenizer
from atento.text.tokenizer import Tokenizer

Side = Literal["source", "target"]
_SENTENCE_PIECE: Final = (".model", ".spm")
_TIKTOKEN: Final = ".tiktoken"
_NAME: Final = re.compile(r"(?!.*(--|\.\.))\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
"""What can be a name on the hub."""
_PARTS: Final = ("vocab.json", "merges.txt", "vocab.txt")
"""Files that are read with what lies beside them."""


def open_tokenizer(
    source: str | Path, *, name: str | None = None, pattern: str | None = None, side: Side = "source"
) -> OpenTokenizer:
    """Open any tokenizer.

    Args:
        source: a ``tokenizer.json``, ``vocab.json`` (with ``merges.txt`` beside it), BERT's ``vocab.txt``, a
            SentencePiece ``.model``, a ``.tiktoken`` file; a Hugging Face folder, a run or a bundle of ours; or a name
            on Hugging Face's hub, where that can be reached.
        name: what tables call it; None: after its file or folder.
        pattern: how a ``.tiktoken`` file's tokenizer parts words; see ``tiktoken_file.PRESETS``.
        side: whose, of a translator with two.

    Raises:
        DataError: there is none, it is damaged, or the library that it needs is not installed.
        ConfigurationError: ``pattern`` is missing, wrong, or given for another format.
    """
    path = Path(source)
    title = name or _title(path)
    if path.suffix == _TIKTOKEN and not path.is_dir():
        return TiktokenTokenizer.read(path, title, pattern)
    if path.is_dir():
        found = _in_folder(path, side)
        if found.suffix == _TIKTOKEN:
            return TiktokenTokenizer.read(found, title, pattern)
        path = found
    if pattern is not None:
        raise ConfigurationError(f"{source} is no .tiktoken file, so it takes no pattern; leave it out")
    if path.suffix in _SENTENCE_PIECE and not path.is_dir():
        return SentencePieceTokenizer(path, title)
    if path.is_dir():
        return HuggingFaceTokenizer(library_of_folder(path), title)
    if path.name in _PARTS:
        _check_file(path)
        return HuggingFaceTokenizer(library_of_folder(path.parent, path.name), title)
    if path.is_file() or _is_path(str(source)):
        return HuggingFaceTokenizer(_library_of_file(path), title)
    return HuggingFaceTokenizer(_from_hub(str(source)), title)


def open_trained(tokenizer: Tokenizer, name: str | None = None) -> OpenTokenizer:
    """A tokenizer of ours that is in memory; ``name`` is its kind if not given."""
    return HuggingFaceTokenizer(tokenizers.Tokenizer.from_str(tokenizer.to_json()), name or tokenizer.kind)


def open_named(sources: Sequence[str], *, pattern: str | None = None) -> list[OpenTokenizer]:
    """Open several tokenizers, given as ``NAME=PATH`` or ``PATH``; ``pattern`` is for the ``.tiktoken`` files.

    Raises:
        DataError: as ``open_tokenizer``.
        ConfigurationError: as ``open_tokenizer``, or a pattern without such a file, or one name twice.
    """
    pairs = [_named(source) for source in sources]
    if pattern is not None and not any(Path(path).suffix == _TIKTOKEN for _, path in pairs):
        raise ConfigurationError("there is no .tiktoken file that would take a pattern; leave it out")
    opened = [
        open_tokenizer(path, name=name, pattern=pattern if Path(path).suffix == _TIKTOKEN else None)
        for name, path in pairs
    ]
    names = [each.name for each in opened]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(f"two tokenizers are called {twice}; name them: NAME=PATH")
    return opened


def _named(source: str) -> tuple[str | None, str]:
    name, sign, path = source.partition("=")
    return (name, path) if sign and name and path and not Path(source).exists() else (None, source)


def _title(path: Path) -> str:
    """A short name: that of the file, or of the folder if files of its kind all have the same name."""
    absolute = path.absolute()
    if path.name in (*_PARTS, "tokenizer.json", "tokenizer.model"):
        folder = absolute.parent
        return folder.parent.name if folder.name in ("bundle", "tokenizers") and folder.parent.name else folder.name
    return absolute.name if absolute.is_dir() else path.stem or str(path)


def _in_folder(folder: Path, side: Side) -> Path:
    """What to read of a folder: the folder itself, if it is laid out as Hugging Face's are."""
    for place in (folder, folder / "bundle"):
        for name in (f"{side}.tokenizer.json", "tokenizer.json"):
            if (place / name).is_file() and not (place == folder and (place / "tokenizer_config.json").is_file()):
                return place / name
    for name in (f"{side}.json", "source.json"):  # a run that has no bundle yet
        if (folder / "tokenizers" / name).is_file():
            return folder / "tokenizers" / name
    if any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "vocab.txt")):
        return folder
    files = sorted(path for path in folder.iterdir() if path.suffix in (*_SENTENCE_PIECE, _TIKTOKEN))
    if len(files) == 1:
        return files[0]
    if files:
        raise DataError(f"{folder} has {len(files)} tokenizers ({files[0].name}, …); give the path of one")
    raise DataError(
        f"{folder} has no tokenizer: none of tokenizer.json, vocab.json with merges.txt, vocab.txt, *.model, "
        "*.tiktoken; give a folder that has, or a file"
    )


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"cannot read {path}: there is no such file; check the path")


def _library_of_file(path: Path) -> tokenizers.Tokenizer:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; give the path of a tokenizer") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text, so no tokenizer.json; give the path of one") from error
    try:
        parse_json(text)
    except ValueError as error:
        raise DataError(f"{path} is not JSON ({error}): it is damaged or no tokenizer.json; copy it again") from error
    try:
        return tokenizers.Tokenizer.from_str(text)
    except Exception as error:  # the library raises nothing more precise
        raise DataError(f"{path} is JSON but no tokenizer.json ({error}); give one") from error


def _is_path(name: str) -> bool:
    """Whether a name that is no file can only be meant as one."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name or name.endswith((".json", ".txt"))


def _from_hub(name: str) -> tokenizers.Tokenizer:
    """The tokenizer of a model on the hub, from the hub's cache on this machine if it is there."""
    import huggingface_hub

    if not _NAME.fullmatch(name):
        raise DataError(f"cannot read {name}: there is no such file or folder; check the path")
    if huggingface_hub.try_to_load_from_cache(name, "tokenizer.json") is None and not _hub_answers():
        raise DataError(
            f"{name} is no file or folder here, and the hub cannot be reached; give the path of a tokenizer's file or "
            "folder"
        )
    try:
        return tokenizers.Tokenizer.from_pretrained(name)
    except Exception as error:  # the library raises nothing more precise
        message = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(
            f"{name} is no file or folder here, and the hub has no tokenizer.json of that name ({message}); give the "
            "path of a tokenizer's file or folder"
        ) from error


def _hub_answers() -> bool:
    """Whether the hub's name is known here; behind a proxy it need not be."""
    import socket
    from urllib.parse import urlsplit

    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    try:
        socket.getaddrinfo(urlsplit(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True
