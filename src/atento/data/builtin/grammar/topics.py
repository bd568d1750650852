"""Questions about life, love, war …: the running pattern of the course, spoken, with somebody addressed.

One Portuguese question may be a question and a command in Spanish (*E a guerra, para que serve, diga lá, minha amiga?*,
*¿Y la guerra, para qué sirve? Dime tú, amiga.*), so punctuation marks are linked to what ends the same stretch.
"""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.lexicon import nouns, table
from atento.data.builtin.grammar.noun_phrases import named, noun_phrase
from atento.data.builtin.grammar.phrase import Phrase, fill


def topic_question(rng: Random) -> Phrase:
    """*E o amor, o que é?* and its like, with or without a command and somebody addressed."""
    ending = rng.choice((_bare, _split, _split, _two_sentences, _two_sentences, _command_first, _addressed))
    return ending(rng, _topic(rng))


def split_question(rng: Random) -> Phrase:
    """*E a sorte onde está, diga lá, minha amiga?*, *¿Y la suerte, dónde está? Dime tú, amiga.*

    The shape of the course's sentence: one Portuguese sentence, mostly without a comma after the topic, against a
    Spanish question and a command. Life, brothers, *o que é* and *diga lá* come often, but never all together.
    """
    if rng.random() < 0.75:
        topic, (source, target) = _topic(rng), _pattern(rng, "asked")
    else:
        kind, source, target = _pattern(rng, "thing-asked")
        topic = noun_phrase(rng, rng.choice(nouns()[kind]), "t", plain=True)
    comma = "" if rng.random() < 0.75 else ","
    slots = {"topic": topic.phrase, "asked": fill(source, target), "tell": _tell(rng), "who": vocative(rng)}
    alone = "" if comma else "{alone}"
    ending = (" [tell]?", " [tell].") if rng.random() < 0.1 else (" [tell], [who]?", " [tell], [who].")
    return fill(f"e [topic]{comma} [asked],{ending[0]}", f"¿y [topic],{alone} [asked]?{ending[1]}", **slots)


def topic_statement(rng: Random) -> Phrase:
    """*A vida é um rio, meu amigo.*, *Ninguém sabe o que é a sorte.*"""
    kind = rng.choice(("bright", "bright", "dark"))
    topic, other = _topic(rng, kind), _topic(rng, "dark" if kind == "bright" else "bright")
    if rng.random() < 0.45:
        image = fill(*_pattern(rng, "metaphor" if kind == "bright" else "shadow"))
        body = fill("[topic] é [image]", "[topic] es [image]", topic=topic.phrase, image=image)
    else:
        source, target = _pattern(rng, "praise" if kind == "bright" and rng.random() < 0.3 else "truth")
        slots = {"topic": topic.phrase, "other": other.phrase}
        body = fill(source, target, **slots)
    if rng.random() < 0.3:
        return fill("[body], [who].", "[body], [who].", body=body, who=vocative(rng))
    if rng.random() < 0.2:
        return fill("[who], [body].", "[who], [body].", body=body, who=vocative(rng))
    return fill("[body].", "[body].", body=body)


def vocative(rng: Random) -> Phrase:
    """Somebody addressed as *você* and *tú*."""
    return named(rng).phrase if rng.random() < 0.15 else fill(*_pattern(rng, "vocative"))


def _pattern(rng: Random, use: str) -> tuple[str, ...]:
    return rng.choice(table("topics")[use])


def _topic(rng: Random, kind: str = "topic") -> Subject:
    if kind == "topic":
        draw = rng.random()
        kind = "life" if draw < 0.08 else "core" if draw < 0.4 else kind
    return noun_phrase(rng, rng.choice(nouns()[kind]), "t", plain=True)


def _question(rng: Random, topic: Subject, mark: str) -> Phrase:
    """The Spanish question with its marks; ``mark`` is what ends the Portuguese stretch.

    Portuguese may leave out the comma after the topic that it names first.
    """
    if rng.random() < 0.35:
        needed = rng.random() < 0.25
        topic = _topic(rng, "bright") if needed else topic
        body = fill(*_pattern(rng, "needing" if needed else "holding"), topic=topic.phrase)
    elif rng.random() < 0.45:
        source, target = _pattern(rng, "asked")
        body = fill(f"{source} [topic]", f"{target} [topic]", topic=topic.phrase)
    else:
        return _topic_first(rng, topic, mark)
    opener = rng.random() < 0.25
    pattern = ("e [body]", "¿y [body]") if opener else ("[body]", "¿[body]")
    return fill(f"{pattern[0]}{mark}", f"{pattern[1]}?", body=body)


def _topic_first(rng: Random, topic: Subject, mark: str) -> Phrase:
    asked = fill(*_pattern(rng, "asked"))
    slots = {"topic": topic.phrase, "asked": asked}
    if rng.random() < 0.5:
        return fill("e [topic] [asked]" + mark, "¿y [topic],{alone} [asked]?", **slots)
    return fill("e [topic], [asked]" + mark, "¿y [topic], [asked]?", **slots)


def _bare(rng: Random, topic: Subject) -> Phrase:
    return _question(rng, topic, "?")


def _split(rng: Random, topic: Subject) -> Phrase:
    """Portuguese one question, Spanish a question and a command."""
    slots = {"question": _question(rng, topic, ","), "tell": _tell(rng), "who": vocative(rng)}
    if rng.random() < 0.2:
        return fill("[question] [tell]?", "[question] [tell].", **slots)
    return fill("[question] [tell], [who]?", "[question] [tell], [who].", **slots)


def _two_sentences(rng: Random, topic: Subject) -> Phrase:
    slots = {"question": _question(rng, topic, "?"), "tell": _tell(rng), "who": vocative(rng)}
    return fill("[question] [tell], [who].", "[question] [tell], [who].", **slots)


def _command_first(rng: Random, topic: Subject) -> Phrase:
    """*Me diga, meu irmão, o que é a sorte?*"""
    question = _question(rng, topic, "?")
    slots = {"question": question, "tell": _tell(rng, first=True), "who": vocative(rng)}
    if rng.random() < 0.25:
        return fill("[who], [tell], [question]", "[who], [tell], [question]", **slots)
    if rng.random() < 0.25:
        return fill("[tell], [question]", "[tell], [question]", **slots)
    return fill("[tell], [who], [question]", "[tell], [who], [question]", **slots)


def _addressed(rng: Random, topic: Subject) -> Phrase:
    """*Meu amigo, para que serve a guerra?*"""
    slots = {"question": _question(rng, topic, "?"), "who": vocative(rng)}
    return fill("[who], [question]", "[who], [question]", **slots)


def _tell(rng: Random, *, first: bool = False) -> Phrase:
    """The command; some stand only ``first``, before the question."""
    return fill(*_pattern(rng, "tell-first" if first and rng.random() < 0.3 else "tell"))
