"""Exported tokenizers in ``transformers``: a text with masks gives the ids that `fill` reads here."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, pipeline

from atento.applications.reader import Reader
from atento.bundle import Bundle, vocabulary_of
from atento.core.vocabulary import MASK
from atento.interop.exporting import export_folder
from atento.interop.importing import read_folder
from atento.interop.tokenizer_files import write_tokenizer
from atento.models.bert import BertConfig
from atento.models.build import build_model
from atento.text.configuration import Kind, TokenizerConfig
from atento.text.gaps import encode_with_gaps
from atento.text.loading import load_tokenizer
from atento.text.tokenizer import Tokenizer
from atento.text.training import train_tokenizer

SIZES: dict[Kind, int] = {"word": 20, "char": 70, "bpe": 310, "byte-bpe": 300, "wordpiece": 90, "unigram": 300}
GAPPED = [
    "[MASK] vida é bela", "a vida é [MASK].", "A minha [MASK] comprou um livro.", "[MASK], meu irmão?", "([MASK])",
    "o [MASK][MASK] é a [MASK] [MASK]", "[MASK]", "[MASK][MASK]", "  [MASK]  ", "vida[MASK]bela", "-[MASK]-",
    "e\u0301[MASK]\u0301", "linha\n[MASK]\n", "42[MASK]7", "[MASK].[MASK]!",
]  # fmt: skip
PARTS = [
    "[MASK]", "[MASK]", " ", " ", "  ", "a", "vida", "É", "e\u0301", "\u0301", "\u0338", ".", "(", "»", "-", "\n", "42",
    "中", "👩‍👩‍👧", "ﬁ", "\u200b", "￭", "▁", "<", ">", "##", "\x00", "각\u11a8", "İ", "ꙮᚠ", "<mask",
]  # fmt: skip
"""What stands around gaps: also what combines, what our own marks look like, and half of a mask."""


@pytest.fixture(scope="module", params=[(kind, lower) for kind in SIZES for lower in (False, True)], ids=str)
def both(
    request: pytest.FixtureRequest, make: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tokenizer, object]:
    """One of ours, and what ``transformers`` opens of its files."""
    kind, lowercase = request.param
    config = TokenizerConfig(kind=kind, vocab_size=SIZES[kind], mask=True, lowercase=lowercase)
    ours = train_tokenizer(make.TEXTS * 3, config)
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(ours, ours.template, folder, inputs=("input_ids",), longest=None)
    assert load_tokenizer(folder).to_json() == ours.to_json(), "back it is what it was"
    return ours, AutoTokenizer.from_pretrained(folder)


def same(both: tuple[Tokenizer, object], text: str) -> None:
    ours, theirs = both
    found = theirs(text.replace("[MASK]", MASK))["input_ids"]  # type: ignore[operator]
    assert found == [ours.bos, *encode_with_gaps(ours, text).ids, ours.eos]


@pytest.mark.parametrize("text", GAPPED)
def test_gaps_are_cut_as_here(both: tuple[Tokenizer, object], text: str) -> None:
    same(both, text)


@given(before=st.lists(st.sampled_from(PARTS), max_size=7), after=st.lists(st.sampled_from(PARTS), max_size=7))
def test_gaps_in_any_text_are_cut_as_here(both: tuple[Tokenizer, object], before: list[str], after: list[str]) -> None:
    same(both, "".join((*before, "[MASK]", *after)))


def test_texts_without_gaps_are_cut_as_here(both: tuple[Tokenizer, object], make: ModuleType) -> None:
    ours, theirs = both
    for text, ids in zip(make.HARD, ours.encode_batch(make.HARD), strict=True):
        assert theirs(text)["input_ids"] == [ours.bos, *ids, ours.eos]  # type: ignore[operator]


@pytest.mark.parametrize("kind", list(SIZES))
def test_their_fill_mask_pipeline_gives_what_fill_gives(make: ModuleType, tmp_path: Path, kind: Kind) -> None:
    tokenizer = train_tokenizer(make.TEXTS * 3, TokenizerConfig(kind=kind, vocab_size=SIZES[kind], mask=True))
    config = BertConfig(model_size=16, num_heads=2, feed_forward_size=24, num_layers=2, max_positions=60)
    model = make.scatter(build_model(config, vocabulary_of(tokenizer, tokenizer), seed=1)).requires_grad_(False)
    bundle = Bundle(model=model, model_config=config, source_tokenizer=tokenizer, target_tokenizer=tokenizer)
    exported = export_folder(bundle, tmp_path)
    assert any(MASK in note for note in exported.notes)
    theirs, reader = pipeline("fill-mask", str(tmp_path), device=torch.device("cpu")), Reader(bundle)
    for text in ("a vida é [MASK].", "[MASK] fica a estação?", "([MASK])"):
        [gap] = reader.fill(text, top=4).gaps
        found = [(each["token"], each["score"]) for each in theirs(text.replace("[MASK]", MASK), top_k=4)]
        assert [number for number, _ in found] == [each.id for each in gap.candidates]
        assert [score for _, score in found] == pytest.approx([each.probability for each in gap.candidates], abs=1e-5)


SPOKEN = [
    "A minha [MASK] comprou um livro.", "a [MASK]\u0301 b", "\u0301[MASK]x", "[MASK][MASK] é [MASK]!", "casa[MASK]casa",
    "  [MASK]\n", "(É [MASK])", "não\u200b[MASK]，中[MASK]", "¿[MASK]?", "a vida, [MASK] irmão",
]  # fmt: skip


@pytest.mark.parametrize("family", ["bert", "roberta"])
@pytest.mark.parametrize("saved", [False, True], ids=["plain files", "tokenizer.json"])
def test_imported_tokenizers_cut_gaps_as_their_own(make: ModuleType, tmp_path: Path, family: str, saved: bool) -> None:
    """Cased, with accents, as BERTimbau's; RoBERTa's mask takes the space before it, as its files say."""
    folder = tmp_path / "theirs"
    getattr(make, family)(folder, "ForMaskedLM")
    if family == "roberta":
        settings = make.json.loads((folder / "tokenizer_config.json").read_text())
        mask = {"__type": "AddedToken", "content": MASK, "lstrip": True, "rstrip": False, "normalized": False}
        make.write_json(folder / "tokenizer_config.json", {**settings, "mask_token": {**mask, "single_word": False}})
    theirs = AutoTokenizer.from_pretrained(folder)
    if saved:
        theirs.save_pretrained(folder)
        assert (folder / "tokenizer.json").is_file()
    bundle = read_folder(folder).bundle
    export_folder(bundle, tmp_path / "out")
    again = AutoTokenizer.from_pretrained(tmp_path / "out")
    for text in SPOKEN:
        wanted = theirs(text.replace("[MASK]", theirs.mask_token))["input_ids"]
        ours = encode_with_gaps(bundle.tokenizer, text)
        assert [bundle.tokenizer.bos, *ours.ids, bundle.tokenizer.eos] == wanted
        assert again(text.replace("[MASK]", theirs.mask_token))["input_ids"] == wanted
