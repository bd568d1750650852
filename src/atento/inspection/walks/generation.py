"""Autoregressive generation beside teacher forcing (S1): what is read, what may come next, what comes next.

``free`` reads what it wrote itself, step by step; ``forced`` reads a given text. Both are the model's own next-token
distributions; that a step at a time and all at once give the same is a property of every decoder here.
"""

from __future__ import annotations

from atento.applications.passages import Passage
from atento.applications.translator import Translator
from atento.applications.writer import Writer
from atento.bundle import AnyBundle
from atento.inspection.walks.draft import Draft, best, chosen
from atento.inspection.walks.record import Choice, Focus, Side, Walk
from atento.inspection.walks.subject import Texts, about, forced, read, translated, written
from atento.models.passes import Decoded


def walk(subject: Translator | Writer, text: str, *, target: str | None = None, top: int = 8, name: str = "") -> Walk:
    """Write greedily, and beside it read a given text by force.

    Args:
        subject: who writes.
        text: a translator's source, or a writer's prompt.
        target: what is read by force: a translation, or a text that begins as the prompt does; None: nothing.
        top: how many of the most probable tokens are shown.
        name: the model's name.

    Raises:
        DataError: a text is empty or too long.
    """
    bundle = subject.bundle
    free = translated(subject, text, None) if isinstance(subject, Translator) else written(subject, text)
    given = None if target is None else _given(subject, free, target)
    passes = {"free": _Written(bundle, free)}
    if given is not None:
        passes["forced"] = _Written(bundle, given)
    draft = Draft()
    for step in range(passes["free"].passage.given, max(map(len, passes.values()))):
        alive = {key: each for key, each in passes.items() if each.passage.given <= step < len(each)}
        focus = Focus(role="decoder", side="target", token=step)
        draft.add("read", Focus(role="decoder", side="inputs", token=step))
        draft.add("predict", focus, "predict", choices={key: each.best(step, top) for key, each in alive.items()})
        draft.add("choose", focus, choices={key: (each.chosen(step),) for key, each in alive.items()})
    reference: dict[str, Side | None] = {}
    if given is not None:
        sides = given.sides(bundle)
        reference = {"reference": sides["target"], "reference_inputs": sides["inputs"]}
    return draft.finish("generation", about(subject, name), **free.sides(bundle), **reference)


def _given(subject: Translator | Writer, free: Texts, target: str) -> Texts:
    if isinstance(subject, Translator):
        return Texts(source=free.source, target=forced(subject, target))
    return read(subject, target)


class _Written:
    """A text with the distributions of its steps."""

    def __init__(self, bundle: AnyBundle, texts: Texts) -> None:
        assert texts.target is not None
        decoded = texts.pass_through(bundle).decoded
        assert decoded is not None
        self.passage: Passage = texts.target
        self.decoded: Decoded = decoded
        self._tokenizer = bundle.target_tokenizer

    def __len__(self) -> int:
        return len(self.passage.ids)

    def best(self, step: int, top: int) -> tuple[Choice, ...]:
        """The most probable tokens."""
        return best(self._tokenizer, self.decoded, step, top)

    def chosen(self, step: int) -> Choice:
        """The text's own token."""
        return chosen(self._tokenizer, self.decoded, step, self.passage.ids[step])
