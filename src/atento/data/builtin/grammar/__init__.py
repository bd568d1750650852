"""The synchronous grammar of the built-in Portuguese-Spanish corpus.

Every construction builds a sentence in both languages at once, so the word alignment is known, never guessed. Read
``phrase`` (what is built), ``lexicon/`` (the words), ``clauses`` and ``noun_phrases`` (how they combine), then the
constructions (``statements``, ``questions``, ``topics`` …) and ``compose`` (which draws them).
"""

from atento.data.builtin.grammar.compose import Composition, compose, compositions

__all__ = ["Composition", "compose", "compositions"]
