"""Tokenizers in plain files: GPT-2's and RoBERTa's ``vocab.json`` with ``merges.txt``, and BERT's ``vocab.txt``.

Radford et al. 2019 (byte-level BPE), Devlin et al. 2019 (WordPiece after BERT's own cutting). What is made of them
gives the ids that ``transformers`` gives.
"""

from __future__ import annotations

from pathlib import Path

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers

from atento.core.errors import DataError
from atento.core.parsing import parse_json


def byte_level_bpe(vocabulary: Path, merges: Path, *, prefix_space: bool = False) -> tokenizers.Tokenizer:
    """Byte-level BPE of ``vocab.json`` and ``merges.txt``, without special tokens.

    Raises:
        DataError: a file is missing or damaged, or they do not go together.
    """
    table = read_vocabulary(vocabulary)
    pairs = []
    for number, line in enumerate(_lines(merges), 1):
        if not line or (number == 1 and line.startswith("#version")):
            continue
        pair = line.split(" ")
        if len(pair) != 2:
            raise DataError(f"{merges}, line {number}: {line[:40]!r} is no pair of pieces; copy the file again")
        pairs.append((pair[0], pair[1]))
    try:
        model = models.BPE(vocab=table, merges=pairs, continuing_subword_prefix="", end_of_word_suffix="")
    except Exception as error:  # the library raises nothing more precise
        raise DataError(f"{merges} does not go with {vocabulary} ({error}); copy both again") from error
    library = tokenizers.Tokenizer(model)
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    library.decoder = decoders.ByteLevel()
    return library


def bert_wordpiece(
    vocabulary: Path,
    *,
    unknown: str,
    lowercase: bool = True,
    strip_accents: bool | None = None,
    ideographs: bool = True,
) -> tokenizers.Tokenizer:
    """BERT's WordPiece of ``vocab.txt``, an entry a line, without special tokens.

    Args:
        vocabulary: the file.
        unknown: the token for words that it cannot spell.
        lowercase: make letters small, and take their accents away unless ``strip_accents`` says otherwise.
        strip_accents: None: as ``lowercase``.
        ideographs: cut Chinese characters apart.

    Raises:
        DataError: the file is missing, damaged, or lacks the unknown token.
    """
    table = {line: number for number, line in enumerate(_lines(vocabulary))}
    if unknown not in table:
        raise DataError(f"{vocabulary} has no {unknown} entry, so it is no BERT's vocab.txt; give one")
    library = tokenizers.Tokenizer(models.WordPiece(table, unk_token=unknown))
    library.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=ideographs, strip_accents=strip_accents, lowercase=lowercase
    )
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece(prefix="##")
    return library


def has_capitals(vocabulary: Path) -> bool:
    """Whether a ``vocab.txt`` has entries with capital letters, so that it was made of text as it is written.

    Raises:
        DataError: the file is missing or damaged.
    """
    return any(line != line.lower() for line in _lines(vocabulary) if not line.startswith(("[", "<")))


def read_vocabulary(path: Path) -> dict[str, int]:
    """A ``vocab.json``: entries and their ids.

    Raises:
        DataError: it is missing, or no table of entries and ids.
    """
    try:
        table = parse_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; copy the folder again whole") from error
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); copy it again") from error
    if not isinstance(table, dict) or not all(type(number) is int and number >= 0 for number in table.values()):
        raise DataError(f"{path} is no table of entries and their ids; give a vocab.json")
    return table


def _lines(path: Path) -> list[str]:
    """Lines as Python's text files have them: of all the signs that end lines in Unicode only \\n, \\r\\n and \\r."""
    try:
        with path.open(encoding="utf-8") as stream:
            return [line.removesuffix("\n") for line in stream]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; copy the folder again whole") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text; copy it again") from error
