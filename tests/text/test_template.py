"""Templates of special tokens: what the library puts around texts, whichever post-processor a file has."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tokenizers
from tokenizers import models, pre_tokenizers, processors

from atento.text.template import PLAIN, Roles, Template, bert, ended, post_processor, roberta, roles_of, template_of

ENTRIES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]
ROLES = Roles(pad=0, unk=1, bos=2, eos=3, mask=4, absent=(6, 7))
PROCESSORS: dict[str, Any] = {
    "none": None,
    "bytes": processors.ByteLevel(trim_offsets=False),
    "bert": processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2)),
    "roberta": processors.RobertaProcessing(("[SEP]", 3), ("[CLS]", 2)),
    "template": processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [MASK]:1",
        special_tokens=[(name, ENTRIES.index(name)) for name in ENTRIES[2:5]],
    ),
    "several": processors.TemplateProcessing(
        single="x $A", pair="x $A $B", special_tokens=[{"id": "x", "ids": [2, 3], "tokens": ["[CLS]", "[SEP]"]}]
    ),
    "sequence": processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="$A [SEP]", pair="$A $B [SEP]", special_tokens=[("[SEP]", 3)]),
        ]
    ),
}


def library(processor: Any = None) -> tokenizers.Tokenizer:
    made = tokenizers.Tokenizer(models.WordLevel({entry: n for n, entry in enumerate(ENTRIES)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if processor is not None:
        made.post_processor = processor
    return made


def agree(template: Template, made: tokenizers.Tokenizer) -> None:
    first, second = [5, 6, 5], [7, 6]
    assert template.single(first) == made.encode("a b a").ids
    pair = made.encode("a b a", "c b")
    ids, types = template.pair(first, second)
    assert ids == pair.ids
    if types != pair.type_ids:  # a plain pair of the library's has no types, and ours counts the second text to 1
        assert template == PLAIN
    assert template.single([]) == made.encode("").ids


@pytest.mark.parametrize("name", PROCESSORS)
def test_templates_are_the_librarys(name: str) -> None:
    made = library(PROCESSORS[name])
    agree(template_of(json.loads(made.to_str())), made)


@pytest.mark.parametrize("template", [PLAIN, bert(2, 3), roberta(2, 3), ended(3)])
def test_roles_and_templates_come_back_from_the_file(template: Template) -> None:
    description = json.loads(library().to_str())
    assert roles_of(description) is None
    description["post_processor"] = post_processor(template, ROLES, ENTRIES.__getitem__)
    again = tokenizers.Tokenizer.from_str(json.dumps(description))
    agree(template, again)
    kept = json.loads(again.to_str())
    assert (roles_of(kept), template_of(kept)) == (ROLES, template)
    bare = description | {"post_processor": post_processor(template, None, ENTRIES.__getitem__)}
    assert roles_of(bare) is None
    agree(template, tokenizers.Tokenizer.from_str(json.dumps(bare)))


def test_what_stands_before_a_text() -> None:
    assert (PLAIN.before, ended(3).before, bert(2, 3).before) == ((), (), (2,))


def test_other_post_processors_are_refused() -> None:
    with pytest.raises(ValueError, match="type 'Strange'"):
        template_of({"post_processor": {"type": "Strange"}})
    two = [json.loads(library(PROCESSORS[name]).to_str())["post_processor"] for name in ("bert", "roberta")]
    with pytest.raises(ValueError, match="several templates"):
        template_of({"post_processor": {"type": "Sequence", "processors": two}})
