"""The tab Attention: what a model looked at, how widely, how well that aligns words; and what it went by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from atento.core.errors import ConfigurationError, DataError
from atento.studio.answers import AttentionRequest, OcclusionRequest
from atento.studio.limits import check_sentence, check_text, check_weights
from atento.studio.services import Studio

if TYPE_CHECKING:
    from atento.applications.loading import Application
    from atento.applications.translator import Translator
    from atento.bundle import TranslationBundle
    from atento.data.pharaoh import Alignment, Links
    from atento.figures.attention import Attention


def explain(studio: Studio, request: AttentionRequest) -> dict[str, Any]:
    """The attention of every role, layer and head, between tokens and between words, with its measures."""
    from atento.inspection.entropy import head_entropies
    from atento.text.words import segment

    check_text(request.source)
    check_text(request.target or "")
    matrices = studio.models.matrices(request.model)
    with studio.models.use(request.model) as application:
        _check_size(application, request, matrices)
        found = _explained(application, request)
        source, target = segment(found.source_text), segment(found.target_text)
        gold = _gold(request.gold, found, len(source), len(target))
        return {
            "attention": _raw(found),
            "words": _raw(found.merged(source, target)),
            "source_words": source,
            "target_words": target,
            "entropy": {role: values.tolist() for role, values in head_entropies(found).items()},
            "aer": None if gold is None else _scored(application.bundle, found, gold),  # type: ignore[arg-type]
        }


def occlude(studio: Studio, request: OcclusionRequest) -> dict[str, Any]:
    """What each source word does for each target word."""
    for text in (request.source, request.target):
        check_sentence(check_text(text))
    with studio.models.translator(request.model) as translator:
        from atento.inspection.occlusion import occlude

        found = occlude(translator.bundle, request.source, request.target)
    return {
        "source": found.source,
        "source_spans": found.source_spans,
        "target": found.target,
        "target_spans": found.target_spans,
        "log_probabilities": found.log_probabilities.tolist(),
        "differences": found.differences.tolist(),
    }


def _check_size(application: Application, request: AttentionRequest, matrices: int) -> None:
    """Refuse texts whose attention nobody could show, before it is computed."""
    [source] = application.bundle.source_tokenizer.encode_batch([request.source])
    [target] = application.bundle.target_tokenizer.encode_batch([request.target or ""])
    check_weights(matrices, max(len(source), len(target)))


def _explained(application: Application, request: AttentionRequest) -> Attention:
    """One record, whatever the family."""
    from atento.applications.reader import Reader
    from atento.applications.translator import Translator

    if isinstance(application, Translator):
        return _translated(application, request)
    if request.target is not None or request.gold is not None:
        raise ConfigurationError("this model reads one text: leave target and gold out")
    if isinstance(application, Reader):
        return application.explain([request.source])[0]
    return application.explain([request.source], rows=request.rows)[0]


def _translated(translator: Translator, request: AttentionRequest) -> Attention:
    if request.target is not None:
        return translator.explain([request.source], [request.target], rows=request.rows)[0]
    found = translator.translate(request.source, n_best=1, attention=True).attention
    if found is None:
        raise DataError("there is nothing to explain in an empty text")
    return found.with_rows(request.rows)


def _gold(line: str | None, found: Attention, source: int, target: int) -> Alignment | None:
    """Links by hand, if there are any.

    Raises:
        DataError: they are none, or not of these words, or the model has no attention to be compared with them.
    """
    from atento.data.pharaoh import check_inside, parse_links

    if line is None or not line.strip():
        return None
    if "cross" not in found.weights:
        raise DataError("gold links are compared with attention over the source, and this model has none")
    gold = parse_links(line)
    check_inside(gold, source, target, where="gold")
    return gold


def _scored(bundle: TranslationBundle, found: Attention, gold: Alignment) -> dict[str, Any]:
    """The error rate of the usual head's links (or of the one that was trained to align), and of every head's."""
    from atento.evaluation.alignment import score_alignments, score_sentences
    from atento.inspection.alignment import AlignmentConfig, links, links_of_heads

    config = AlignmentConfig().at(bundle.aligning_head)
    chosen = links(found, config)
    heads = links_of_heads(found, config)
    return {
        **msgspec.to_builtins(score_alignments([chosen], [gold])),
        "predicted_links": _sorted(chosen),
        "sure_links": _sorted(gold.sure),
        "possible_links": _sorted(gold.possible - gold.sure),
        "heads": [
            {**head._asdict(), "aer": score_sentences([predicted], [gold])[0].aer} for head, predicted in heads.items()
        ],
    }


def _sorted(links: Links) -> list[tuple[int, int]]:
    return sorted(links)


def _raw(found: Attention) -> msgspec.Raw:
    return msgspec.Raw(found.to_json().encode())
