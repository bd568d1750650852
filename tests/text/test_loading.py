"""Tokenizers from elsewhere: the ids, the text and the templates of the library that they come from."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import models, pre_tokenizers, trainers
from transformers import BertTokenizer, GPT2Tokenizer, RobertaTokenizer

from atento.core.errors import DataError
from atento.text.foreign import ForeignTokenizer
from atento.text.gaps import encode_with_gaps
from atento.text.loading import load_tokenizer
from atento.text.tokenizer import Tokenizer

TEXTS = [
    "a vida é bela", "o que é a vida, meu irmão?", "ele vê a casa e o gato preto", "¿qué es la vida, hermano?",
    "la casa del gato es bella", "Dê-me água!", "1984, 42 e 7", "não sei quando ele vem",
]  # fmt: skip
HARD = [
    *TEXTS, "", " ", "  dois   espaços ", "linha\numa\r\noutra\tfim ", "ALTO Ünïcödé ǅ ﬁ ß", "e\u0301 comb. a\u0308",
    "你好，世界", "こんにちは", "안녕하세요", "مرحبا بالعالم", "नमस्ते", "สวัสดี", "👩‍👩‍👧 🇧🇷 😀",
    "\u200b\u00a0\u2028\ufeff",
    "x\x00\x07\x1by", "1,000.50 €!?", "don't we're I'll", "▁a ▁▁b", "##a", "a" * 120,
]  # fmt: skip
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
PLAIN_MASK = {"content": "<mask>", "lstrip": False, "normalized": False}
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def random_texts(count: int) -> list[str]:
    """Characters of every plane, surrogates and unassigned ones left out."""
    draw = random.Random(11)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x250, 0x1000), (0x1000, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000)]
    return ["".join(chr(draw.randrange(*draw.choice(blocks))) for _ in range(12)) for _ in range(count)]


def bytes_folder(folder: Path, specials: list[str], config: dict[str, Any] | None = None) -> Path:
    library = tokenizers.Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=330, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    library.train_from_iterator(TEXTS * 3, trainer)
    library.model.save(str(folder))
    return with_config(folder, config)


def words_folder(folder: Path, config: dict[str, Any] | None = None) -> Path:
    pieces = sorted({piece for text in TEXTS for word in text.split() for piece in (word[0], "##" + word[-1], word)})
    letters = [prefix + chr(code) for code in range(ord("a"), ord("z") + 1) for prefix in ("", "##")]
    entries = dict.fromkeys([*BERT, *letters, *"ABDLTU.,?!¿'-é\u4f60", *pieces])
    (folder / "vocab.txt").write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")
    return with_config(folder, config)


def with_config(folder: Path, config: dict[str, Any] | None) -> Path:
    if config is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def check(ours: Tokenizer, theirs: Any, texts: list[str]) -> None:
    """Ids, decoded text, spans and surfaces, one by one and in a batch."""
    wanted = [theirs(text, add_special_tokens=False)["input_ids"] for text in texts]
    assert ours.encode_batch(texts) == wanted
    for text, ids in zip(texts, wanted, strict=True):
        tokens = ours.encode(text)
        assert list(tokens.ids) == ids
        decoded = theirs.decode(ids, clean_up_tokenization_spaces=False)
        assert ours.decode(ids) == ours.surface(ids).text == decoded
        size, position = len(text.encode()), 0
        for start, stop in tokens.spans:
            assert position <= start <= stop <= size
            position = stop
        surface = ours.surface(ids)
        position = 0
        for span in surface.spans:
            assert span is not None
            assert position <= span[0] <= span[1] <= len(decoded.encode())
            position = span[1]


@pytest.mark.parametrize("config", [None, {"add_prefix_space": True}])
def test_gpt2s_vocabulary_and_merges(tmp_path: Path, config: dict[str, Any] | None) -> None:
    ours = load_tokenizer(bytes_folder(tmp_path, ["<|endoftext|>"], config))
    files = {"vocab": str(tmp_path / "vocab.json"), "merges": str(tmp_path / "merges.txt")}
    theirs = GPT2Tokenizer(**files, **(config or {}))
    check(ours, theirs, [*HARD, *random_texts(200)])
    assert (ours.kind, ours.pad, ours.unk, ours.bos, ours.eos, ours.mask) == ("byte-bpe", 0, 0, 0, 0, None)
    assert ours.template.single([7, 8]) == [7, 8]
    assert ours.template.before == ()
    assert ours.lossless is ours.tiles is (config is None)
    assert ours.size == len(theirs)


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_bytes_come_back_exactly_and_spans_tile_the_text(text: str) -> None:
    ours = _byte_level()
    tokens = ours.encode(text)
    assert ours.decode(tokens.ids) == text
    assert [stop for _, stop in tokens.spans[:-1]] == [start for start, _ in tokens.spans[1:]]
    assert not tokens.spans or (tokens.spans[0][0], tokens.spans[-1][1]) == (0, len(text.encode()))


_HELD: list[Tokenizer] = []


def _byte_level() -> Tokenizer:
    if not _HELD:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            _HELD.append(load_tokenizer(bytes_folder(Path(folder), ["<|endoftext|>"])))
    return _HELD[0]


def test_robertas_vocabulary_and_merges(tmp_path: Path) -> None:
    ours = load_tokenizer(bytes_folder(tmp_path, ROBERTA, {"tokenizer_class": "RobertaTokenizer"}))
    theirs = RobertaTokenizer(vocab=str(tmp_path / "vocab.json"), merges=str(tmp_path / "merges.txt"))
    check(ours, theirs, HARD)
    assert (ours.bos, ours.pad, ours.eos, ours.unk, ours.mask) == (0, 1, 2, 3, 4)
    assert encode_with_gaps(ours, "a vida [MASK].").ids[-2:] == (4, ours.encode(".").ids[0])
    said = load_tokenizer(with_config(tmp_path, {"tokenizer_class": "RobertaTokenizer", "mask_token": PLAIN_MASK}))
    assert encode_with_gaps(said, "a [MASK]").ids == (*said.encode("a ").ids, 4), "its folder goes before the usual"
    first, second = ours.encode_batch(TEXTS[:2])
    assert ours.template.single(first) == theirs(TEXTS[0])["input_ids"]
    assert ours.template.pair(first, second)[0] == theirs(*TEXTS[:2])["input_ids"]
    assert set(ours.template.pair(first, second)[1]) == {0}


@pytest.mark.parametrize(
    "config",
    [
        {"tokenizer_class": "BertTokenizer"},
        {"do_lower_case": False},
        {"do_lower_case": True, "strip_accents": False},
        {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False},
    ],
)
def test_berts_vocabulary(tmp_path: Path, config: dict[str, Any]) -> None:
    ours = load_tokenizer(words_folder(tmp_path, config))
    theirs = BertTokenizer.from_pretrained(tmp_path)
    check(ours, theirs, [*HARD, *random_texts(100)])
    assert (ours.kind, ours.pad, ours.unk, ours.bos, ours.eos, ours.mask) == ("wordpiece", 0, 1, 2, 3, 4)
    first, second = ours.encode_batch(TEXTS[:2])
    pair = theirs(*TEXTS[:2])
    assert ours.template.single(first) == theirs(TEXTS[0])["input_ids"]
    assert ours.template.pair(first, second) == (pair["input_ids"], pair["token_type_ids"])
    assert ours.unknown("gato 中 ж") == (("中", "ж") if "tokenizer_class" in config else ours.unknown("gato 中 ж"))
    assert not ours.lossless


def test_a_vocabulary_with_capitals_was_made_of_text_with_capitals(tmp_path: Path) -> None:
    """Where no configuration says it; the other library makes all letters small then, which such entries show wrong."""
    folder = words_folder(tmp_path)
    assert any(character.isupper() for character in (folder / "vocab.txt").read_text(encoding="utf-8").split("]")[-1])
    check(load_tokenizer(folder), BertTokenizer.from_pretrained(folder, do_lower_case=False), HARD)
    small = "".join(f"{entry}\n" for entry in [*BERT, "a", "vida"])
    (folder / "vocab.txt").write_text(small, encoding="utf-8")
    check(load_tokenizer(folder), BertTokenizer.from_pretrained(folder), HARD)


@pytest.mark.parametrize("kind", ["gpt2", "roberta", "bert"])
def test_the_file_holds_everything(tmp_path: Path, kind: str) -> None:
    """Roles and templates come back from tokenizer.json alone, which other libraries read as well."""
    folder = {
        "gpt2": lambda: bytes_folder(tmp_path, ["<|endoftext|>"]),
        "roberta": lambda: bytes_folder(tmp_path, ROBERTA, {"tokenizer_class": "RobertaTokenizer"}),
        "bert": lambda: words_folder(tmp_path),
    }[kind]()
    ours = load_tokenizer(folder)
    ours.save(tmp_path / "saved.json")
    again = Tokenizer.load(tmp_path / "saved.json")
    assert isinstance(again, ForeignTokenizer)
    for name in ("pad", "unk", "bos", "eos", "mask", "kind", "template", "losses", "size"):
        assert getattr(again, name) == getattr(ours, name)
    assert again.checksum == ours.checksum
    library = tokenizers.Tokenizer.from_file(str(tmp_path / "saved.json"))
    for text in TEXTS:
        [ids] = again.encode_batch([text])
        assert ids == ours.encode_batch([text])[0]
        assert library.encode(text).ids == ours.template.single(ids)


def test_a_folder_with_tokenizer_json_and_names_of_its_own(tmp_path: Path) -> None:
    """Special tokens as the folder calls them, also as objects; BERT's choices of case go before the file's."""
    words_folder(tmp_path, {"do_lower_case": True})
    theirs = BertTokenizer.from_pretrained(tmp_path)
    theirs.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "tokenizer.json").is_file()
    check(load_tokenizer(tmp_path / "saved"), theirs, HARD)
    with_config(tmp_path / "saved", {"tokenizer_class": "BertTokenizer", "do_lower_case": False})
    cased = load_tokenizer(tmp_path / "saved")
    assert cased.encode_batch(["A"])[0] != load_tokenizer(tmp_path).encode_batch(["A"])[0]
    names = {"cls_token": {"content": "[MASK]", "lstrip": False}, "mask_token": "[CLS]"}
    (tmp_path / "saved" / "special_tokens_map.json").write_text(json.dumps(names), encoding="utf-8")
    exchanged = load_tokenizer(tmp_path / "saved")
    assert (exchanged.bos, exchanged.mask) == (4, 2)


def test_entries_added_to_the_vocabulary(tmp_path: Path) -> None:
    folder = bytes_folder(tmp_path, ["<|endoftext|>"])
    (folder / "added_tokens.json").write_text('{"<|user|>": 330, "<|end|>": 331}', encoding="utf-8")
    with_config(folder, {"eos_token": "<|end|>"})
    ours = load_tokenizer(folder)
    assert (ours.size, ours.eos, ours.bos) == (332, 331, 0)
    assert ours.encode_batch(["a<|user|>b"])[0][1] == 330
    (folder / "added_tokens.json").write_text('{"<|user|>": 340}', encoding="utf-8")
    with pytest.raises(DataError, match="cannot have the id 340"):
        load_tokenizer(folder)


def test_faulty_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no tokenizer"):
        load_tokenizer(tmp_path)
    bytes_folder(tmp_path, ["<start>"])
    with pytest.raises(DataError, match="no token that ends a text"):
        load_tokenizer(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"tokenizer_config.json is damaged"):
        load_tokenizer(tmp_path)
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    (tmp_path / "vocab.txt").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"has no \[UNK\] entry"):
        load_tokenizer(tmp_path)


def test_gpt2s_own_files(corpora: Path) -> None:
    folder = corpora / "tokenizers" / "gpt2"
    ours = load_tokenizer(folder)
    theirs = GPT2Tokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    check(ours, theirs, [*HARD, *random_texts(500)])
    assert ours.encode_batch(["amigos inimagináveis"]) == [[321, 328, 418, 287, 320, 23183, 6557, 303, 271]]
    assert [ours.label(number) for number in (287, 6557, 0)] == ["▁in", "á", "!"]


def test_a_published_tokenizer_json_that_lacks_bytes(corpora: Path) -> None:
    path = corpora / "tokenizers" / "hf-tokenizer-json"
    ours, library = load_tokenizer(path), tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
    for text in [*HARD, *random_texts(200)]:
        wanted = library.encode(text)
        [ids] = ours.encode_batch([text])
        assert ids == wanted.ids
        assert ours.decode(ids) == ours.surface(ids).text == library.decode(ids)
    assert ours.losses == ("bytes that the vocabulary lacks are lost",)


@pytest.mark.parametrize("name", ["bert-base-uncased", "bertimbau-base-cased"])
@pytest.mark.parametrize("lower", [True, False])
def test_berts_own_files(corpora: Path, tmp_path: Path, name: str, lower: bool) -> None:
    shutil.copy(corpora / "tokenizers" / name / "vocab.txt", tmp_path)
    with_config(tmp_path, {"do_lower_case": lower})
    ours, theirs = load_tokenizer(tmp_path), BertTokenizer.from_pretrained(tmp_path)
    check(ours, theirs, [*HARD, *random_texts(500)])
    for text in (*TEXTS, "\u0301", ".", "(", "", "不"):
        gapped = f"{text}[MASK]\u0301 {text} [MASK]{text}"
        assert [ours.bos, *encode_with_gaps(ours, gapped).ids, ours.eos] == theirs(gapped)["input_ids"]
