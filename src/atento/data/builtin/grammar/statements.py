"""Plain statements: events with their adverbials, auxiliary verbs, recipients, likes, and things that hurt or cost."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names, portuguese_verbs
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import FrameName, clause, event, subject_words, time_adverbial, with_time
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import (
    determined,
    kin,
    named,
    noun_phrase,
    of_women,
    person,
    professional,
    pronoun,
)
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, Word, fill, join, unit
from atento.data.builtin.grammar.predicates import Predicate, action, performed, state
from atento.data.builtin.grammar.verb_phrases import Tense, finite

FRAME_CHOICES: tuple[FrameName, ...] = ("past", "past", "past", "habit", "past-habit", "future", "now")

_MODALS: tuple[tuple[str, str, str, str, str, tuple[Tense, ...]], ...] = (
    ("querer", "", "querer", "", "c", (tenses.PRESENT, tenses.IMPERFECT)),
    ("precisar", "", "necesitar", "", "c", (tenses.PRESENT, tenses.IMPERFECT)),
    ("poder", "", "poder", "", "c", (tenses.PRESENT, tenses.CONDITIONAL)),
    ("dever", "", "deber", "", "c", (tenses.PRESENT, tenses.CONDITIONAL)),
    ("ter", "que", "tener", "que", "c", (tenses.PRESENT, tenses.PRETERITE, tenses.FUTURE)),
    ("costumar", "", "soler", "", "h", (tenses.PRESENT, tenses.IMPERFECT)),
    ("começar", "a", "empezar", "a", "p", (tenses.PRETERITE, tenses.GOING)),
    ("acabar", "de", "acabar", "de", "", (Tense("preterite", "present"),)),
    ("voltar", "a", "volver", "a", "h", (tenses.PRETERITE, tenses.GOING)),
    ("deixar", "de", "dejar", "de", "h", (tenses.PRETERITE,)),
    ("tentar", "", "intentar", "", "c", (tenses.PRETERITE, tenses.GOING)),
    ("conseguir", "", "lograr", "", "c", (tenses.PRETERITE,)),
    ("decidir", "", "decidir", "", "c", (tenses.PRETERITE, tenses.PLUPERFECT)),
    ("prometer", "", "prometer", "", "c", (tenses.PRETERITE, tenses.PLUPERFECT)),
    ("preferir", "", "preferir", "", "h", (tenses.PRESENT,)),
    ("esquecer", "de", "olvidar", "", "c", (tenses.PRETERITE,)),
    ("pensar", "em", "pensar", "", "c", (tenses.PRESENT,)),
)
_INDIRECT = {
    "eu": ("me", "a mí"),
    "você": ("te", "a ti"),
    "ele": ("le", "a él"),
    "ela": ("le", "a ella"),
    "nós": ("nos", "a nosotros"),
    "vocês": ("les", "a ustedes"),
    "eles": ("les", "a ellos"),
    "elas": ("les", "a ellas"),
}
"""Spanish indirect pronouns and their stressed forms, by the Portuguese pronoun."""
_ACHING = {"cabeça", "garganta", "estômago"}
"""What one has an ache *of*, not *in*."""


def statement(rng: Random) -> Phrase:
    """*Ontem a minha irmã comprou duas maçãs no mercado.*"""
    return _stop(event(rng, person(rng), rng.choice(FRAME_CHOICES), time=0.75, place=0.45))


def with_modal(rng: Random) -> Phrase:
    """*Tenho que consertar a bicicleta*, *Ela acabou de sair de casa*."""
    subject = person(rng)
    return _stop(modal_clause(rng, subject))


def modal_clause(rng: Random, subject: Subject, *, negative: bool | None = None) -> Phrase:
    """An auxiliary with an infinitive."""
    source, source_link, target, target_link, use, choices = rng.choice(_MODALS)
    tense = rng.choice(choices)
    inner = action(rng, subject, use)
    verb = finite(
        Verb(source, target),
        subject.agreement,
        tense,
        negative=rng.random() < 0.15 and inner.negatable and source not in {"acabar", "decidir", "esquecer", "preferir"}
        if negative is None
        else negative,
    )
    words = subject_words(rng, subject, tense)
    return join(words, verb, unit(source_link, target_link), inner.infinitive(subject.agreement))


def pluperfect(rng: Random) -> Phrase:
    """*Quando cheguei, o meu irmão já tinha lavado a louça.*"""
    arrival = Predicate(Verb("chegar", "llegar"), Phrase((), ()))
    first, second = person(rng), _other_person(rng)
    slots = {
        "arrival": clause(rng, first, arrival, tenses.PRETERITE),
        "words": subject_words(rng, second, tenses.PLUPERFECT),
        "done": action(rng, second, "c").finite(second.agreement, tenses.PLUPERFECT),
    }
    if rng.random() < 0.5:
        return fill("quando [arrival], [words] já [done].", "cuando [arrival], [words] ya [done].", **slots)
    return fill("[words] já [done] quando [arrival].", "[words] ya [done] cuando [arrival].", **slots)


def recipient(rng: Random) -> Phrase:
    """*Dei o livro ao meu irmão*, *Le di el libro a mi hermano*: Spanish announces the recipient with a pronoun."""
    subject = rng.choice((kin, named_or_kin, _speaker))(rng, "eu")
    source, target, objects = rng.choice(lexicon.table("statements")["giving"])
    kind, determiners = rng.choice(objects.split()).split(":")
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), rng.choice(determiners), owner=subject.pronoun)
    tense = rng.choice((tenses.PRETERITE, tenses.PRETERITE, tenses.PRETERITE, tenses.FUTURE, tenses.PLUPERFECT))
    verb = finite(Verb(source, target), subject.agreement, tense)
    words = subject_words(rng, subject, tense)
    if rng.random() < 0.45 and subject.pronoun != "eu":
        name = rng.choice(("eu", "nós"))
        clitic = unit(*("me", "me") if name == "eu" else ("nos", "nos"))
        body = _join_perfect(words, clitic, verb, tense, thing.phrase)
    else:
        whom = kin(rng, subject.pronoun) if rng.random() < 0.6 else professional(rng)
        clitic = unit("", "le" if whom.agreement.target_number == "s" else "les")
        to = fill(
            "a [whom]" if rng.random() < 0.6 or source == "comprar" else "para [whom]", "a [whom]", whom=whom.phrase
        )
        if source == "comprar":
            to = fill("para [whom]", "a [whom]", whom=whom.phrase)
        verb_group = join(clitic, verb)
        target_order = thing.phrase.target + to.target if rng.random() < 0.7 else to.target + thing.phrase.target
        body = join(words, verb_group, Phrase(thing.phrase.source + to.source, target_order))
    if tense == tenses.PRETERITE and rng.random() < 0.5:
        body = with_time(rng, body, time_adverbial(rng, "past"))
    return _stop(body)


def named_or_kin(rng: Random, owner: str) -> Subject:
    """Somebody in the third person."""
    return named(rng) if rng.random() < 0.5 else kin(rng, owner)


def likes(rng: Random) -> Phrase:
    """*Gosto de maçãs*, *Me gustan las manzanas*: what is liked is the Spanish subject."""
    name = rng.choice(("eu", "eu", "você", "ele", "ela", "nós", "eles"))
    if rng.random() < 0.4:
        return _likes_doing(rng, pronoun(name))
    (liked_kind,) = rng.choice(lexicon.table("statements")["liked"])
    kind, determiners = liked_kind.split(":")
    determiner = rng.choice(determiners)
    thing = noun_phrase(
        rng, rng.choice(lexicon.nouns()[kind]), determiner, plain=determiner in "bm" or rng.random() < 0.7
    )
    agreement = thing.agreement
    article = determined(rng, "d", agreement) if determiner in "bm" else Phrase((), ())
    liked = Phrase(thing.phrase.source, article.target + thing.phrase.target)
    if determiner in "bm":
        liked = Phrase(liked.source, (Word(article.target[0].text), *thing.phrase.target))
    return _stop(_liking(rng, pronoun(name), liked, agreement.target_number))


def _likes_doing(rng: Random, subject: Subject) -> Phrase:
    pool = [act for act in lexicon.actions_for("h") if act.complement[0] != "muito"]
    return _stop(_liking(rng, subject, performed(rng, rng.choice(pool), subject).infinitive(subject.agreement), "s"))


def _liking(rng: Random, subject: Subject, liked: Phrase, number: str) -> Phrase:
    """*gostar de* and *gustar* as a whole, with or without a stressed pronoun on the Spanish side."""
    clitic, stressed = _INDIRECT[subject.pronoun]
    source_verb = portuguese_verbs.conjugate("gostar", "present", subject.agreement.source_person)
    target_verb = "gusta" if number == "s" else "gustan"
    negative = rng.random() < 0.25
    much = fill("muito", "mucho") if not negative and rng.random() < 0.3 else Phrase((), ())
    verb = unit(f"{source_verb}", f"{clitic} {target_verb}")
    of = Word("de", verb.source[0].links)
    denial = unit("não", "no") if negative else Phrase((), ())
    overt = subject.pronoun not in {"eu", "nós"} or rng.random() < 0.4
    named_twice = subject.pronoun not in {"eu", "nós", "você"}  # *a mí me gusta* would contrast
    who = unit(subject.pronoun, stressed if named_twice else "") if overt else EMPTY
    return Phrase(
        who.source + denial.source + verb.source + much.source + (of,) + liked.source,
        who.target + denial.target + verb.target + much.target + liked.target,
    )


def hurts(rng: Random) -> Phrase:
    """*Estou com dor no joelho*, *Me duele la rodilla*."""
    name = rng.choice(("eu", "ele", "ela"))
    entry = rng.choice(lexicon.nouns()["body"])
    aching = entry.source in _ACHING
    part = noun_phrase(rng, entry, "z" if aching else "t", plain=True)
    clitic, stressed = _INDIRECT[name]
    when = time_adverbial(rng, "now") if rng.random() < 0.4 else Phrase((), ())
    who = unit(name, stressed) if name != "eu" else unit(name, "")
    pain = unit("estou com dor" if name == "eu" else "está com dor", f"{clitic} duele")
    body = Phrase(
        (who.source if rng.random() < 0.6 or name != "eu" else ())
        + pain.source
        + (Word("de" if aching else "em"),)
        + part.phrase.source
        + when.source,
        who.target + pain.target + part.phrase.target + when.target,
    )
    return _stop(body)


def feelings(rng: Random) -> Phrase:
    """*O médico estava muito cansado*, *Não estou com fome*, *Nosotras estamos cansadas*."""
    subject = person(rng)
    if subject.pronoun in {"eu", "nós", "você", "vocês"} and rng.random() < 0.5:
        subject = of_women(subject)
    tense = rng.choice((tenses.PRESENT, tenses.PRESENT, tenses.IMPERFECT))
    described = state(rng, subject.agreement)
    negative = rng.random() < 0.2
    body = clause(rng, subject, described, tense, negative=negative)
    if tense == tenses.IMPERFECT and rng.random() < 0.6:
        body = with_time(
            rng,
            body,
            fill(
                *rng.choice(
                    (("ontem", "ayer"), ("em aquele dia", "~ aquel día"), ("hoje de_manhã", "hoy por_la_mañana"))
                )
            ),
        )
    elif tense == tenses.PRESENT and rng.random() < 0.5:
        body = with_time(rng, body, fill(*rng.choice((("hoje", "hoy"), ("agora", "ahora")))))
    return _stop(body)


def arrivals(rng: Random) -> Phrase:
    """*O trem chegou*, *Llegó el tren*: Spanish may put such subjects after the verb."""
    entry = rng.choice(lexicon.nouns()["transport"])
    subject = noun_phrase(rng, entry, "t", plain=True)
    if rng.random() < 0.4:
        subject = kin(rng, "eu")
    source, target, tail = rng.choice(
        (
            ("chegar", "llegar", ("", "")),
            ("sair", "salir", ("", "")),
            ("chegar", "llegar", ("de [town]", "de [town]")),
            ("sair", "salir", ("para [town]", "hacia [town]")),
            ("voltar", "volver", ("de [town]", "de [town]")),
        )
    )
    goal = fill(*tail, town=names.place(rng)) if tail[0] else Phrase((), ())
    name = rng.choice(("past", "past", "future"))
    tense = tenses.PRETERITE if name == "past" else tenses.FUTURE
    verb = finite(Verb(source, target), subject.agreement, tense)
    words = subject.phrase
    after = not tail[0] and rng.random() < 0.6
    body = Phrase(
        words.source + verb.source + goal.source,
        verb.target + words.target + goal.target if after else words.target + verb.target + goal.target,
    )
    return _stop(with_time(rng, body, time_adverbial(rng, name)))


def _join_perfect(words: Phrase, clitic: Phrase, verb: Phrase, tense: Tense, rest: Phrase) -> Phrase:
    """Portuguese puts the pronoun before the participle (*tinha me dado*), Spanish before the auxiliary."""
    if tense.form == "perfect":
        return Phrase(
            words.source + verb.source[:1] + clitic.source + verb.source[1:] + rest.source,
            words.target + clitic.target + verb.target + rest.target,
        )
    return join(words, clitic, verb, rest)


def _speaker(_: Random, owner: str) -> Subject:
    return pronoun(owner)


def _other_person(rng: Random) -> Subject:
    return person(rng, pronouns=False)


def _stop(body: Phrase) -> Phrase:
    return fill("[body].", "[body].", body=body)
