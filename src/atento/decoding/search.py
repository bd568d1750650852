"""Greedy search, beam search and sampling: one loop over the decoder protocol (``nn/protocols.py``).

Every living source keeps ``width`` rows (beam size, or number of samples); a row that carries no hypothesis has a total
of −inf. At each step the rows are extended (``selection``), those that read ``</s>`` leave for the finished ones, and a
source whose n best can no longer change (``scoring``) is read off; its rows leave the batch. In beam search the
``beam_size`` best extensions are kept and those among them that end leave the beam, as in Sutskever et al. 2014, § 3.2,
but the places that they free are filled again at the next step. So a beam of one is greedy search. With ``beam =
"full"`` twice as many extensions are looked at: those that end among the first half are finished, and the best
``beam_size`` that do not end go on (Hugging Face's ``generate``).

Left out on purpose: coverage penalties, diverse beams, and constraints other than a prefix.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from atento.core.errors import ConfigurationError
from atento.core.vocabulary import Vocabulary
from atento.decoding.configuration import DecodingConfig
from atento.decoding.filters import ban_repeated_ngrams, forbidden_tokens
from atento.decoding.history import ROOT, Finished, History
from atento.decoding.hypothesis import Hypothesis, Observer, Step, StopRule
from atento.decoding.prefix import Prefill, prefill
from atento.decoding.randomness import row_keys, uniforms
from atento.decoding.scoring import Scoring
from atento.decoding.selection import Extensions, best_extensions, drawn_extensions
from atento.decoding.written import Written
from atento.nn.protocols import Decoder, Encoding

LEAVING_SHARE = 8
"""Finished sources leave once they are one in so many: leaving copies every memory, staying costs little a step."""


def search(
    decoder: Decoder,
    encoding: Encoding,
    config: DecodingConfig,
    vocabulary: Vocabulary,
    *,
    prefixes: Sequence[Sequence[int]] | None = None,
    indices: Sequence[int] | None = None,
    scored_prefixes: bool = True,
    samples: Sequence[int] | None = None,
    limits: Sequence[int] | None = None,
    stops: StopRule | None = None,
    observer: Observer | None = None,
) -> list[list[Hypothesis]]:
    """Decode every source of the encoding.

    Args:
        decoder: any model's decoder, in evaluation mode.
        encoding: the encoded sources.
        config: what to search for.
        vocabulary: the special ids of the target side.
        prefixes: target tokens that each source's hypotheses begin with (without the decoder's first token).
        indices: the inputs' numbers, which with ``config.seed`` determine what is drawn; 0, 1, … by default.
        scored_prefixes: whether the prefixes count in totals and in the length that scores are divided by; limits count
            them in any case.
        samples: the samples' numbers, where each source is to be one sample of its input; else all are 0, 1, ….
        limits: the greatest length of each source's hypotheses; None: as the configuration says.
        stops: ends hypotheses that do not end themselves.
        observer: called after each step.

    Returns:
        For each source at least one hypothesis, at most ``config.returned``: finished ones first, then by score.

    Raises:
        ConfigurationError: a prefix with ``</s>`` or an unknown id in it, or one that leaves no room below the limit.
    """
    sources = encoding.mask.shape[0]
    numbers = list(range(sources)) if indices is None else list(indices)
    if len(numbers) != sources:
        raise ConfigurationError(f"{len(numbers)} indices for {sources} sources: give one each")
    if sources == 0:
        return []
    with torch.inference_mode():
        start = prefill(decoder, encoding, config, vocabulary, prefixes, numbers, limits, scored=scored_prefixes)
        return _Search(decoder, config, vocabulary, start, numbers, scored_prefixes, samples, stops, observer).run()


@dataclass(kw_only=True)
class _Batch:
    """What is known of each source that is still in the batch."""

    place: Int[Tensor, " sources"]
    """Where its hypotheses stand in the result."""
    index: Int[Tensor, " sources"]
    keys: Int[Tensor, "sources width"]
    living: Bool[Tensor, " sources"]
    """False for a finished source that has not left yet; its rows carry no hypotheses."""
    lengths: Int[Tensor, " sources"]
    """Of its unfinished hypotheses."""
    limits: Int[Tensor, " sources"]
    unscored: Int[Tensor, " sources"]
    """How much of their lengths no score counts."""
    totals: Float[Tensor, "sources rows_each"]
    nodes: Int[Tensor, "sources rows_each"]

    @property
    def scored(self) -> Int[Tensor, " sources"]:
        """The lengths that scores count."""
        return self.lengths - self.unscored

    @property
    def at_limit(self) -> Bool[Tensor, " sources"]:
        return self.lengths >= self.limits

    def select(self, kept: Int[Tensor, " kept"]) -> _Batch:
        return _Batch(**{field.name: getattr(self, field.name)[kept] for field in dataclasses.fields(self)})


class _Ending(NamedTuple):
    """Where a hypothesis ends in the history."""

    node: int
    total: float
    score: float
    finished: bool


class _Search:
    """One search; ``run`` is the loop, the rest its steps in order."""

    def __init__(
        self,
        decoder: Decoder,
        config: DecodingConfig,
        vocabulary: Vocabulary,
        start: Prefill,
        indices: list[int],
        scored_prefixes: bool,
        samples: Sequence[int] | None,
        stops: StopRule | None,
        observer: Observer | None,
    ) -> None:
        device, sources = start.log_probabilities.device, len(start.prefixes)
        self.decoder, self.config, self.vocabulary, self.observer = decoder, config, vocabulary, observer
        self.start, self.memory, self.stops = start, start.memory, stops
        self.step = 0
        self.scoring = Scoring(config, max(start.limits), device)
        self.history = History()
        self.finished = Finished(sources, config.returned, device)
        self.forbidden = torch.tensor(forbidden_tokens(config, vocabulary), dtype=torch.long, device=device)
        self.written = Written(start.right_aligned()) if config.no_repeat_ngram_size else None
        self.known = dict(enumerate(map(stops.start, start.prefixes))) if stops is not None else {}
        """What the rule that stops hypotheses knows of each: by source before the first step, then by node."""
        lengths = [len(prefix) for prefix in start.prefixes]
        index = torch.tensor(indices, device=device)
        before = [sum(values) if scored_prefixes else 0.0 for values in start.prefix_values]
        unscored = [0 if scored_prefixes else length for length in lengths]
        self.batch = _Batch(
            place=torch.arange(sources, device=device),
            index=index,
            keys=row_keys(config.seed, index, config.width, samples),
            living=torch.ones(sources, dtype=torch.bool, device=device),
            lengths=torch.tensor(lengths, device=device),
            limits=torch.tensor(start.limits, device=device),
            unscored=torch.tensor(unscored, device=device),
            totals=torch.tensor(before, device=device).unsqueeze(1),
            nodes=torch.full((sources, 1), ROOT, device=device),
        )
        self.last_early_step = config.min_length - 1 - min(lengths)
        self.next_limit = self._next_limit()
        """The step at which the first source of the batch, living or not, reaches its limit."""
        self.settling = False
        """Whether some source of the batch may settle before its limit: one has finished hypotheses, or empty rows."""
        self.rows_each = 1
        """Rows that each source has in the decoder's state."""
        self.endings: list[list[_Ending]] = [[] for _ in range(sources)]

    def run(self) -> list[list[Hypothesis]]:
        log_probabilities, state = self.start.log_probabilities, self.start.state
        while True:
            self.step += 1
            self._ban(log_probabilities)
            extensions = self._extend(log_probabilities)
            extensions, kept = self._record(extensions)
            if kept is not None:
                if len(kept) == 0:
                    return [self._hypotheses(place) for place in range(len(self.endings))]
                extensions = extensions.select(kept)
                state = state.select(kept)
            if self.written is not None:
                self.written.extend(self._rows(extensions, kept), extensions.tokens.flatten())
            if self._mixes_rows():
                state = state.reorder(extensions.parents)
            self.rows_each = self.config.width
            hidden, state = self.decoder(extensions.tokens.reshape(-1, 1), self.memory, state)
            log_probabilities = self.decoder.logits(hidden[:, -1]).log_softmax(-1, dtype=torch.float32)

    def _mixes_rows(self) -> bool:
        """Whether rows may continue others than themselves: never one alone, and samples only where they part."""
        if self.config.sampling:
            return self.rows_each != self.config.width
        return self.config.width > 1

    def _rows(self, extensions: Extensions, kept: Int[Tensor, " kept"] | None) -> Int[Tensor, " new_rows"] | None:
        """The rows that those that go on continue; None: each itself."""
        if kept is None and not self._mixes_rows():
            return None
        sources = torch.arange(len(extensions.tokens), device=extensions.tokens.device) if kept is None else kept
        return (sources.unsqueeze(1) * self.rows_each + extensions.parents).flatten()

    def _ban(self, log_probabilities: Float[Tensor, "rows vocab"]) -> None:
        """Write −inf, in place, for the tokens that may not follow."""
        log_probabilities.index_fill_(1, self.forbidden, -torch.inf)
        if self.step <= self.last_early_step:
            early = (self.batch.lengths + 1 < self.config.min_length).repeat_interleave(self.rows_each)
            log_probabilities[:, self.vocabulary.eos].masked_fill_(early, -torch.inf)
        if self.written is not None and self.config.no_repeat_ngram_size:
            ban_repeated_ngrams(log_probabilities, self.written.tokens, self.config.no_repeat_ngram_size)

    def _extend(self, log_probabilities: Float[Tensor, "rows vocab"]) -> Extensions:
        if not self.config.sampling:
            return best_extensions(log_probabilities, self.batch.totals, self.config.candidates)
        numbers = uniforms(self.batch.keys, self.step)
        return drawn_extensions(log_probabilities, self.batch.totals, numbers, self.config)

    def _stopped(
        self,
        extensions: Extensions,
        parents: Int[Tensor, "sources candidates"],
        nodes: Int[Tensor, "sources candidates"],
    ) -> Bool[Tensor, "sources candidates"] | None:
        """Which extensions end their hypotheses though they are not ``</s>``; None: no rule was given."""
        if self.stops is None:
            return None
        if self.step == 1:
            parents = torch.arange(len(parents), device=parents.device).unsqueeze(1).expand_as(parents)
        before = [self.known[parent] for parent in parents.flatten().tolist()]
        known, ended = self.stops.read(before, extensions.tokens.flatten().tolist())
        self.known = dict(zip(nodes.flatten().tolist(), known, strict=True))
        return torch.tensor(ended, device=nodes.device).view_as(nodes)

    def _ended(
        self, extensions: Extensions, stopped: Bool[Tensor, "sources width"] | None
    ) -> Bool[Tensor, "sources width"]:
        """Which extensions end their hypotheses."""
        ended = extensions.tokens == self.vocabulary.eos
        return ended if stopped is None else ended | stopped

    def _record(self, extensions: Extensions) -> tuple[Extensions, Int[Tensor, " kept"] | None]:
        """Note the extensions and settle what can be; gives those that go on, and the sources, None if none leaves."""
        batch = self.batch
        before = batch.totals, batch.nodes
        parents = batch.nodes if self.config.width == 1 else batch.nodes.gather(1, extensions.parents)
        nodes = self.history.append(parents, extensions.tokens, extensions.log_probabilities)
        batch.lengths = batch.lengths + 1
        stopped = self._stopped(extensions, parents, nodes)
        if self.observer is not None:
            self._show(extensions, self._ended(extensions, stopped))
        at_limit = self.step >= self.next_limit
        self.settling = self.settling or self._some_end(extensions, stopped)
        if not self.settling and not at_limit:
            going = extensions.first(self.config.width)
            batch.totals, batch.nodes = going.totals, nodes[:, : self.config.width]
            return going, None
        ended = self._ended(extensions, stopped)
        self._finish(extensions, ended, nodes)
        going, batch.totals, batch.nodes = self._going(extensions, ended, nodes)
        shortest = batch.limits.clamp(max=self.config.min_length) - batch.unscored
        worst = self.finished.scores[:, -1]
        settled = self.scoring.settled(batch.totals, batch.scored, batch.limits - batch.unscored, shortest, worst)
        if at_limit:
            settled |= batch.at_limit
        settled &= batch.living
        if not at_limit and not bool(settled.any()):
            return going, None
        self._read_off(settled, *before)
        return going, self._leave(settled, at_limit)

    def _finish(
        self,
        extensions: Extensions,
        ended: Bool[Tensor, "sources candidates"],
        nodes: Int[Tensor, "sources candidates"],
    ) -> None:
        """Offer what ended to the finished hypotheses; what is looked at only to fill places can not end."""
        width = self.config.width
        first = extensions.first(width)
        scores = self.scoring.scores(first.totals, self.batch.scored)
        self.finished.add(ended[:, :width], scores, first.totals, nodes[:, :width])

    def _going(
        self,
        extensions: Extensions,
        ended: Bool[Tensor, "sources candidates"],
        nodes: Int[Tensor, "sources candidates"],
    ) -> tuple[Extensions, Float[Tensor, "sources width"], Int[Tensor, "sources width"]]:
        """The extensions that are the next rows, with their totals, −inf for those that ended, and nodes."""
        totals = extensions.totals.masked_fill(ended, -torch.inf)
        width = self.config.width
        if not self.config.refills:
            return extensions, totals, nodes
        # What only fills places does not go on beyond the limit, so it is no result there either.
        totals[:, width:] = totals[:, width:].masked_fill(self.batch.at_limit.unsqueeze(1), -torch.inf)
        places = ended.to(torch.uint8).argsort(dim=1, stable=True)[:, :width]
        return extensions.at(places), totals.gather(1, places), nodes.gather(1, places)

    def _some_end(self, extensions: Extensions, stopped: Bool[Tensor, "sources width"] | None) -> bool:
        """Whether any extension ends a hypothesis, or is none; asked at every step, so with the fewest operations."""
        return (
            self.vocabulary.eos in extensions.tokens.flatten().tolist()
            or (stopped is not None and bool(stopped.any()))
            or -math.inf in extensions.totals.flatten().tolist()
        )

    def _read_off(
        self,
        settled: Bool[Tensor, " sources"],
        earlier_totals: Float[Tensor, "sources rows_each"],
        earlier_nodes: Int[Tensor, "sources rows_each"],
    ) -> None:
        """Note what the settled sources end with: their finished hypotheses, else unfinished ones.

        At the length limit unfinished hypotheses fill the places left, or are ranked with the finished ones if the beam
        is a full one. A source without any possible token ends with what it had before this step.
        """
        batch, finished, returned = self.batch, self.finished, self.config.returned
        ranked = batch.at_limit & self.config.refills
        columns = [batch.place, ranked, finished.nodes, finished.totals, finished.scores]
        for totals, nodes, lengths in (
            (batch.totals, batch.nodes, batch.scored),
            (earlier_totals, earlier_nodes, batch.scored - 1),
        ):
            columns += [nodes, totals, self.scoring.scores(totals, lengths)]
        for place, together, *found in zip(*(column[settled].tolist() for column in columns), strict=True):
            ended, living, earlier = (
                sorted(
                    (_Ending(node, total, score, part == 0) for node, total, score in zip(*rows, strict=True)),
                    key=lambda ending: -ending.score,
                )
                for part, rows in enumerate((found[0:3], found[3:6], found[6:9]))
            )
            endings = [ending for ending in (*ended, *living) if ending.score > -math.inf]
            if together:
                endings.sort(key=lambda ending: -ending.score)
            self.endings[place] = (endings or [ending for ending in earlier if ending.score > -math.inf])[:returned]

    def _leave(self, settled: Bool[Tensor, " sources"], at_limit: bool) -> Int[Tensor, " kept"] | None:
        """Empty the rows of the settled sources; where it pays, or must be, take finished sources out of the batch."""
        batch = self.batch
        batch.living = batch.living & ~settled
        batch.totals = batch.totals.masked_fill(settled.unsqueeze(1), -torch.inf)
        kept = batch.living.nonzero().flatten()
        present = len(batch.living)
        if len(kept) and not at_limit and (present - len(kept)) * LEAVING_SHARE < present:
            return None
        if 0 < len(kept) < present:
            self.memory = self.memory.select(kept)
        self.batch = batch = batch.select(kept)
        self.finished.select(kept)
        self.settling = self.config.width > 1 and bool((self.finished.scores > -torch.inf).any())
        self.next_limit = self._next_limit()
        return kept

    def _next_limit(self) -> int:
        left = self.batch.limits - self.batch.lengths
        return self.step + int(left.min()) if len(left) else self.step

    def _show(self, extensions: Extensions, ended: Bool[Tensor, "sources width"]) -> None:
        assert self.observer is not None
        self.observer(
            Step(
                number=self.step,
                indices=self.batch.index,
                parents=extensions.parents,
                tokens=extensions.tokens,
                log_probabilities=extensions.log_probabilities,
                totals=extensions.totals,
                scores=self.scoring.scores(extensions.totals, self.batch.scored),
                ended=ended,
            )
        )

    def _hypotheses(self, place: int) -> list[Hypothesis]:
        prefix, prefix_values = self.start.prefixes[place], self.start.prefix_values[place]
        hypotheses = []
        for ending in self.endings[place]:
            tokens, values = self.history.trace(ending.node)
            hypotheses.append(
                Hypothesis(
                    tokens=(*prefix, *tokens),
                    log_probabilities=(*prefix_values, *values),
                    total=ending.total,
                    score=ending.score,
                    finished=ending.finished,
                    stopped=ending.finished and tokens[-1] != self.vocabulary.eos,
                )
            )
        return hypotheses
