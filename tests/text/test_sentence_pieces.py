"""SentencePiece models: the ids and the text of their own library, piece for piece."""

from __future__ import annotations

import io
import itertools
import random
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import sentencepiece

from atento.core.errors import DataError
from atento.text.loading import load_tokenizer
from atento.text.sentence_pieces import read_sentence_pieces
from atento.text.tokenizer import Tokenizer

TEXTS = [
    "a vida é bela", "o que é a vida, meu irmão?", "ele vê a casa e o gato preto", "¿qué es la vida, hermano?",
    "la casa del gato es bella", "Dê-me água!", "1984, 42 e 7", "não sei quando ele vem",
]  # fmt: skip
HARD = [
    *TEXTS, "", " ", "  dois   espaços ", "linha\numa\r\noutra\tfim ", "ALTO Ünïcödé ǅ ﬁ ß", "e\u0301 comb. a\u0308",
    "你好，世界", "こんにちは", "안녕하세요", "مرحبا بالعالم", "नमस्ते", "สวัสดี", "👩‍👩‍👧 🇧🇷 😀",
    "\u200b\u00a0\u2028\ufeff", "x\x00\x07\x1by", "1,000.50 €!?", "don't we're I'll", "▁a ▁▁b▁", "##a", "a" * 120,
    *(
        unicodedata.normalize("NFD", text)
        for text in ("Việt Nam độc lập", "안녕하세요 한글", "がぎぐげご パピプペポ", "ẹ́ ọ̀ Yorùbá", "ε̃ ΐ ᾄ ῷ ǭ ṩ")
    ), "ǉ͌ ½̋ ﬁ̼",
    "<s>a</s> <unk> <0x41>", "\uf8ffa", "ｱｲｳ", "¨a", "ﷺ", "㍿ ½ ①",
]  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "unigram": {"model_type": "unigram"},
    "bpe": {"model_type": "bpe"},
    "bytes": {"model_type": "unigram", "byte_fallback": True, "vocab_size": 340},
    "bpe with bytes": {"model_type": "bpe", "byte_fallback": True, "vocab_size": 340},
    "as it is": {
        "model_type": "bpe", "normalization_rule_name": "identity", "remove_extra_whitespaces": False,
        "byte_fallback": True, "vocab_size": 340,
    },
    "no space before": {"model_type": "unigram", "add_dummy_prefix": False},
    "pieces over words": {"model_type": "unigram", "split_by_whitespace": False},
    "with symbols": {"model_type": "unigram", "user_defined_symbols": ["<sep>", "gato"], "control_symbols": ["<ctl>"]},
}  # fmt: skip


def model(folder: Path, **options: Any) -> Path:
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 5), model_writer=stream, minloglevel=2, hard_vocab_limit=False,
        **{"vocab_size": 80, **options},
    )  # fmt: skip
    (folder / "tokenizer.model").write_bytes(stream.getvalue())
    return folder


def random_texts(count: int) -> list[str]:
    """Of all planes, but for heaped marks and halfwidth ones, where the known difference is."""
    draw = random.Random(11)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x250, 0x1000), (0x1000, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000)]
    texts = ("".join(chr(draw.randrange(*draw.choice(blocks))) for _ in range(12)) for _ in range(count))
    return [text for text in texts if not any(_differs(*pair) for pair in itertools.pairwise(text))]


def _differs(sign: str, mark: str) -> bool:
    return mark in "\uff9e\uff9f" or all(unicodedata.category(each).startswith("M") for each in (sign, mark))


def check(ours: Tokenizer, theirs: Any, texts: list[str]) -> None:
    wanted = theirs.encode(texts)
    assert ours.encode_batch(texts) == wanted
    for text, ids in zip(texts, wanted, strict=True):
        tokens = ours.encode(text)
        assert list(tokens.ids) == ids
        assert all(0 <= start <= stop <= len(text.encode()) for start, stop in tokens.spans)
        assert ours.surface(ids).text == ours.decode(ids)
        if theirs.unk_id() not in ids:
            assert ours.decode(ids) == theirs.decode(ids)


@pytest.mark.parametrize("name", MODELS)
def test_ids_and_text_are_the_librarys(tmp_path: Path, name: str) -> None:
    ours = load_tokenizer(model(tmp_path, **MODELS[name]))
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "tokenizer.model"))
    texts = HARD if "user_defined_symbols" not in MODELS[name] else [*HARD, "o gato<sep>x <ctl>", "gatogato"]
    check(ours, theirs, [*texts, *random_texts(100)])
    assert ours.size == len(theirs)
    assert (ours.unk, ours.bos, ours.eos) == (theirs.unk_id(), theirs.bos_id(), theirs.eos_id())
    assert ours.kind == ("bpe" if "bpe" in MODELS[name]["model_type"] else "unigram")
    ours.save(tmp_path / "tokenizer.json")
    check(Tokenizer.load(tmp_path / "tokenizer.json"), theirs, TEXTS)


def test_llamas_folder_begins_with_its_token(tmp_path: Path) -> None:
    model(tmp_path, model_type="bpe", byte_fallback=True, vocab_size=340)
    assert load_tokenizer(tmp_path).template.before == ()
    (tmp_path / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    assert load_tokenizer(tmp_path).template.before == (1,)
    (tmp_path / "tokenizer_config.json").write_text('{"add_bos_token": false, "add_eos_token": true}', encoding="utf-8")
    assert load_tokenizer(tmp_path).template.single([7]) == [7, 2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model_type": "word"}, "its model_type is word"),
        ({"model_type": "char"}, "its model_type is char"),
        ({"model_type": "bpe", "user_defined_symbols": ["<sep>"]}, "that its user defined"),
        ({"treat_whitespace_as_suffix": True}, "it marks spaces behind words"),
    ],
)
def test_what_is_not_read_is_refused(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_tokenizer(model(tmp_path, **options))


@pytest.mark.parametrize("kept", [0, 1, 7, 100, 900, -1, -9])
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, kept: int) -> None:
    path = model(tmp_path) / "tokenizer.model"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError) as caught:
        read_sentence_pieces(path)
    assert "tokenizer.model is damaged or no SentencePiece model" in str(caught.value)
    path.write_bytes(b"\n\x03abc some text that is no model")
    with pytest.raises(DataError, match="no SentencePiece model"):
        read_sentence_pieces(path)


@pytest.mark.parametrize("name", ["test_model.model", "mistral_v1_bpe.model"])
def test_published_models(corpora: Path, tmp_path: Path, name: str) -> None:
    folder = corpora / "tokenizers" / "sentencepiece"
    (tmp_path / "tokenizer.model").write_bytes((folder / name).read_bytes())
    theirs = sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
    book = (folder / "botchan.txt").read_text(encoding="utf-8").splitlines()
    check(load_tokenizer(tmp_path), theirs, [*HARD, *random_texts(500), *book[::5]])
