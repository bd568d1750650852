"""Gradients are summed in one order, so that a run on several threads has the same bits each time.

On CPU, the gradient of an indexing that takes an element several times is summed by atomic additions as soon as it is
large: in another order each time, on some processors more than on others. No loss may have such a step in its graph.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch.autograd.graph import Node

from atento.training import objectives
from atento.training.recipe import read_recipe
from atento.training.run import train

COMMON = (
    "data.held_out=0.1", "tokenizer.kind=word", "tokenizer.min_frequency=1", "tokenizer.vocab_size=11",
    "training.steps=2", "training.batch_tokens=120", "training.precision=float32",
)  # fmt: skip
STACK = ("model.model_size=16", "model.num_heads=2", "model.feed_forward_size=32")
TRANSFORMER = ("small", "model.kind=transformer", *STACK, "model.num_encoder_layers=1", "model.num_decoder_layers=1")
RECURRENT = ("small", "model.kind=recurrent", "model.embedding_size=12", "model.hidden_size=16")
LUONG = (*RECURRENT, "model.attention.kind=luong")
READER = (*STACK, "model.num_layers=1", "model.max_positions=16")
CASES = {
    "transformer": TRANSFORMER,
    "learned positions": (*TRANSFORMER, "model.position=learned"),
    "rotary": (*TRANSFORMER, "model.position=rotary"),
    "additive": (*RECURRENT, "model.attention.kind=additive"),
    "one vector": (*RECURRENT, "model.attention.kind=none"),
    "one vector, GRU": (*RECURRENT, "model.attention.kind=none", "model.cell=gru", "model.reverse_source=true"),
    "local-p": (*LUONG, "model.attention.window=local-p", "model.num_decoder_layers=2"),
    "location": (*LUONG, "model.attention.score=location"),
    "not fed": (*LUONG, "model.attention.input_feeding=false", "model.attention.window=local-m"),
    "gpt": ("gpt-small", *READER, "data.documents=line"),
    "gpt, rotary": ("gpt-small", *READER, "data.documents=line", "model.position=rotary"),
    "bert": ("bert-small", *READER, "data.documents=line"),
    "bert, next sentence": ("bert-small", *READER, "model.next_sentence=true"),
    "classifier": ("classify", *READER),
}


def nodes(root: Node) -> Iterator[Node]:
    """All that a backward pass goes through."""
    seen, waiting = {root}, [root]
    while waiting:
        node = waiting.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)


def repeats(node: Node) -> bool:
    """Whether it indexes and takes an element more than once."""
    if not node.name().startswith("IndexBackward"):
        return False
    given = [index for index in node._saved_indices if index is not None]  # type: ignore[attr-defined]
    if any(index.dtype in (torch.bool, torch.uint8) for index in given):
        return False
    places = torch.stack([index.flatten() for index in torch.broadcast_tensors(*given)])
    return places.unique(dim=1).shape[1] < places.shape[1]


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each loss that is trained on: whether a step of its graph repeats itself."""
    found: list[bool] = []
    for name in ("Translation", "Language", "Masked", "Classification"):
        kind = getattr(objectives, f"{name}Objective")

        def checked(
            self: object, model: object, batch: object, inner: Callable[..., objectives.Loss] = kind.__call__
        ) -> objectives.Loss:
            loss = inner(self, model, batch)
            if loss.total.grad_fn is not None:
                found.append(any(map(repeats, nodes(loss.total.grad_fn))))
            return loss

        monkeypatch.setattr(kind, "__call__", checked)
    return found


@pytest.fixture
def files(corpus: tuple[Path, Path], tmp_path: Path) -> dict[str, tuple[Path, ...]]:
    """What a recipe trains on."""
    labelled, documents = tmp_path / "labelled.tsv", tmp_path / "documents.txt"
    texts = [(path.suffix, path.read_text("utf-8")) for path in corpus]
    rows = [f"{line}\t{name}\n" for name, text in texts for line in text.splitlines()]
    labelled.write_text("".join(rows), encoding="utf-8")
    lines = texts[0][1].splitlines()
    groups = ["\n".join(lines[start : start + 4]) for start in range(0, len(lines), 4)]
    documents.write_text("\n\n".join(groups) + "\n", encoding="utf-8")
    return {"small": corpus, "classify": (labelled,), "gpt-small": (documents,), "bert-small": (documents,)}


@pytest.mark.parametrize("name", CASES)
def test_no_gradient_is_summed_in_any_order(
    name: str, losses: list[bool], files: dict[str, tuple[Path, ...]], tmp_path: Path
) -> None:
    recipe, *settings = CASES[name]
    train(read_recipe(recipe, train=files[recipe], overrides=(*settings, *COMMON)), tmp_path / "run")
    assert losses
    assert not any(losses)


def test_a_repeating_step_is_found() -> None:
    table = torch.randn(3, 2, requires_grad=True)
    assert any(map(repeats, nodes(table[torch.tensor([0, 1, 1])].sum().grad_fn)))
    assert not any(map(repeats, nodes(table[torch.tensor([0, 2])].sum().grad_fn)))
    assert not any(map(repeats, nodes(table[torch.tensor([True, False, True])].sum().grad_fn)))
