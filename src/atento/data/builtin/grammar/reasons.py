"""Why people do things: states and what follows from them, so that *because* makes sense."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon
from atento.data.builtin.grammar.agreement import Agreement
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import agree
from atento.data.builtin.grammar.phrase import Phrase, fill
from atento.data.builtin.grammar.predicates import Predicate


def cause_and_effect(
    rng: Random, agreement: Agreement, cause_agreement: Agreement | None = None
) -> tuple[Predicate, Predicate, bool]:
    """A state, what somebody in that state does, and whether it is something that they do *not* do.

    ``cause_agreement`` is for a state of somebody who is called otherwise there (*você* asked, *eu* answering).
    """
    groups = lexicon.table("reasons")
    group = groups[rng.choice(sorted(groups))]
    _, *cause = rng.choice([row for row in group if row[0] == "why"])
    _, effect, *rest = rng.choice([row for row in group if row[0] == "so"])
    return (
        _predicate(cause_agreement or agreement, *cause),
        _predicate(agreement, effect.lstrip("!"), *rest),
        effect[0] == "!",
    )


def _predicate(agreement: Agreement, source: str, target: str, complement: str, other: str) -> Predicate:
    """The predicate of a row for a subject."""
    verb = Verb(
        source.removesuffix("-se"),
        target.removesuffix("se") if target.endswith("rse") else target,
        source.endswith("-se"),
        target.endswith("rse"),
    )
    return Predicate(verb, _complement(complement, other, agreement))


def _complement(source: str, target: str, agreement: Agreement) -> Phrase:
    if "*" not in source:
        return fill(source, target)
    before, _, adjective = source.partition("*")
    other_before, _, other_adjective = target.partition("*")
    adjective_words = agree(adjective, other_adjective, agreement)
    return fill(f"{before}[adjective]", f"{other_before}[adjective]", adjective=adjective_words)
