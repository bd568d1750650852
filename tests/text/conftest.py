"""Tokenizers of every format, trained on a few made-up sentences, and texts that are hard to cut."""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sentencepiece
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

from atento.text.configuration import TokenizerConfig
from atento.text.opened.opening import open_tokenizer
from atento.text.opened.protocol import OpenTokenizer
from atento.text.training import train_tokenizer

TEXTS = [
    "a vida é bela", "o que é a vida, meu irmão?", "ele vê a casa e o gato preto", "¿qué es la vida, hermano?",
    "la casa del gato es bella", "Dê-me água!", "1984, 42 e 7", "não sei quando ele vem",
]  # fmt: skip
HARD = [
    *TEXTS, "", " ", "  dois   espaços ", "linha\numa\r\noutra\tfim ", "ALTO Ünïcödé ǅ ﬁ ß", "e\u0301 comb. a\u0308",
    "你好，世界", "こんにちは", "안녕하세요", "مرحبا بالعالم", "नमस्ते", "สวัสดี", "👩‍👩‍👧 🇧🇷 😀",
    "\u200b\u00a0\u2028\ufeff", "x\x00\x07\x1by", "1,000.50 €!?", "don't we're I'll", "▁a ▁▁b▁", "##a ￭b", "a" * 120,
    "<s> a </s>", "<|endoftext|>x<|endoftext|>", "[CLS] a[SEP]", "<unk><0x41>", "ｶﾞ",
]  # fmt: skip
OURS = ("word", "char", "bpe", "byte-bpe", "wordpiece", "unigram")
SIZES = {"word": 30, "char": 50, "bpe": 340, "byte-bpe": 300, "wordpiece": 80, "unigram": 300}


def varied(count: int) -> list[str]:
    """Characters of every plane (surrogates left out), and random bytes decoded with replacement."""
    draw = random.Random(11)
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x250, 0x1000), (0x1000, 0xD800), (0xE000, 0x10000), (0x10000, 0x32000)]
    signs = ["".join(chr(draw.randrange(*draw.choice(blocks))) for _ in range(12)) for _ in range(count // 2)]
    return signs + [draw.randbytes(draw.randrange(1, 30)).decode(errors="replace") for _ in range(count - len(signs))]


def _ours(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.json"
    size = SIZES[kind]
    train_tokenizer(TEXTS * 3, TokenizerConfig(kind=kind, vocab_size=size, min_frequency=1)).save(path)
    return path


def _sentence_piece(folder: Path, kind: str, fallback: bool) -> Path:
    stream = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 5), model_writer=stream, model_type=kind, vocab_size=330 if fallback else 70,
        byte_fallback=fallback, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    path = folder / f"{kind}-{fallback}.model"
    path.write_bytes(stream.getvalue())
    return path


def _byte_level() -> tokenizers.Tokenizer:
    library = tokenizers.Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    library.train_from_iterator(TEXTS * 3, trainer)
    return library


def _gpt2(folder: Path) -> Path:
    place = folder / "gpt2"
    place.mkdir()
    library = _byte_level()
    library.add_special_tokens(["<|endoftext|>"])
    library.model.save(str(place))
    table = json.loads((place / "vocab.json").read_text(encoding="utf-8"))
    (place / "vocab.json").write_text(json.dumps(table | {"<|endoftext|>": len(table)}), encoding="utf-8")
    return place


def _tiktoken(folder: Path) -> Path:
    """Ranks as the library orders them: all single bytes, then the merges."""
    table = {letter: byte for byte, letter in enumerate(_letters())}
    vocabulary = json.loads(_byte_level().to_str())["model"]["vocab"]
    entries = sorted(vocabulary, key=lambda piece: (len(piece) > 1, vocabulary[piece]))
    lines = [
        f"{base64.b64encode(bytes(table[letter] for letter in piece)).decode()} {rank}\n"
        for rank, piece in enumerate(entries)
    ]
    path = folder / "own.tiktoken"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _letters() -> list[str]:
    """GPT-2's letter of each byte, from its own rule."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    following = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(following)) for byte in range(256)]


def _bert(folder: Path) -> Path:
    place = folder / "bert"
    place.mkdir()
    letters = [prefix + chr(code) for code in range(ord("a"), ord("z") + 1) for prefix in ("", "##")]
    words = sorted({word for text in TEXTS for word in text.lower().split() if word.isalpha()})
    entries = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *",?!-4\u4f60", *words, "##do"])
    (place / "vocab.txt").write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")
    return place


def _strange(folder: Path) -> Path:
    """What other files have: a normaliser that changes lengths, an end of words, a template, added tokens."""
    library = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    library.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.BPEDecoder(suffix="</w>")
    trainer = trainers.BpeTrainer(
        vocab_size=120, special_tokens=["<unk>", "<s>"], end_of_word_suffix="</w>", show_progress=False
    )
    library.train_from_iterator(TEXTS * 3, trainer)
    library.add_tokens(["vida"])
    library.post_processor = processors.TemplateProcessing(single="<s> $A <s>", special_tokens=[("<s>", 1)])
    path = folder / "strange.json"
    library.save(str(path))
    return path


MAKERS: Mapping[str, Callable[[Path], Path]] = {
    **{kind: (lambda folder, kind=kind: _ours(folder, kind)) for kind in OURS},
    "sp-unigram": lambda folder: _sentence_piece(folder, "unigram", fallback=False),
    "sp-unigram-bytes": lambda folder: _sentence_piece(folder, "unigram", fallback=True),
    "sp-bpe": lambda folder: _sentence_piece(folder, "bpe", fallback=False),
    "sp-bpe-bytes": lambda folder: _sentence_piece(folder, "bpe", fallback=True),
    "gpt2": _gpt2,
    "tiktoken": _tiktoken,
    "bert": _bert,
    "strange": _strange,
}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file or folder of every format."""
    folder = tmp_path_factory.mktemp("tokenizers")
    return {name: make(folder) for name, make in MAKERS.items()}


@pytest.fixture(scope="session")
def opened(files: dict[str, Path]) -> dict[str, OpenTokenizer]:
    """The same, opened."""
    return {
        name: open_tokenizer(path, name=name, pattern="gpt2" if name == "tiktoken" else None)
        for name, path in files.items()
    }
