"""Object pronouns, one or two: *foi minha tia que me deu*, *me lo dio mi tía*; *vou dar a ela*, *voy a dárselo*.

Brazilian Portuguese seldom joins two pronouns: it leaves out the thing, says *isso*, or names the person after a
preposition. A Spanish pronoun for a thing that Portuguese leaves out is linked to the verb; one that repeats a named
recipient (*se lo di al médico*) is linked to nothing.
"""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, portuguese_verbs, spanish_verbs
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Agreement, Subject
from atento.data.builtin.grammar.clauses import subject_words, time_adverbial
from atento.data.builtin.grammar.descriptions import gradable
from atento.data.builtin.grammar.lexicon import Noun, Verb
from atento.data.builtin.grammar.noun_phrases import (
    agree,
    kin,
    named,
    noun_phrase,
    object_pronouns,
    professional,
    pronoun,
)
from atento.data.builtin.grammar.phrase import EMPTY, Link, Phrase, Word, Words, fill, join, unit
from atento.data.builtin.grammar.topics import vocative
from atento.data.builtin.grammar.verb_phrases import Tense, finite

_ME = {"eu": ("me", "me"), "nós": ("nos", "nos"), "você": ("te", "te"), "ele": ("lhe", "se"), "eles": ("lhes", "se")}
"""Recipients before *lo*: *lhe* is *se*."""
_NO_PRESENTS = {"faca", "chave", "tesoura", "garrafa", "caixa", "copo", "prato", "lápis", "jornal", "vela"}
_WORN_BY = {"saia": "f", "vestido": "f", "gravata": "m"}
_OVER = (("entregar", "entregar"), ("dar", "dar"), ("mostrar", "mostrar"), ("enviar", "enviar"))
_TO = {("m", "s"): "ele", ("f", "s"): "ela", ("m", "p"): "eles", ("f", "p"): "elas"}


def opinion_of_thing(rng: Random) -> Phrase:
    """*O filme é divertido e a gente vai vê-lo amanhã*; a pronoun joined to its infinitive."""
    source, target, kind, fitting = rng.choice(lexicon.table("clitics")["liked"])
    entry = rng.choice(lexicon.nouns()[kind])
    choices = [adjective for adjective in gradable(entry) if adjective.source in fitting.split()]
    if not choices:
        return opinion_of_thing(rng)
    subject, adjective = noun_phrase(rng, entry, rng.choice("ts"), plain=True), rng.choice(choices)
    ours, theirs = object_pronouns(subject.agreement)
    slots = {
        "thing": subject.phrase,
        "is": finite(Verb("ser", "ser"), subject.agreement, tenses.PRESENT),
        "it": fill(portuguese_verbs.enclitic(source, ours), spanish_verbs.attach(target, theirs)),
        "adjective": agree(adjective.source, adjective.target, subject.agreement),
        "when": fill(*rng.choice((("amanhã", "mañana"), ("esta semana", "esta semana"), ("agora", "ahora")))),
    }
    ours, theirs = rng.choice(_OPINIONS)
    return fill(ours, theirs, **slots)


_OPINIONS = (
    (
        "[thing] [is] muito [adjective], mas não podemos [it] [when].",
        "[thing] [is] muy [adjective], pero no podemos [it] [when].",
    ),
    ("[thing] [is] [adjective] e a gente vai [it] [when].", "[thing] [is] [adjective] y ~ ~ vamos a{a} [it] [when]."),
    (
        "[thing] [is] tão [adjective] que queremos [it] [when].",
        "[thing] [is] tan [adjective] que queremos [it] [when].",
    ),
    ("[thing] [is] muito [adjective] e quero [it] [when].", "[thing] [is] muy [adjective] y quiero [it] [when]."),
)


def given_to_me(rng: Random) -> Phrase:
    """*Este relógio foi minha tia que me deu*, *Este reloj me lo dio mi tía*."""
    source, target, thing = _giving(rng)
    giver = _giver(rng)
    clitic = _ME[rng.choice(("eu", "eu", "eu", "nós"))]
    _, it = object_pronouns(thing.agreement)
    verb, head = _left_out(Verb(source, target), giver.agreement, tenses.PRETERITE, it, clitic)
    if rng.random() < 0.6:
        was = portuguese_verbs.conjugate("ser", "preterite", giver.agreement.source_person)
        said = (Word(was, head), *giver.phrase.source, Word("que", head), *verb.source)
    else:
        said = (*giver.phrase.source, *verb.source)
    body = join(thing.phrase, Phrase(said, verb.target + giver.phrase.target))
    return _stop(_perhaps_when(rng, body))


def given_to_them(rng: Random) -> Phrase:
    """*E a carta? Já entreguei a ela*, *¿Y la carta? Ya se la entregué*; *… e eu lhe dei*, *… y se la di*."""
    source, target, thing = _giving(rng)
    _, it = object_pronouns(thing.agreement)
    me = pronoun("eu").agreement
    if rng.random() < 0.5:
        verb, _ = _left_out(Verb(source, target), me, tenses.PRETERITE, it, ("", ""))
        to = _to_them(rng, _TO[rng.choice("mf"), rng.choice("ssp")])
        gave = Phrase(verb.source + to.source, to.target + verb.target)
        adverb = rng.choice(
            (unit("já", "ya"), unit("já", "ya"), unit("ainda não", "todavía no"), time_adverbial(rng, "past"))
        )
        slots = {"thing": thing.phrase, "gave": gave, "adverb": adverb}
        return fill("e [thing]? [adverb] [gave].", "¿y [thing]? [adverb] [gave].", **slots)
    asker = kin(rng, "eu") if rng.random() < 0.6 else named(rng)
    plural = asker.agreement.source_number == "p"
    verb, _ = _left_out(Verb(source, target), me, tenses.PRETERITE, it, _ME["eles" if plural else "ele"])
    asked = finite(Verb("pedir", "pedir"), asker.agreement, tenses.PRETERITE)
    slots = {"who": asker.phrase, "asked": asked, "thing": thing.phrase, "gave": verb}
    return fill("[who] [asked] [thing] e eu [gave].", "[who] [asked] [thing] y ~ [gave].", **slots)


def handed_over(rng: Random) -> Phrase:
    """*Encontrei a chave e a entreguei ao vizinho*, *Encontré la llave y se la entregué al vecino*."""
    source, target, kinds = rng.choice(lexicon.table("clitics")["getting"])
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[rng.choice(kinds.split())]), rng.choice("tts"), plain=True)
    subject = rng.choice((pronoun("eu"), pronoun("nós"), _giver(rng), _giver(rng)))
    whom = kin(rng, subject.pronoun) if rng.random() < 0.5 else professional(rng)
    ours, theirs = object_pronouns(thing.agreement)
    over = rng.choice(_OVER[:3] if source == "consertar" else _OVER)
    slots = {
        "words": subject_words(rng, subject, tenses.PRETERITE),
        "got": finite(Verb(source, target), subject.agreement, tenses.PRETERITE),
        "thing": thing.phrase,
        "it": unit(ours, theirs),
        "gave": finite(Verb(*over), subject.agreement, tenses.PRETERITE),
        "whom": whom.phrase,
    }
    return fill(
        "[words] [got] [thing] e [it] [gave] a [whom].", "[words] [got] [thing] y se{s} [it] [gave] a [whom].", **slots
    )


def present(rng: Random) -> Phrase:
    """*Comprei um vestido para a minha irmã e vou lhe dar amanhã*, *… y voy a dárselo mañana*."""
    source, target, objects = rng.choice(lexicon.table("clitics")["present"])
    kind, determiner = rng.choice(objects.split()).split(":")
    entry = rng.choice([noun for noun in lexicon.nouns()[kind] if noun.source not in _NO_PRESENTS])
    thing = noun_phrase(rng, entry, determiner)
    whom = _wearer(rng, entry, "eu")
    _, it = object_pronouns(thing.agreement)
    joined = spanish_verbs.attach("dar", "se", it)
    number, gender = whom.agreement.source_number, whom.agreement.source_gender
    if rng.random() < 0.5:
        give = unit("lhe dar" if number == "s" else "lhes dar", joined)
    else:
        give = unit(f"dar {rng.choice(('a', 'para'))} {_TO[gender, number]}", joined)
    slots = {
        "got": finite(Verb(source, target), pronoun("eu").agreement, tenses.PRETERITE),
        "thing": thing.phrase,
        "whom": whom.phrase,
        "give": give,
        "when": time_adverbial(rng, "future"),
    }
    source_going, target_going = rng.choice((("vou", "voy a{a}"), ("quero", "quiero"), ("preciso", "necesito")))
    return fill(
        f"[got] [thing] para [whom] e {source_going} [give] [when].",
        f"[got] [thing] para [whom] y {target_going} [give] [when].",
        **slots,
    )


def said_it(rng: Random) -> Phrase:
    """*Ninguém me disse isso*, *Nadie me lo dijo*; *Você pode me explicar isso?*, *¿Puedes explicármelo?*"""
    source, target = rng.choice(lexicon.table("clitics")["saying"])
    if rng.random() < 0.4:
        return _may_say(rng, source, target)
    speaker = rng.choice((_NOBODY, _WHO, _WHO, _giver(rng), _giver(rng), pronoun("ela"), pronoun("eu")))
    whom = rng.choice(("você", "ele", "eles") if speaker.pronoun == "eu" else ("eu", "eu", "nós", "você", "ele"))
    if speaker is _NOBODY:
        whom = "eu"
    clitic, it, head = unit(*_ME[whom]), Link(), Link()
    ours = portuguese_verbs.conjugate(source, "preterite", speaker.agreement.source_person)
    theirs = spanish_verbs.conjugate(target, "preterite", speaker.agreement.target_person)
    already = unit("já", "ya") if speaker.pronoun == "eu" else EMPTY
    words = subject_words(rng, speaker, tenses.PRETERITE)
    body = Phrase(
        (*words.source, *already.source, *clitic.source, Word(ours, (head,)), Word("isso", (it,))),
        (*words.target, *already.target, *clitic.target, Word("lo", (it,)), Word(theirs, (head,))),
    )
    if speaker is _WHO:
        return fill("[body]?", "¿[body]?", body=_perhaps_when(rng, body))
    return _stop(body if already.source else _perhaps_when(rng, body))


def _may_say(rng: Random, source: str, target: str) -> Phrase:
    """An auxiliary with an infinitive that takes both Spanish pronouns."""
    subject, tense, verbs, whom = rng.choice(
        (
            ("eu", tenses.PRESENT, ("não poder", "no poder"), "você"),
            ("eu", tenses.PRESENT, ("querer", "querer"), "você"),
            ("eu", tenses.PRETERITE, ("não querer", "no querer"), "ele"),
            ("eu", tenses.PRESENT, ("precisar", "necesitar"), "ele"),
            ("você", tenses.PRESENT, ("poder", "poder"), "eu"),
            ("você", tenses.PRESENT, ("poder", "poder"), "nós"),
            ("ele", tenses.PRETERITE, ("não querer", "no querer"), "eu"),
            ("ela", tenses.CONDITIONAL, ("poder", "poder"), "eu"),
        )
    )
    who, negative = pronoun(subject), verbs[0].startswith("não")
    if subject in {"ele", "ela"}:
        who = _giver(rng)
    verb = Verb(verbs[0].removeprefix("não "), verbs[1].removeprefix("no "))
    ours, theirs = _ME[whom]
    slots = {
        "words": subject_words(rng, who, tense) if subject != "você" else Phrase(who.phrase.source, ()),
        "can": finite(verb, who.agreement, tense, negative=negative),
        "it": unit(f"{ours} {source} isso", spanish_verbs.attach(target, theirs, "lo")),
        "who": vocative(rng),
    }
    if subject == "você":
        ending = ", [who]?" if rng.random() < 0.4 else "?"
        return fill(f"[words] [can] [it]{ending}", f"¿[words] [can] [it]{ending}", **slots)
    return fill("[words] [can] [it].", "[words] [can] [it].", **slots)


def tell_it(rng: Random) -> Phrase:
    """*Se você sabe a verdade, me diga!*, *¡Si sabes la verdad, dímela!*; *… é do seu irmão, devolva a ele*."""
    if rng.random() < 0.5:
        return _give_it_to(rng)
    pattern, other, source, target = rng.choice(lexicon.table("clitics")["telling"])
    formal = pattern.startswith("se você") and rng.random() < 0.3
    if formal:
        title, sir = rng.choice((("senhor", "o"), ("senhora", "a")))
        pattern = pattern.replace("você", f"{sir}{{u}} {title}{{u}}")
        other = other.replace("~ ", "usted{u} ")
        other = other.replace("sabes", "sabe").replace("conoces", "conoce").replace("tienes", "tiene")
    word = next(piece for piece in reversed(pattern.removesuffix(", [it]").split()) if piece in _NAMED_THINGS)
    ours = portuguese_verbs.conjugate(source, "subjunctive", "3s")
    command = spanish_verbs.imperative(target, "3s" if formal else "2s")
    it = unit(
        f"me {ours}" if rng.random() < 0.7 else f"{ours}-me", spanish_verbs.attach(command, "me", _NAMED_THINGS[word])
    )
    return _commanded(rng, fill(pattern, other, it=it), formal=formal)


_NAMED_THINGS = {
    "verdade": "la", "história": "la", "segredo": "lo", "carta": "la", "livro": "lo", "relógio": "lo", "casaco": "lo",
    "lição": "la", "jornal": "lo", "caneta": "lo",
}  # fmt: skip
"""The Spanish pronouns of what the patterns of *telling* name."""


def _give_it_to(rng: Random) -> Phrase:
    """*Essa chave é da sua irmã, devolva a ela*, *Esa llave es de tu hermana, devuélvesela*."""
    source, target = rng.choice(lexicon.table("clitics")["belongs"])
    kind = rng.choice(("portable", "clothes", "publication"))
    entry = rng.choice(lexicon.nouns()[kind])
    thing = noun_phrase(rng, entry, "s", plain=True)
    owner = _wearer(rng, entry, "você")
    _, theirs = object_pronouns(thing.agreement)
    ours = portuguese_verbs.conjugate(source, "subjunctive", "3s")
    joined = spanish_verbs.attach(spanish_verbs.imperative(target, "2s"), "se", theirs)
    she = _TO[owner.agreement.source_gender, "s"]
    slots = {
        "thing": thing.phrase,
        "is": finite(Verb("ser", "ser"), thing.agreement, tenses.PRESENT),
        "owner": owner.phrase,
        "it": unit(f"{ours} {rng.choice(('a', 'para'))} {she}", joined),
    }
    return _commanded(
        rng, fill("[thing] [is] de [owner], [it]", "[thing] [is] de [owner], [it]", **slots), formal=False
    )


def _commanded(rng: Random, body: Phrase, *, formal: bool) -> Phrase:
    draw = rng.random()
    if draw < 0.3:
        return fill("[body], por favor.", "[body], por favor.", body=body)
    if draw < 0.5 and not formal:
        return fill("[body], [who].", "[body], [who].", body=body, who=vocative(rng))
    return fill("[body]!", "¡[body]!", body=body) if draw < 0.7 else _stop(body)


def _giving(rng: Random) -> tuple[str, str, Subject]:
    """Verbs of giving with something to give."""
    source, target, objects = rng.choice(lexicon.table("clitics")["giving"])
    kind, determiners = rng.choice(objects.split()).split(":")
    entry = rng.choice(lexicon.nouns()[kind])
    return source, target, noun_phrase(rng, entry, rng.choice(determiners), plain=rng.random() < 0.7)


def _left_out(
    verb: Verb, agreement: Agreement, tense: Tense, it: str, clitic: tuple[str, str]
) -> tuple[Phrase, tuple[Link, ...]]:
    """*me deu*, *me lo dio*: the verb with a recipient, and its Spanish object linked to the verb; and that link."""
    group, to = finite(verb, agreement, tense), unit(*clitic)
    head = group.source[-1].links
    target: Words = (*to.target, Word(it, head), *group.target)
    return Phrase(to.source + group.source, target), head


def _to_them(rng: Random, name: str) -> Phrase:
    """*a ela*, *para eles* against *se*."""
    return unit(f"{rng.choice(('a', 'para'))} {name}", "se")


def _wearer(rng: Random, entry: Noun, owner: str) -> Subject:
    """A relative who may wear or use the thing."""
    while True:
        whom = kin(rng, owner, number="s")
        if whom.agreement.source_gender == _WORN_BY.get(entry.source, whom.agreement.source_gender):
            return whom


def _giver(rng: Random) -> Subject:
    draw = rng.random()
    if draw < 0.6:
        return kin(rng, "eu")
    return named(rng) if draw < 0.85 else professional(rng)


def _perhaps_when(rng: Random, body: Phrase) -> Phrase:
    return join(body, time_adverbial(rng, "past")) if rng.random() < 0.4 else body


_THIRD = Agreement("3s", "3s", "m", "m")
_NOBODY = Subject(unit("ninguém", "nadie"), _THIRD)
_WHO = Subject(unit("quem", "quién"), _THIRD)


def _stop(body: Phrase) -> Phrase:
    return fill("[body].", "[body].", body=body)
