import itertools
import json
import unicodedata
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atento.core.errors import DataError, OutputError
from atento.core.vocabulary import SPECIAL_TOKENS
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.pipeline import JOINER
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

KINDS = get_args(Kind)
SIGNS = " .,;:!?¿¡'\"’“”«»()[]{}<>-–—…/\\%&#@*+=_|\t\n\u00a0"
LETTERS = "abcdefghijklmnopqrstuvwxyzáéíóúâêôãõçñABCÁÉÑ0123456789"
SENTENCES = (
    "E a vida, o que é, diga lá?",
    "¿Y la vida, qué es? ¡Dime tú!",
    "Disse-me: «não», d'água; l'été (3,5 %) às 12:30…",
    '  two  spaces "here" ',
    "tabs\tand\nlines\n\n",
    "don't — can't",
)
TRICKY = (
    *SENTENCES,
    "",
    " ",
    "   ",
    "\n",
    " a",
    "a ",
    "a  b",
    "...",
    "a.b . c",
    "<s> </s> <pad><unk> <0x41>",
    "## #a a##",
    "(¿a?)",
    "- -- ---",
    "a\u00a0b",
)
ANY_SCRIPT = (
    "日本語のテキスト",
    "नमस्ते दुनिया",
    "שלום עולם",
    "مرحبا",
    "👩‍👩‍👧 🇧🇷",
    "a\u0301e\u0301",
    "İıßſ",
    "\x00\x02\x03\x7f",
    "▁￭",
)
TILING = ("char", "bpe", "byte-bpe", "unigram")
SIZES = {"word": 60, "char": 200, "bpe": 420, "byte-bpe": 300, "wordpiece": 280, "unigram": 380}


def corpus() -> list[str]:
    alphabet = [*LETTERS, *SIGNS]
    return [
        *SENTENCES,
        *SENTENCES,
        " ".join(alphabet),
        "".join(alphabet),
        *(f"{c} x{c}y {c}" for c in alphabet),
        *SENTENCES,
    ]


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, Tokenizer]:
    return {kind: train_tokenizer(corpus(), TokenizerConfig(kind=kind, vocab_size=SIZES[kind])) for kind in KINDS}


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request: pytest.FixtureRequest, tokenizers: dict[str, Tokenizer]) -> Tokenizer:
    return tokenizers[request.param]


@pytest.mark.parametrize("text", TRICKY)
def test_known_text_comes_back_exactly(tokenizer: Tokenizer, text: str) -> None:
    tokens = tokenizer.encode(text)
    if tokenizer.unk in tokens.ids:
        assert tokenizer.kind == "word"
        assert tokenizer.unknown(text)
    else:
        assert tokenizer.decode(tokens.ids) == text


def test_the_word_kind_knows_what_it_read(tokenizers: dict[str, Tokenizer]) -> None:
    everything = train_tokenizer(corpus(), TokenizerConfig(kind="word", vocab_size=200, min_frequency=1))
    for text in SENTENCES:
        assert everything.unk not in everything.encode(text).ids
        assert everything.decode(everything.encode(text).ids) == text


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet=st.sampled_from([*LETTERS, *SIGNS, *" " * 30]), max_size=40))
def test_any_text_of_known_characters_comes_back(tokenizers: dict[str, Tokenizer], text: str) -> None:
    for kind in (*TILING, "wordpiece"):
        ids = tokenizers[kind].encode(text).ids
        assert tokenizers[kind].decode(ids) == text, kind


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=30))
def test_bytes_make_any_text_come_back(tokenizers: dict[str, Tokenizer], text: str) -> None:
    byte = tokenizers["byte-bpe"]
    assert byte.lossless
    assert byte.decode(byte.encode(text).ids) == text
    for kind in ("bpe", "unigram"):
        back = tokenizers[kind].decode(tokenizers[kind].encode(text).ids)
        assert unicodedata.normalize("NFD", back) == unicodedata.normalize("NFD", text), kind


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from([*LETTERS, *SIGNS])), max_size=30))
def test_spans_are_in_order_and_inside_the_text(tokenizers: dict[str, Tokenizer], text: str) -> None:
    size = len(text.encode())
    for tokenizer in tokenizers.values():
        tokens = tokenizer.encode(text)
        assert len(tokens.ids) == len(tokens.pieces) == len(tokens.spans)
        assert all(0 <= start <= stop <= size for start, stop in tokens.spans)
        assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in itertools.pairwise(tokens.spans))


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30).map(lambda text: unicodedata.normalize("NFC", text)))
def test_spans_of_tiling_kinds_tile_the_bytes(tokenizers: dict[str, Tokenizer], text: str) -> None:
    for kind in TILING:
        spans = tokenizers[kind].encode(text).spans
        if kind == "byte-bpe" or tokenizers[kind]._normalized(text).removeprefix(" ") == text:
            assert [0, *(stop for _, stop in spans)] == [*(start for start, _ in spans), len(text.encode())], kind


def test_spans_name_what_the_pieces_say(tokenizers: dict[str, Tokenizer]) -> None:
    text = "¿Y la vida, qué es? Às 3,5 d'água…"
    raw = text.encode()
    for kind in ("word", "wordpiece"):
        for number, piece, span in zip(*vars(tokenizers[kind].encode(text)).values(), strict=True):
            if number != tokenizers[kind].unk:
                assert raw[slice(*span)].decode() == piece.strip("￭").removeprefix("##"), kind
    for kind in TILING:
        tokens = tokenizers[kind].encode(text)
        assert b"".join(raw[slice(*span)] for span in tokens.spans) == raw


def test_spans_split_one_character_into_its_bytes(tokenizers: dict[str, Tokenizer]) -> None:
    for kind in ("bpe", "byte-bpe", "unigram"):
        tokens = tokenizers[kind].encode("a日b")
        assert [span for span in tokens.spans if span[0] >= 1 and span[1] <= 4] == [(1, 2), (2, 3), (3, 4)], kind


def test_spans_point_into_the_raw_text_when_normalisation_changes_it(tokenizers: dict[str, Tokenizer]) -> None:
    text = "cafe\u0301 ok"  # five characters become four; the accent is two bytes
    for kind in ("char", "bpe", "wordpiece", "unigram"):
        tokens = tokenizers[kind].encode(text)
        assert tokenizers[kind].decode(tokens.ids) == "café ok"
        k = max(number for number, label in enumerate(tokens.pieces) if "k" in label)
        assert tokens.spans[k][1] == len(text.encode())


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_surface_is_decode_with_spans(tokenizers: dict[str, Tokenizer], data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    tokenizer = tokenizers[kind]
    ids = data.draw(st.lists(st.integers(0, tokenizer.size - 1), max_size=12))
    surface = tokenizer.surface(ids)
    assert surface.text == tokenizer.decode(ids)
    assert [span is None for span in surface.spans] == [n in (tokenizer.pad, tokenizer.bos, tokenizer.eos) for n in ids]
    spans = [span for span in surface.spans if span is not None]
    assert all(0 <= start <= stop <= len(surface.text.encode()) for start, stop in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_a_joining_mark_alone_joins_on_one_side(tokenizers: dict[str, Tokenizer]) -> None:
    tokenizer = tokenizers["wordpiece"]
    mark = next(number for number in range(tokenizer.size) if tokenizer.piece(number) == JOINER)
    for ids in ([1, mark, 1], [mark, 1], [1, mark], [1, mark, mark, 1], [mark, mark, mark, 1]):
        assert tokenizer.surface(ids).text == tokenizer.decode(ids)


@pytest.mark.parametrize("text", [*TRICKY, *ANY_SCRIPT])
def test_surface_of_encoded_text_has_the_spans_of_encode(tokenizer: Tokenizer, text: str) -> None:
    tokens = tokenizer.encode(text)
    surface = tokenizer.surface(tokens.ids)
    if surface.text == text:
        assert surface.spans == tokens.spans


def test_batches_agree_with_single_texts(tokenizer: Tokenizer) -> None:
    texts = [*TRICKY, *ANY_SCRIPT]
    batch = tokenizer.encode_batch(texts)
    assert batch == [list(tokenizer.encode(text).ids) for text in texts]
    assert tokenizer.decode_batch(batch) == [tokenizer.decode(ids) for ids in batch]


@pytest.mark.parametrize("text", [*TRICKY, *ANY_SCRIPT])
def test_special_tokens_in_a_text_are_text(tokenizer: Tokenizer, text: str) -> None:
    assert not {tokenizer.pad, tokenizer.bos, tokenizer.eos} & set(tokenizer.encode(text).ids)


def test_special_tokens_have_their_ids_and_vanish_in_decoding(tokenizer: Tokenizer) -> None:
    assert (tokenizer.pad, tokenizer.unk, tokenizer.bos, tokenizer.eos) == (0, 1, 2, 3)
    assert tuple(tokenizer.piece(number) for number in range(4)) == SPECIAL_TOKENS
    ids = list(tokenizer.encode("a b").ids)
    assert tokenizer.decode([2, *ids, 3, 0, 0]) == tokenizer.decode(ids)
    assert tokenizer.decode([1]) == "<unk>"
    assert tokenizer.decode([]) == ""


def test_saved_files_come_back_and_say_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    again = Tokenizer.load(path)
    assert (again.checksum, again.kind, again.size, again.losses) == (
        tokenizer.checksum,
        tokenizer.kind,
        tokenizer.size,
        tokenizer.losses,
    )
    assert [again.encode(text) for text in TRICKY] == [tokenizer.encode(text) for text in TRICKY]
    again.save(path)
    assert path.read_text(encoding="utf-8") == tokenizer.to_json()


def test_saved_files_open_in_transformers(tokenizer: Tokenizer, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    theirs = transformers.PreTrainedTokenizerFast(tokenizer_file=str(path), split_special_tokens=True)
    assert len(theirs) == tokenizer.size
    for text in [*TRICKY, *ANY_SCRIPT]:
        ids = list(tokenizer.encode(text).ids)
        assert theirs.encode(text, add_special_tokens=False) == ids
        assert theirs.decode(ids) == tokenizer.decode(ids)
        assert theirs.decode([2, *ids, 3], skip_special_tokens=True) == tokenizer.decode([n for n in ids if n != 1])


@pytest.mark.parametrize("kind", KINDS)
def test_losses_say_what_is_lost(tokenizers: dict[str, Tokenizer], kind: Kind) -> None:
    tokenizer = tokenizers[kind]
    assert tokenizer.lossless == (kind == "byte-bpe")
    lowered = train_tokenizer(corpus(), TokenizerConfig(kind=kind, vocab_size=SIZES[kind] - 8, lowercase=True))
    assert any("capital" in loss for loss in lowered.losses)
    assert lowered.decode(lowered.encode("Dime Á").ids) in {"dime á", "<unk> á"}
    if kind in {"bpe", "unigram"}:
        plain = TokenizerConfig(kind=kind, vocab_size=SIZES[kind], normalization="none")
        assert train_tokenizer(corpus(), plain).lossless


def test_without_bytes_unseen_characters_are_unknown() -> None:
    for kind in ("bpe", "unigram"):
        config = TokenizerConfig(kind=kind, vocab_size=125, byte_fallback=False)
        tokenizer = train_tokenizer(corpus(), config)
        tokens = tokenizer.encode("ab日本c")
        assert tokenizer.unk in tokens.ids
        assert tokenizer.decode(tokens.ids).count("<unk>") in {1, 2}
        assert tokens.spans[-1][1] == len("ab日本c".encode())
        assert any("never saw" in loss for loss in tokenizer.losses)


def test_unknown_finds_what_training_never_saw(tokenizers: dict[str, Tokenizer]) -> None:
    for kind in TILING:
        assert tokenizers[kind].unknown("vida 日本日") == ("日", "本"), kind
        assert tokenizers[kind].unknown("¿Y la vida?") == (), kind
    assert tokenizers["word"].unknown("vida 日本, xyzzy") == ("日本", "xyzzy")
    assert tokenizers["wordpiece"].unknown("vida 日本, xyzzy") == ("日本",)


def test_labels_can_be_read(tokenizers: dict[str, Tokenizer]) -> None:
    for kind in ("bpe", "byte-bpe", "unigram"):
        tokenizer = tokenizers[kind]
        labels = [tokenizer.label(number) for number in tokenizer.encode("a日").ids]
        assert "".join(labels) == "▁a⟨E6⟩⟨97⟩⟨A5⟩"
        assert [tokenizer.label(number) for number in range(4)] == list(SPECIAL_TOKENS)


def test_half_a_character_is_refused(tokenizer: Tokenizer) -> None:
    for attempt in (lambda: tokenizer.encode("a\ud800"), lambda: tokenizer.encode_batch(["b", "a\ud800"])):
        with pytest.raises(DataError, match="character 2"):
            attempt()


def test_damaged_and_foreign_files_are_refused(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    text = tokenizer.to_json()
    foreign = json.loads(text)
    foreign["added_tokens"] = []
    foreign["model"]["vocab"] = {"a": 0}
    cases = {
        text[: len(text) // 2]: "damaged",
        '{"a": 1}': "no tokenizer.json",
        "[]": "no tokenizer.json",
        "": "damaged",
        "[" * 100_000: "nested too deeply",
    }
    for content, message in cases.items():
        path.write_text(content, encoding="utf-8")
        with pytest.raises(DataError, match=message) as caught:
            Tokenizer.load(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="cannot read"):
        Tokenizer.load(tmp_path / "missing.json")
    with pytest.raises(DataError, match=r"cannot read.*null byte"):
        Tokenizer.load(tmp_path / "a\0b.json")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="UTF-8"):
        Tokenizer.load(path)
    with pytest.raises(OutputError, match="folder"):
        tokenizer.save(tmp_path)


def test_a_tokenizer_of_another_tool_is_refused() -> None:
    from tokenizers import Tokenizer as Library
    from tokenizers import models

    with pytest.raises(DataError, match="no <pad> token"):
        Tokenizer.from_json(Library(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]")).to_str())
