"""From the seeds' numbers to a verdict, by the test that was fixed before anything ran.

For each seed the difference between the variant's and the baseline's run is taken (positive where the variant is
better); the 95 % interval of its mean is Student's, with one degree of freedom less than there are pairs. Two runs of
one seed share the order of their data and, as far as their shapes agree, their first weights. Where that makes them no
more alike than runs of different seeds, pairing stays valid but costs power: with three seeds the critical t is 4.30,
where an unpaired test of equal variances would have 2.78.

    better   holds: the whole interval is above the margin; does not hold: the whole of it is at or below the margin
    equal    holds: the whole interval is within ± margin; does not hold: the whole of it is outside on one side

Anything else is undecided, as are fewer than two pairs of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from atento.study import numbers
from atento.study.configuration import Claim
from atento.study.metrics import METRICS
from atento.study.results import Estimate, Verdict
from atento.study.statistics import estimate

Outcome = Literal["holds", "does not hold", "undecided"]


def decide(
    claim: Claim, variant: Sequence[float], baseline: Sequence[float], titles: tuple[str, str] | None = None
) -> Verdict:
    """Decide a claim.

    Args:
        claim: with its measure and margin.
        variant: the measure of the variant's runs, one a seed.
        baseline: that of the baseline's runs with the same seeds.
        titles: what the two are called; None: by their names.
    """
    sign = -1.0 if METRICS[claim.measure.metric].lower_is_better else 1.0
    gains = [sign * (one - other) for one, other in zip(variant, baseline, strict=True)]
    difference = estimate(gains) if gains else None
    outcome, reason = _outcome(claim, difference)
    titles = titles or (claim.variant, claim.baseline)
    return Verdict(
        statement=claim.statement,
        source=claim.source,
        test=describe_test(claim, titles),
        verdict=outcome,
        difference=difference,
        relation=claim.relation,
        measure=claim.measure,
        variant=titles[0],
        baseline=titles[1],
        margin=claim.margin,
        published=claim.published,
        published_note=claim.published_note,
        reason=reason,
        caveat="" if outcome == "holds" else claim.caveat,
    )


def describe_test(claim: Claim, titles: tuple[str, str]) -> str:
    """The test in words."""
    gain = "lower" if METRICS[claim.measure.metric].lower_is_better else "higher"
    measure = claim.measure.text
    if claim.measure.metric == "training_loss":
        measure += ", each at the learning rate where it is lowest,"
    one, other, margin = f"“{titles[0]}”", f"“{titles[1]}”", f"{claim.margin:g}"
    if claim.relation == "equal":
        return (
            f"{one} and {other} must differ in {measure} by less than {margin}: "
            f"the whole 95 % interval of the difference must lie within ± {margin}"
        )
    return (
        f"{one} must be {gain} than {other} in {measure} by more than {margin}: "
        f"the whole 95 % interval of the difference must lie above {margin}"
    )


def _outcome(claim: Claim, difference: Estimate | None) -> tuple[Outcome, str]:
    if difference is None or difference.low is None or difference.high is None:
        count = 0 if difference is None else len(difference.values)
        return "undecided", f"only {count} pair{'' if count == 1 else 's'} of runs could be compared; a test needs two"
    low, high, margin = difference.low, difference.high, claim.margin
    written = numbers.difference(difference, claim.measure, least_digits=2)[1]
    interval = f"the interval of the difference is {written}"
    if claim.relation == "equal":
        if -margin < low and high < margin:
            return "holds", f"{interval}, inside ± {margin:g}"
        if low > margin or high < -margin:
            return "does not hold", f"{interval}, outside ± {margin:g}"
        return "undecided", f"{interval}, partly inside and partly outside ± {margin:g}"
    if low > margin:
        return "holds", f"{interval}, all of it above {margin:g}"
    if high <= margin:
        return "does not hold", f"{interval}, none of it above {margin:g}"
    return "undecided", f"{interval}, partly above and partly below {margin:g}"
