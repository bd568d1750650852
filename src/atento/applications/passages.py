"""A text as a language model has it: ids with their special tokens, and where each stands in the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from atento.bundle import Bundle, TranslationBundle
from atento.core.errors import DataError
from atento.core.vocabulary import Vocabulary
from atento.models.language_model import LanguageModel
from atento.models.masked_language_model import MaskedLanguageModel
from atento.text.spans import Span
from atento.text.tokenizer import Tokenizer

LONGEST_PASSAGE = 1_000_000
"""Characters of a text, at most: more is read by no model, and takes long to be cut into tokens."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Everything that a model reads or writes of one text."""

    ids: tuple[int, ...]
    """A writer's without the token that it begins with, which no one predicts; a reader's with all that it reads."""
    text: str
    spans: tuple[Span | None, ...]
    """Each id's bytes in the text; None for special tokens."""
    given: int = 0
    """How many of the ids, from the first, were given (a prompt), and not written."""
    begin: tuple[int, Span | None] | None = None
    """What a writer reads before them, and where it stands in the text; None: the token that it always begins with."""

    def as_read_by(self, vocabulary: Vocabulary) -> Passage:
        """The same for this model: one that reads prompts with nothing before them predicts no first token of one."""
        if not (vocabulary.prompt_first and self.given):
            return self
        begin = self.ids[0], self.spans[0]
        return replace(self, ids=self.ids[1:], spans=self.spans[1:], given=self.given - 1, begin=begin)

    def inputs(self, vocabulary: Vocabulary) -> tuple[int, ...]:
        """What a writer reads, one token before each that it predicts."""
        first = vocabulary.decoder_start if self.begin is None else self.begin[0]
        return (first, *self.ids[:-1])

    @classmethod
    def of_ids(cls, tokenizer: Tokenizer, ids: Sequence[int], *, given: int = 0) -> Passage:
        """Ids that need not be those that encoding their text again would give, such as what a model wrote."""
        surface = tokenizer.surface(ids)
        return cls(ids=tuple(ids), text=surface.text, spans=surface.spans, given=given)

    @classmethod
    def of_text(
        cls, tokenizer: Tokenizer, text: str, *, before: Sequence[int] = (), after: Sequence[int] = ()
    ) -> Passage:
        """A user's text between special tokens; spans are those of the text as it was given.

        Raises:
            DataError: the text holds half a character.
        """
        tokens = tokenizer.encode(text)
        return cls(
            ids=(*before, *tokens.ids, *after),
            text=text,
            spans=(*(None for _ in before), *tokens.spans, *(None for _ in after)),
        )


def to_write(bundle: Bundle[LanguageModel], texts: Sequence[str]) -> list[Passage]:
    """Whole texts, as a language model would write them: each ends with ``</s>``.

    Raises:
        DataError: a text that is longer than the model's context; it is named by its number, from 1.
    """
    # The model reads <s> and all but </s>: as many tokens as are written.
    vocabulary = bundle.vocabulary
    passages = _all(bundle.tokenizer, texts, (), (vocabulary.eos,), bundle.model.max_length)
    if not vocabulary.prompt_first:
        return passages
    return [replace(p, given=min(1, len(p.ids) - 1)).as_read_by(vocabulary) for p in passages]


def to_read(bundle: Bundle[MaskedLanguageModel], texts: Sequence[str]) -> list[Passage]:
    """Texts as a masked language model reads them: between ``<s>`` and ``</s>`` (BERT's ``[CLS]`` and ``[SEP]``).

    Raises:
        DataError: a text that is longer than the model reads; it is named by its number, from 1.
    """
    vocabulary = bundle.vocabulary
    return _all(bundle.tokenizer, texts, (vocabulary.bos,), (vocabulary.eos,), bundle.model.max_length)


def to_translate(bundle: TranslationBundle, texts: Sequence[str]) -> list[Passage]:
    """Texts as a translator's encoder reads them, with ``</s>`` at the end.

    Raises:
        DataError: a text that is longer than the model reads; it is named by its number, from 1.
    """
    end = (bundle.vocabulary.eos,)
    return _all(bundle.source_tokenizer, texts, (), end, bundle.model.max_source_length)


def _all(
    tokenizer: Tokenizer, texts: Sequence[str], before: tuple[int, ...], after: tuple[int, ...], most: int | None
) -> list[Passage]:
    passages = []
    for number, text in enumerate(texts, 1):
        if len(text) > LONGEST_PASSAGE:
            raise DataError(f"text {number} has {len(text):,} characters; give at most {LONGEST_PASSAGE:,}")
        passage = Passage.of_text(tokenizer, text, before=before, after=after)
        if most is not None and len(passage.ids) > most:
            raise DataError(
                f"text {number} has {len(passage.ids)} tokens with the special ones, and this model reads at most "
                f"{most}: shorten it"
            )
        passages.append(passage)
    return passages
