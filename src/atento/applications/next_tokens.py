"""What a language model expects next, at every step of a text: the distribution that search and sampling draw on.

One teacher-forced pass, as in ``self_attention``. The distribution is the model's own: no temperature, truncation or
ban of a search changes it, so that its logarithms are those that a search reports.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from atento.applications.explanation import pad_rows
from atento.applications.passages import Passage
from atento.bundle import Bundle
from atento.core.errors import ConfigurationError
from atento.decoding.batches import in_order, plan_batches
from atento.figures.predictions import Alternative, PredictedToken, Predictions
from atento.models.gpt import nothing_to_read
from atento.models.language_model import LanguageModel
from atento.text.tokenizer import Tokenizer

_LOGITS = 2**24
"""Numbers that are held at once."""


def predict(
    bundle: Bundle[LanguageModel], passages: Sequence[Passage], *, top: int = 5, batch_size: int = 32
) -> list[Predictions]:
    """The most probable tokens at every step of these texts that was not given.

    Args:
        bundle: the model and its tokenizer.
        passages: what is written, prompts included.
        top: how many tokens of each step.
        batch_size: texts read together, at most.

    Raises:
        ConfigurationError: ``top`` is less than 1 or more than the vocabulary.
        DataError: a text is longer than the model's learned positions.
    """
    check_top(bundle, top)
    lengths = [len(passage.ids) for passage in passages]
    batches = plan_batches(lengths, batch_tokens=4096, batch_size=batch_size)
    return in_order(batches, (_predict(bundle, [passages[n] for n in batch], top) for batch in batches))


def check_top(bundle: Bundle[LanguageModel], top: int) -> None:
    """Refuse a number of tokens that no step has.

    Raises:
        ConfigurationError: it is less than 1 or more than the vocabulary.
    """
    size = bundle.vocabulary.target_size
    if not 1 <= top <= size:
        raise ConfigurationError(f"top = {top}: give 1 to {size}, the size of the vocabulary")


def _predict(bundle: Bundle[LanguageModel], passages: list[Passage], top: int) -> list[Predictions]:
    model, vocabulary = bundle.model, bundle.vocabulary
    device = next(model.parameters()).device
    tokens, _ = pad_rows([passage.inputs(vocabulary) for passage in passages], vocabulary.pad)
    with torch.inference_mode():
        memory = model.decoder.prepare(nothing_to_read(len(passages), device))
        hidden, _ = model.decoder(tokens.to(device), memory, model.decoder.start(memory))
        return [
            _of_passage(bundle, passage, hidden[number, passage.given : len(passage.ids)], top)
            for number, passage in enumerate(passages)
        ]


def _of_passage(
    bundle: Bundle[LanguageModel], passage: Passage, hidden: Float[Tensor, "steps model"], top: int
) -> Predictions:
    written = torch.tensor(passage.ids[passage.given :], dtype=torch.long, device=hidden.device)
    rows = max(1, _LOGITS // bundle.vocabulary.target_size)
    steps: list[PredictedToken] = []
    for vectors, ids in zip(torch.split(hidden, rows), torch.split(written, rows), strict=True):
        first = passage.given + len(steps)
        spans = passage.spans[first : first + len(ids)]
        steps += _steps(bundle.tokenizer, bundle.model.decoder.logits(vectors), ids, spans, top)
    first = passage.given + (1 if passage.begin is None else 2)
    return Predictions(text=passage.text, steps=tuple(steps), first=first)


def _steps(
    tokenizer: Tokenizer,
    logits: Float[Tensor, "steps vocab"],
    written: Int[Tensor, " steps"],
    spans: Sequence[tuple[int, int] | None],
    top: int,
) -> list[PredictedToken]:
    values = logits.log_softmax(-1, dtype=torch.float32)
    own = values.gather(1, written.unsqueeze(1))  # [steps, 1]
    ranks = (values > own).sum(1) + 1
    best = values.topk(top)
    probabilities = best.values.double().exp()
    columns = (written, own.squeeze(1), ranks, best.indices, probabilities)
    return [
        PredictedToken(
            id=number,
            token=tokenizer.label(number),
            span=span,
            log_probability=value,
            rank=rank,
            alternatives=tuple(
                Alternative(id=other, token=tokenizer.label(other), probability=probability)
                for other, probability in zip(others, shares, strict=True)
            ),
        )
        for number, value, rank, others, shares, span in zip(
            *(column.tolist() for column in columns), spans, strict=True
        )
    ]
