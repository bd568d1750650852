"""Questions about life, love, war …: the running pattern of the course, spoken, with somebody addressed.

One Portuguese question may be a question and a command in Spanish (*E a guerra, para que serve, diga lá, minha amiga?*,
*¿Y la guerra, para qué sirve? Dime tú, amiga.*), so punctuation marks are linked to what ends the same stretch.
"""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.lexicon import nouns
from atento.data.builtin.grammar.noun_phrases import named, noun_phrase
from atento.data.builtin.grammar.phrase import Phrase, fill

_ASKED = (
    ("o_que é", "qué es"), ("o_que é", "qué es"), ("o_que é", "qué es"), ("para_que serve", "para_qué sirve"),
    ("de onde vem", "de dónde viene"), ("para_onde vai", "a_dónde va"), ("quanto vale", "cuánto vale"),
    ("quanto custa", "cuánto cuesta"), ("quanto dura", "cuánto dura"), ("onde está", "dónde está"),
    ("o_que significa", "qué significa"), ("como nasce", "cómo nace"), ("quando acaba", "cuándo acaba"),
    ("quando começa", "cuándo empieza"), ("por_que existe", "por_qué existe"), ("o_que ensina", "qué enseña"),
    ("como se explica", "cómo se explica"), ("o_que deixa", "qué deja"), ("o_que traz", "qué trae"),
    ("o_que pede", "qué pide"), ("onde mora", "dónde vive"), ("o_que foi", "qué fue"), ("o_que será", "qué será"),
    ("o_que era", "qué era"), ("quando volta", "cuándo vuelve"), ("quando chega", "cuándo llega"),
    ("por_que dói tanto", "por_qué duele tanto"), ("a quem serve", "a quién sirve"), ("como termina", "cómo termina"),
)  # fmt: skip
"""Questions whose subject is the topic."""

_KNOWN = (
    ("quem conhece [topic]", "quién conoce [topic]"), ("quem entende [topic]", "quién entiende [topic]"),
    ("quem inventou [topic]", "quién inventó [topic]"), ("quem tem medo de [topic]", "quién le_tiene miedo a [topic]"),
    ("o_que sabemos de [topic]", "qué sabemos de [topic]"), ("quem já viu [topic]", "quién ya ha_visto [topic]"),
    ("o_que você sabe de [topic]", "qué ~ sabes de [topic]"), ("como você explica [topic]", "cómo ~ explicas [topic]"),
    ("o_que seria de nós sem [topic]", "qué sería de nosotros sin [topic]"),
    ("o_que faríamos sem [topic]", "qué haríamos sin [topic]"), ("onde encontramos [topic]", "dónde encontramos [topic]"),
    ("por_que você pensa em [topic]", "por_qué ~ piensas en [topic]"),
    ("alguém entende [topic]", "alguien entiende [topic]"), ("ainda existe [topic]", "todavía existe [topic]"),
    ("quem fala de [topic]", "quién habla de [topic]"), ("vale_a_pena falar de [topic]", "vale_la_pena hablar de [topic]"),
)  # fmt: skip
"""Questions that hold the topic."""

_TELL = (
    ("diga lá", "dime tú"), ("diga lá", "dime tú"), ("me_diga", "dime"), ("diga-me", "dime"), ("me{d} diga{d} uma coisa", "dime{d} una cosa"),
    ("conte lá", "cuéntame tú"), ("me_conte", "cuéntame"), ("me_explique", "explícame"), ("responda", "responde"),
    ("diga a verdade", "di la verdad"), ("fale a verdade", "di la verdad"), ("me_responda", "respóndeme"),
)  # fmt: skip
_VOCATIVES = (
    ("meu irmão", "~ hermano"), ("minha irmã", "~ hermana"), ("meu amigo", "~ amigo"), ("minha amiga", "~ amiga"),
    ("meu filho", "~ hijo"), ("minha filha", "~ hija"), ("meu velho", "~ viejo"), ("meu amor", "mi amor"),
    ("pai", "papá"), ("mãe", "mamá"), ("vovó", "abuela"), ("vovô", "abuelo"), ("tio", "tío"), ("tia", "tía"),
    ("meu compadre", "~ compadre"), ("minha comadre", "~ comadre"), ("vizinho", "vecino"), ("vizinha", "vecina"),
    ("poeta", "poeta"), ("mestre", "maestro"), ("companheiro", "compañero"), ("companheira", "compañera"),
    ("meu primo", "~ primo"), ("minha prima", "~ prima"), ("irmão", "hermano"), ("amigo", "amigo"), ("amiga", "amiga"),
    ("meu querido", "~ querido"), ("minha querida", "~ querida"), ("padrinho", "padrino"),
    ("madrinha", "madrina"), ("meu neto", "~ nieto"), ("minha neta", "~ nieta"),
)  # fmt: skip
_METAPHORS = (
    ("um mistério", "un misterio"), ("um sonho", "un sueño"), ("um rio", "un río"), ("uma pergunta", "una pregunta"),
    ("um presente", "un regalo"), ("uma luta", "una lucha"), ("um jogo", "un juego"), ("uma viagem", "un viaje"),
    ("um caminho longo", "un camino largo"), ("uma ponte", "un puente"), ("uma canção", "una canción"),
    ("uma árvore velha", "un árbol viejo"), ("uma porta aberta", "una puerta abierta"), ("um espelho", "un espejo"),
    ("uma escola", "una escuela"), ("um mar sem fim", "un mar sin fin"), ("uma luz em a noite", "una luz en la noche"),
)  # fmt: skip
_TRUTHS = (
    ("[topic] não tem preço", "[topic] no tiene precio"), ("[topic] não tem pressa", "[topic] no tiene prisa"),
    ("[topic] não tem dono", "[topic] no tiene dueño"), ("[topic] não se compra", "[topic] no se compra"),
    ("[topic] não dura para sempre", "[topic] no dura para siempre"), ("[topic] sempre volta", "[topic] siempre vuelve"),
    ("ninguém sabe o_que é [topic]", "nadie sabe qué es [topic]"),
    ("não sei de onde vem [topic]", "no sé de dónde viene [topic]"), ("todos falam de [topic]", "todos hablan de [topic]"),
    ("[topic] vale mais do_que [other]", "[topic] vale más que [other]"),
    ("[topic] e [other] andam de_mãos_dadas", "[topic] y [other] van de_la_mano"),
    ("eu acredito em [topic]", "~ creo en [topic]"),
    ("você conhece [topic]", "tú conoces [topic]"), ("é difícil falar de [topic]", "es difícil hablar de [topic]"),
    ("pouca gente entende [topic]", "poca gente entiende [topic]"), ("[topic] muda com o tempo", "[topic] cambia con el tiempo"),
    ("[topic] me ensinou muito", "[topic] me enseñó mucho"), ("ainda acreditamos em [topic]", "todavía creemos en [topic]"),
)  # fmt: skip


def topic_question(rng: Random) -> Phrase:
    """*E o amor, o que é?* and its like, with or without a command and somebody addressed."""
    ending = rng.choice((_bare, _split, _split, _split, _kept, _two_sentences, _command_first, _command_first, _addressed))
    return ending(rng, _topic(rng))


def topic_statement(rng: Random) -> Phrase:
    """*A vida é um rio, meu amigo.*, *Ninguém sabe o que é a sorte.*"""
    topic = other = _topic(rng)
    while other.phrase.source[-1].text == topic.phrase.source[-1].text:
        other = _topic(rng)
    if rng.random() < 0.45:
        body = fill("[topic] é [image]", "[topic] es [image]", topic=topic.phrase, image=fill(*rng.choice(_METAPHORS)))
    else:
        source, target = rng.choice(_TRUTHS)
        slots = {"topic": topic.phrase, "other": other.phrase}
        body = fill(source, target, **slots)
    if rng.random() < 0.3:
        return fill("[body], [who].", "[body], [who].", body=body, who=vocative(rng))
    if rng.random() < 0.2:
        return fill("[who], [body].", "[who], [body].", body=body, who=vocative(rng))
    return fill("[body].", "[body].", body=body)


def vocative(rng: Random) -> Phrase:
    """Somebody addressed as *você* and *tú*."""
    return named(rng).phrase if rng.random() < 0.15 else fill(*rng.choice(_VOCATIVES))


def _topic(rng: Random) -> Subject:
    topic = noun_phrase(rng, rng.choice(nouns()["topic"]), "d", plain=True)
    while topic.agreement.source_number == "p":
        topic = noun_phrase(rng, rng.choice(nouns()["topic"]), "d", plain=True)
    return topic


def _question(rng: Random, topic: Subject, mark: str) -> Phrase:
    """The Spanish question with its marks; ``mark`` is what ends the Portuguese stretch.

    Portuguese may leave out the comma after the topic that it names first.
    """
    if rng.random() < 0.35:
        body = fill(*rng.choice(_KNOWN), topic=topic.phrase)
    elif rng.random() < 0.45:
        source, target = rng.choice(_ASKED)
        body = fill(f"{source} [topic]", f"{target} [topic]", topic=topic.phrase)
    else:
        return _topic_first(rng, topic, mark)
    opener = rng.random() < 0.25
    pattern = ("e [body]", "¿y [body]") if opener else ("[body]", "¿[body]")
    return fill(f"{pattern[0]}{mark}", f"{pattern[1]}?", body=body)


def _topic_first(rng: Random, topic: Subject, mark: str) -> Phrase:
    asked = fill(*rng.choice(_ASKED))
    slots = {"topic": topic.phrase, "asked": asked}
    if rng.random() < 0.3:
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


def _kept(rng: Random, topic: Subject) -> Phrase:
    """One question in both."""
    question = _question(rng, topic, "?")
    body = Phrase(question.source[:-1], question.target[:-1])
    slots = {"body": body, "tell": _tell(rng), "who": vocative(rng)}
    return fill("[body], [tell], [who]?", "[body], [tell], [who]?", **slots)


def _two_sentences(rng: Random, topic: Subject) -> Phrase:
    slots = {"question": _question(rng, topic, "?"), "tell": _tell(rng), "who": vocative(rng)}
    return fill("[question] [tell], [who].", "[question] [tell], [who].", **slots)


def _command_first(rng: Random, topic: Subject) -> Phrase:
    """*Me diga, meu irmão, o que é a sorte?*"""
    question = _question(rng, topic, "?")
    slots = {"question": question, "tell": _tell(rng), "who": vocative(rng)}
    if rng.random() < 0.25:
        return fill("[who], [tell], [question]", "[who], [tell], [question]", **slots)
    if rng.random() < 0.25:
        return fill("[tell], [question]", "[tell], [question]", **slots)
    return fill("[tell], [who], [question]", "[tell], [who], [question]", **slots)


def _addressed(rng: Random, topic: Subject) -> Phrase:
    """*Meu amigo, para que serve a guerra?*"""
    slots = {"question": _question(rng, topic, "?"), "who": vocative(rng)}
    return fill("[who], [question]", "[who], [question]", **slots)


def _tell(rng: Random) -> Phrase:
    return fill(*rng.choice(_TELL))

