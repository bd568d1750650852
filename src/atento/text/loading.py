"""Tokenizers of other libraries, from their files: every format becomes a ``Tokenizer``.

A folder says by its files what it has: ``tokenizer.json``, else ``vocab.json`` with ``merges.txt``, ``vocab.txt``, or a
SentencePiece model; Marian has two of these and a vocabulary of its own. ``tokenizer_config.json`` and
``special_tokens_map.json`` name the special tokens; without them the usual names are looked for.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import tokenizers
from tokenizers import decoders

from atento.core.errors import DataError
from atento.core.parsing import parse_json
from atento.core.vocabulary import MASK
from atento.text import template as templates
from atento.text.gapped import without_gaps
from atento.text.sentence_pieces import read_sentence_pieces, sentence_piece_tokenizer
from atento.text.template import Part, Roles, Template
from atento.text.tokenizer import Tokenizer, is_own, kind_of
from atento.text.vocabulary_files import bert_wordpiece, byte_level_bpe, has_capitals, read_vocabulary

TARGET: Final = "target_tokenizer"
"""The folder of a translator's second tokenizer, where each language has its own."""
_SENTENCE_PIECES: Final = "tokenizer.model"
"""LLaMA's. Files of other names belong to classes that give the pieces ids of their own."""

_USUAL: Final[dict[str, tuple[str, ...]]] = {
    "pad": ("<pad>", "[PAD]"),
    "unk": ("<unk>", "[UNK]"),
    "cls": ("[CLS]",),
    "bos": ("<s>", "<|endoftext|>"),
    "sep": ("[SEP]",),
    "eos": ("</s>", "<|endoftext|>"),
    "mask": ("<mask>", "[MASK]"),
}
"""Names of special tokens where a folder does not say them."""
_FLAGS: Final = ("lstrip", "rstrip", "single_word", "normalized")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a folder says of its tokenizer beside the entries."""

    tokens: Mapping[str, str] = field(default_factory=dict)
    """Special tokens by what they are: pad, unk, bos, eos, cls, sep, mask."""
    flags: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    """How a text is cut around them (``lstrip``: the space before is theirs), where the folder says it."""
    added: Mapping[str, int] = field(default_factory=dict)
    """Entries beyond the vocabulary's file, with their ids."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """``tokenizer_config.json``."""
    family: str = ""
    """Whose tokenizer it is, in small letters: the class that it is made for, or the kind of its model."""

    @property
    def languages(self) -> tuple[str | None, str | None]:
        """A translator's source and target, where the folder says them."""
        source, target = (self.config.get(name) for name in ("source_lang", "target_lang"))
        return source if isinstance(source, str) else None, target if isinstance(target, str) else None

    def option(self, name: str, default: bool) -> bool:
        """A choice of ``tokenizer_config.json``."""
        value = self.config.get(name)
        return value if isinstance(value, bool) else default


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a Hugging Face folder.

    Raises:
        DataError: the folder has no tokenizer that can be read; one line says which file is missing or wrong.
    """
    settings = read_settings(path)
    if (path / "tokenizer.json").is_file():
        return _of_json(path / "tokenizer.json", settings)
    if (path / "vocab.json").is_file():
        return _finished(_of_merges(path, settings), settings)
    if (path / "vocab.txt").is_file():
        return _finished(_of_vocabulary(path / "vocab.txt", settings), settings)
    if (path / _SENTENCE_PIECES).is_file():
        return _of_sentence_pieces(path / _SENTENCE_PIECES, settings)
    raise DataError(
        f"{path} has no tokenizer that is read: none of tokenizer.json, vocab.json with merges.txt, vocab.txt, "
        f"{_SENTENCE_PIECES}; copy it whole"
    )


def library_of_folder(path: Path, file: str | None = None) -> tokenizers.Tokenizer:
    """The tokenizer of a Hugging Face folder as its library runs it; it need not have an end of a text.

    ``file`` says which is read, if there are several: ``tokenizer.json``, ``vocab.json``, ``merges.txt`` or
    ``vocab.txt``.

    Raises:
        DataError: as ``load_tokenizer``.
    """
    settings = read_settings(path)
    if file in (None, "tokenizer.json") and (path / "tokenizer.json").is_file():
        library = _library_of_json(path / "tokenizer.json")
        _follow_config(library, settings)
        return library
    if file in ("vocab.json", "merges.txt") or (file is None and (path / "vocab.json").is_file()):
        parts = _of_merges(path, settings)
    else:
        parts = _of_vocabulary(path / "vocab.txt", settings)
    names = special_names(parts.library, settings)
    if {"sep", "eos"} & names.keys():
        return tokenizers.Tokenizer.from_str(_finished(parts, settings).to_json())
    parts.library.add_special_tokens([tokenizers.AddedToken(name, special=True) for name in names.values()])
    return parts.library


def load_tokenizers(path: Path) -> tuple[Tokenizer, Tokenizer]:
    """The source's and the target's tokenizer of a translator's folder, or twice the same.

    Marian's are two SentencePiece models over one ``vocab.json``, or over one each.

    Raises:
        DataError: as ``load_tokenizer``.
    """
    if (path / "source.spm").is_file():
        settings = read_settings(path)
        own = settings.option("separate_vocabs", False)
        target = "target_vocab.json" if own else "vocab.json"
        return (
            _of_marian(path / "source.spm", path / "vocab.json", settings),
            _of_marian(path / "target.spm", path / target, settings),
        )
    one = load_tokenizer(path)
    return one, load_tokenizer(path / TARGET) if (path / TARGET).is_dir() else one


def read_settings(folder: Path) -> Settings:
    """What a folder says of its tokenizer; nothing where the files are missing.

    Raises:
        DataError: a file is damaged.
    """
    config = _table(folder / "tokenizer_config.json")
    declared = {**_table(folder / "special_tokens_map.json"), **config}
    tokens, flags = {}, {}
    for name in _USUAL:
        value = declared.get(f"{name}_token")
        content = value.get("content") if isinstance(value, dict) else value
        if isinstance(content, str):
            tokens[name] = content
        if isinstance(value, dict):
            flags[name] = {flag: value[flag] for flag in _FLAGS if isinstance(value.get(flag), bool)}
    added = read_vocabulary(folder / "added_tokens.json") if (folder / "added_tokens.json").is_file() else {}
    family = config.get("tokenizer_class") or _table(folder / "config.json").get("model_type") or ""
    return Settings(tokens=tokens, flags=flags, added=added, config=config, family=str(family).lower())


def finished(
    library: tokenizers.Tokenizer,
    settings: Settings,
    template: Callable[[Roles], Template] | None,
    where: str,
    absent: Sequence[int] = (),
) -> Tokenizer:
    """A library's tokenizer as ours: special tokens made known as such, their roles and template written into it.

    Args:
        library: without special tokens of its own, or with them.
        settings: how the special tokens are called.
        template: how they stand; None: as the library's own post-processor says.
        where: the file, for errors.
        absent: entries that the model's vocabulary lacks.

    Raises:
        DataError: a special token that cannot be done without is missing.
    """
    missing = sorted(settings.added.items(), key=lambda item: item[1])
    for token, number in missing:
        library.add_tokens([tokenizers.AddedToken(token, normalized=False)])
        if library.token_to_id(token) != number:
            raise DataError(
                f"{where}: {token!r} of added_tokens.json cannot have the id {number}; copy the folder again"
            )
    names = special_names(library, settings)
    known = {token.content for token in library.get_added_tokens_decoder().values() if token.special}
    library.add_special_tokens(
        [
            tokenizers.AddedToken(name, special=True, **_flags(role, settings))
            for role, name in names.items()
            if name not in known
        ]
    )
    ids = {role: library.token_to_id(name) for role, name in names.items()}
    roles = roles_of_names({role: number for role, number in ids.items() if number is not None}, where)
    roles = dataclasses.replace(roles, absent=tuple(absent))
    description = json.loads(library.to_str())
    try:
        chosen = templates.template_of(description) if template is None else template(roles)
    except ValueError as error:
        raise DataError(f"{where} has {error}, which Atento does not know; a tokenizer without it is needed") from error
    description["post_processor"] = templates.post_processor(
        chosen, roles, lambda number: str(library.id_to_token(number))
    )
    description |= {"padding": None, "truncation": None}
    return Tokenizer.from_json(json.dumps(description), where=where)


def special_names(library: tokenizers.Tokenizer, settings: Settings) -> dict[str, str]:
    """The special tokens by what they are: as the folder says, else by their usual names if there are such entries."""
    names = dict(settings.tokens)
    for role, usual in _USUAL.items():
        found = next((name for name in usual if library.token_to_id(name) is not None), None)
        if role not in names and found is not None:
            names[role] = found
    return names


def roles_of_names(ids: Mapping[str, int], where: str) -> Roles:
    """Roles, given the ids of what the special tokens are called.

    What opens and closes a text is BERT's ``[CLS]`` and ``[SEP]``, else what begins and ends it; a tokenizer without
    padding pads with its end, and one without an unknown token has the end in its place (it spells every byte).

    Raises:
        DataError: nothing ends a text.
    """
    eos = ids.get("sep", ids.get("eos"))
    if eos is None:
        raise DataError(
            f"{where} has no token that ends a text (eos_token or sep_token); name it in tokenizer_config.json"
        )
    bos = ids.get("cls", ids.get("bos", eos))
    return Roles(pad=ids.get("pad", eos), unk=ids.get("unk", eos), bos=bos, eos=eos, mask=ids.get("mask"))


class _Parts(NamedTuple):
    """A tokenizer before its special tokens are made known."""

    library: tokenizers.Tokenizer
    template: Callable[[Roles], Template]
    where: str


def _finished(parts: _Parts, settings: Settings) -> Tokenizer:
    return finished(parts.library, settings, parts.template, parts.where)


def _library_of_json(path: Path) -> tokenizers.Tokenizer:
    try:
        return tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # the library raises nothing more precise
        raise DataError(f"{path} is damaged ({error}); copy it again") from error


def _of_json(path: Path, settings: Settings) -> Tokenizer:
    library = _library_of_json(path)
    if is_own(library):
        description = json.loads(library.to_str())
        description = without_gaps(description, kind_of(description), MASK)
        return Tokenizer.from_json(json.dumps(description | {"post_processor": None}), where=str(path))
    _follow_config(library, settings)
    return finished(library, settings, None, str(path))


def _follow_config(library: tokenizers.Tokenizer, settings: Settings) -> None:
    """BERT's choices in ``tokenizer_config.json`` go before those of ``tokenizer.json``, as in ``transformers``."""
    if "bert" not in settings.family:
        return
    normalizer = json.loads(library.to_str())["normalizer"]
    if normalizer is None or normalizer.pop("type") != "BertNormalizer":
        return
    names = {"lowercase": "do_lower_case", "strip_accents": "strip_accents"}
    names["handle_chinese_chars"] = "tokenize_chinese_chars"
    changed = {ours: settings.config[theirs] for ours, theirs in names.items() if theirs in settings.config}
    library.normalizer = tokenizers.normalizers.BertNormalizer(**{**normalizer, **changed})


def _of_merges(folder: Path, settings: Settings) -> _Parts:
    prefix = settings.option("add_prefix_space", False)
    library = byte_level_bpe(folder / "vocab.json", folder / "merges.txt", prefix_space=prefix)
    where = str(folder / "vocab.json")
    if "roberta" in settings.family or (not settings.family and library.token_to_id("<mask>") is not None):
        return _Parts(library, lambda roles: templates.roberta(roles.bos, roles.eos), where)
    if settings.option("add_bos_token", False):
        return _Parts(library, lambda roles: templates.begun(roles.bos), where)
    return _Parts(library, lambda _: templates.PLAIN, where)


def _of_vocabulary(path: Path, settings: Settings) -> _Parts:
    strip = settings.config.get("strip_accents")
    library = bert_wordpiece(
        path,
        unknown=settings.tokens.get("unk", "[UNK]"),
        lowercase=settings.option("do_lower_case", bool(settings.config) or not has_capitals(path)),
        strip_accents=strip if isinstance(strip, bool) else None,
        ideographs=settings.option("tokenize_chinese_chars", True),
    )
    return _Parts(library, lambda roles: templates.bert(roles.bos, roles.eos), str(path))


def _of_sentence_pieces(path: Path, settings: Settings) -> Tokenizer:
    model = read_sentence_pieces(path)
    library = sentence_piece_tokenizer(model)
    before, after = (
        settings.option("add_bos_token", "llama" in settings.family),
        settings.option("add_eos_token", False),
    )

    def template(roles: Roles) -> Template:
        one = [Part(roles.bos)] if before else []
        one += [Part("A")] + ([Part(roles.eos)] if after else [])
        second = [part._replace(what="B", text_type=1) if part.what == "A" else part for part in one]
        return Template(one=tuple(one), two=(*one, *second))

    return finished(library, settings, template, str(path))


def _of_marian(path: Path, vocabulary: Path, settings: Settings) -> Tokenizer:
    """Pieces of a SentencePiece model with the ids of ``vocab.json``; codes of languages in it are tokens."""
    ids = read_vocabulary(vocabulary)
    try:
        library = sentence_piece_tokenizer(read_sentence_pieces(path), ids)
    except ValueError as error:
        raise DataError(f"{vocabulary}: {error}; copy it again") from error
    codes = [token for token in ids if token.startswith(">>") and token.endswith("<<")]
    library.add_tokens([tokenizers.AddedToken(code, normalized=False) for code in codes])
    library.decoder = decoders.Sequence([library.decoder, decoders.Replace(tokenizers.Regex(r" +\z"), "")])
    names = {"pad": "<pad>", "unk": "<unk>", "eos": "</s>", **settings.tokens}
    names = {**{role: names[role] for role in ("pad", "unk", "eos")}, "bos": names["pad"]}
    absent = range(len(ids), library.get_vocab_size(with_added_tokens=True))
    marian = dataclasses.replace(settings, tokens=names)
    return finished(library, marian, lambda roles: templates.ended(roles.eos), str(vocabulary), absent)


def _flags(role: str, settings: Settings) -> dict[str, bool]:
    """How a text is cut around a special token. RoBERTa's mask stands for the space before it, too."""
    usual = {"normalized": False, "lstrip": role == "mask" and "roberta" in settings.family}
    return {**usual, **settings.flags.get(role, {})}


def _table(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no such file.

    Raises:
        DataError: it is damaged.
    """
    if not path.is_file():
        return {}
    try:
        table = parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is damaged ({error}); copy it again") from error
    if not isinstance(table, dict):
        raise DataError(f"{path} is no JSON object; copy it again")
    return table
