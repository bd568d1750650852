"""Subjunctive, conditional and subordinate clauses: wishes, conditions, what will be when somebody comes."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names, portuguese_verbs, spanish_verbs
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject
from atento.data.builtin.grammar.clauses import clause, event, settled
from atento.data.builtin.grammar.lexicon import Verb
from atento.data.builtin.grammar.noun_phrases import agree, kin, named, noun_phrase, person, professional, pronoun
from atento.data.builtin.grammar.phrase import EMPTY, Phrase, fill
from atento.data.builtin.grammar.predicates import Predicate, action, state
from atento.data.builtin.grammar.topics import vocative
from atento.data.builtin.grammar.verb_phrases import Tense, finite

_WISHING = (
    ("querer", "querer"), ("esperar", "esperar"), ("pedir", "pedir"), ("preferir", "preferir"),
)  # fmt: skip
_IMPERSONAL = (
    ("é importante que", "es importante que"), ("é melhor que", "es mejor que"), ("é possível que", "es posible que"),
    ("talvez", "quizás"), ("tomara_que", "ojalá"), ("é necessário que", "es necesario que"), ("é bom que", "es bueno que"),
    ("não é certo que", "no es seguro que"), ("duvido que", "dudo que"), ("é uma pena que", "es una pena que"),
)  # fmt: skip
_PERSONAL = (
    ("é melhor", "es mejor que"), ("é bom", "es bueno que"), ("é importante", "es importante que"), ("é difícil", "es difícil que"),
)  # fmt: skip
_COMING = (
    ("chegar", "llegar", ""), ("voltar", "volver", ""), ("vir", "venir", ""), ("voltar", "volver", "town"), ("ter", "tener", "tempo|tiempo"),
    ("poder", "poder", ""), ("querer", "querer", ""), ("ter", "tener", "dinheiro|dinero"), ("estar", "estar", "em casa|en casa"),
    ("ir", "ir", "town to"), ("saber", "saber", "a verdade|la verdad"), ("ler", "leer", "a carta|la carta"),
    ("ver", "ver", "a casa|la casa"), ("receber", "recibir", "o dinheiro|el dinero"), ("terminar", "terminar", "o trabalho|el trabajo"),
)  # fmt: skip
_IF_ONLY = (
    ("ter", "tener", "dinheiro|dinero"), ("ter", "tener", "mais tempo|más tiempo"), ("poder", "poder", ""), ("ter", "tener", "sorte|suerte"),
    ("saber", "saber", "a verdade|la verdad"), ("ser", "ser", "mais jovem|más joven"), ("estar", "estar", "em casa|en casa"),
    ("viver", "vivir", "em [town]|en [town]"), ("falar", "hablar", "espanhol|español"), ("trabalhar", "trabajar", "menos|menos"),
    ("ganhar", "ganar", "mais|más"), ("ter", "tener", "um carro|un auto"), ("estar", "estar", "de férias|de vacaciones"),
    ("ouvir", "escuchar", "os conselhos de a minha avó|los consejos de ~ mi abuela"), ("querer", "querer", ""),
)  # fmt: skip
_SAYING: tuple[tuple[str, str, Tense], ...] = (
    ("dizer", "decir", tenses.PRETERITE), ("contar", "contar", tenses.PRETERITE), ("explicar", "explicar", tenses.PRETERITE),
    ("responder", "responder", tenses.PRETERITE), ("repetir", "repetir", tenses.PRETERITE), ("dizer", "decir", tenses.PRESENT),
    ("pensar", "pensar", tenses.IMPERFECT), ("saber", "saber", tenses.IMPERFECT), ("achar", "creer", tenses.IMPERFECT),
    ("lembrar", "recordar", tenses.PRETERITE), ("prometer", "prometer", tenses.PRETERITE),
)  # fmt: skip


def wish(rng: Random) -> Phrase:
    """*Quero que você venha*, *Quiero que vengas*."""
    subject = pronoun(rng.choice(("eu", "nós", "ela", "ele"))) if rng.random() < 0.5 else kin(rng, "eu")
    other = _another(rng, subject)
    verb = Predicate(Verb(*rng.choice(_WISHING)), EMPTY)
    past = rng.random() < 0.3
    slots = {
        "wish": clause(rng, subject, verb, tenses.IMPERFECT if past else tenses.PRESENT),
        "what": _done(rng, other, tenses.IMPERFECT_SUBJUNCTIVE if past else tenses.SUBJUNCTIVE),
    }
    return fill("[wish] que [what].", "[wish] que [what].", **slots)


def judgement(rng: Random) -> Phrase:
    """*É importante que ela leia a carta*, *Talvez chova* and its like."""
    source, target = rng.choice(_IMPERSONAL)
    what = _done(rng, person(rng), tenses.SUBJUNCTIVE)
    return fill(f"{source} [what].", f"{target} [what].", what=what)


def personal_infinitive(rng: Random) -> Phrase:
    """*É melhor nós sairmos cedo*, *Es mejor que salgamos temprano*."""
    subject = pronoun(rng.choice(("nós", "vocês", "eles", "elas", "nós")))
    what = _done(rng, subject, tenses.PERSONAL_INFINITIVE)
    source, target = rng.choice(_PERSONAL)
    if rng.random() < 0.3:
        main = event(rng, kin(rng, "eu"), "past", time=0.2, place=0.2)
        then = _done(rng, subject, Tense("personal infinitive", "imperfect subjunctive"))
        return fill("[main] para [then].", "[main] para_que [then].", main=main, then=then)
    return fill(f"{source} ~ [what].", f"{target} [what].", what=what)


def when_future(rng: Random) -> Phrase:
    """*Quando o trem chegar, vou ligar …*, *Cuando llegue el tren …*."""
    subject = person(rng)
    condition = _coming(rng, subject, tenses.WHEN_FUTURE)
    main = event(rng, _another(rng, subject), "future", time=0.1, place=0.2)
    opener = rng.choice((("quando", "cuando"), ("quando", "cuando"), ("assim_que", "en_cuanto"), ("depois que", "después_de que")))
    return _two(rng, opener, condition, main)


def if_future(rng: Random) -> Phrase:
    """*Se você quiser, …*, *Si quieres, …*: Spanish has the present."""
    subject = person(rng)
    condition = _coming(rng, subject, tenses.IF_FUTURE)
    main = event(rng, _another(rng, subject), "future", time=0.1, place=0.2)
    return _two(rng, ("se", "si"), condition, main)


def if_only(rng: Random) -> Phrase:
    """*Se eu tivesse dinheiro, compraria uma casa*, *Si tuviera dinero, compraría una casa*."""
    subject = person(rng)
    source, target, tail = rng.choice(_IF_ONLY)
    if source == "ser" and subject.agreement.source_number != subject.agreement.target_number:
        subject = pronoun("eu")
    if source == "ser" and subject.agreement.source_number == "p":
        tail = "mais jovens|más jóvenes"
    condition = clause(rng, subject, _tailed(rng, source, target, tail), tenses.IMPERFECT_SUBJUNCTIVE)
    then = action(rng, subject)
    main = clause(rng, subject, then, tenses.CONDITIONAL) if subject.pronoun in {"eu", "nós", "a gente", "você"} else (
        then.finite(subject.agreement, tenses.CONDITIONAL)
    )
    return _two(rng, ("se", "si"), condition, main)


def reported(rng: Random) -> Phrase:
    """*A minha tia disse que o trem chegaria amanhã*; the person reported is another or the same."""
    speaker = kin(rng, "eu") if rng.random() < 0.5 else rng.choice((named, professional))(rng)
    source, target, tense = rng.choice(_SAYING)
    other = person(rng)
    said = action(rng, other, "h" if tense is tenses.PRESENT else "")
    inner = rng.choice((tenses.CONDITIONAL, tenses.PLUPERFECT, tenses.CONDITIONAL)) if tense is not tenses.PRESENT else tenses.PRESENT
    if source == "prometer":
        inner = tenses.CONDITIONAL
    if source in {"lembrar"}:
        inner = tenses.PLUPERFECT
    inner = settled(said, inner)
    slots = {
        "speaker": speaker.phrase, "said": finite(Verb(source, target), speaker.agreement, tense),
        "what": clause(rng, other, said, inner, negative=said.negatable and rng.random() < 0.15),
    }  # fmt: skip
    if source in {"dizer", "contar", "prometer", "explicar"} and tense is tenses.PRETERITE and rng.random() < 0.3:
        return fill("[speaker] me [said] que [what].", "[speaker] me [said] que [what].", **slots)
    return fill("[speaker] [said] que [what].", "[speaker] [said] que [what].", **slots)


def asked_whether(rng: Random) -> Phrase:
    """*Ela me perguntou se eu tinha lido a carta.*"""
    speaker = kin(rng, "eu") if rng.random() < 0.5 else rng.choice((named, professional))(rng)
    me = rng.random() < 0.6
    other = pronoun("eu") if me else person(rng, pronouns=False)
    done = action(rng, other)
    what = clause(rng, other, done, rng.choice((tenses.PLUPERFECT, tenses.CONDITIONAL)))
    verb = finite(Verb("perguntar", "preguntar"), speaker.agreement, tenses.PRETERITE)
    slots = {"speaker": speaker.phrase, "asked": verb, "what": what}
    if me:
        return fill("[speaker] me [asked] se [what].", "[speaker] me [asked] si [what].", **slots)
    return fill("[speaker] [asked] se [what].", "[speaker] [asked] si [what].", **slots)


def not_know(rng: Random) -> Phrase:
    """*Não sei onde ele comprou esse chapéu, meu amigo.*"""
    other = person(rng, pronouns=rng.random() < 0.3)
    done = action(rng, other)
    source, target = rng.choice((("quando", "cuándo"), ("por_que", "por_qué"), ("se", "si"), ("como", "cómo")))
    tense = rng.choice((tenses.PRETERITE, tenses.FUTURE))
    slots = {"asked": fill(source, target), "what": clause(rng, other, done, settled(done, tense)), "who": vocative(rng)}
    head = rng.choice((("não sei", "no sé"), ("ninguém sabe", "nadie sabe"), ("eu não sabia", "yo no sabía"), ("você sabe", "tú sabes")))
    ending = (", [who].", ", [who].") if rng.random() < 0.2 else (".", ".")
    if other.pronoun in {"eu", "você"}:
        head = ("ninguém sabe", "nadie sabe")
    return fill(f"{head[0]} [asked] [what]{ending[0]}", f"{head[1]} [asked] [what]{ending[1]}", **slots)


def although(rng: Random) -> Phrase:
    """*Embora estivesse cansado, o médico …*, *Aunque estaba cansado, …*"""
    subject = kin(rng, "eu", number="s") if rng.random() < 0.5 else named(rng)
    feeling = state(rng, subject.agreement).finite(subject.agreement, Tense("imperfect subjunctive", "imperfect"))
    done = event(rng, subject, "past", time=0.2, place=0.4)
    return fill("embora [feeling], [done].", "aunque [feeling], [done].", feeling=feeling, done=done)


def opinion_of_thing(rng: Random) -> Phrase:
    """*Gostei do filme, mas não quero vê-lo outra vez*; a pronoun joined to its infinitive."""
    thing, kind = rng.choice((("show", ("ver", "ver")), ("read", ("ler", "leer")), ("clothes", ("comprar", "comprar")), ("vehicle", ("vender", "vender")),
                              ("meal", ("provar", "probar")), ("song", ("ouvir", "escuchar")), ("settlement", ("visitar", "visitar")),
                              ("machine", ("usar", "usar")), ("building", ("pintar", "pintar"))))  # fmt: skip
    entry = rng.choice(lexicon.nouns()[thing])
    subject = noun_phrase(rng, entry, "s", plain=True)
    while subject.agreement.source_number == "p":
        subject = noun_phrase(rng, entry, "s", plain=True)
    adjective = rng.choice(lexicon.adjectives()[thing])
    gender = subject.agreement
    pronouns = ("o" if gender.source_gender == "m" else "a"), ("lo" if gender.target_gender == "m" else "la")
    it = fill(portuguese_verbs.enclitic(kind[0], pronouns[0]), spanish_verbs.attach(kind[1], pronouns[1]))
    slots = {"thing": subject.phrase, "it": it, "adjective": agree(adjective.source, adjective.target, gender), "when": fill(*rng.choice(
        (("amanhã", "mañana"), ("outra vez", "otra vez"), ("esta semana", "esta semana"), ("um dia", "un día"), ("agora", "ahora"))))}  # fmt: skip
    source, target = rng.choice((
        ("[thing] é muito [adjective], mas não quero [it] [when].", "[thing] es muy [adjective], pero no quiero [it] [when]."),
        ("[thing] é [adjective] e a gente vai [it] [when].", "[thing] es [adjective] y ~ ~ vamos_a [it] [when]."),
        ("[thing] é tão [adjective] que queremos [it] [when].", "[thing] es tan [adjective] que queremos [it] [when]."),
        ("[thing] não é [adjective], mas preciso [it] [when].", "[thing] no es [adjective], pero necesito [it] [when]."),
    ))  # fmt: skip
    return fill(source, target, **slots)


def _coming(rng: Random, subject: Subject, tense: Tense) -> Phrase:
    source, target, tail = rng.choice(_COMING)
    return clause(rng, subject, _tailed(rng, source, target, tail), tense)


def _tailed(rng: Random, source: str, target: str, tail: str) -> Predicate:
    match tail:
        case "":
            complement = EMPTY
        case "town":
            complement = fill("de [town]", "de [town]", town=names.place(rng))
        case "town to":
            complement = fill("a [town]", "a [town]", town=names.place(rng))
        case _:
            one, _, other = tail.partition("|")
            complement = fill(one, other, town=names.place(rng))
    return Predicate(Verb(source, target), complement)


def _done(rng: Random, subject: Subject, tense: Tense) -> Phrase:
    done = action(rng, subject)
    return clause(rng, subject, done, tense)


def _another(rng: Random, subject: Subject) -> Subject:
    """A different person, so that the two clauses have two subjects."""
    while True:
        other = person(rng)
        first = {"a gente": "nós"}.get(subject.pronoun, subject.pronoun)
        second = {"a gente": "nós"}.get(other.pronoun, other.pronoun)
        if not (first and first == second) and {first, second} != {"eu", "nós"}:
            return other


def _two(rng: Random, opener: tuple[str, str], condition: Phrase, main: Phrase) -> Phrase:
    """Condition first with a comma, or last without."""
    slots = {"condition": condition, "main": main}
    if rng.random() < 0.65:
        return fill(f"{opener[0]} [condition], [main].", f"{opener[1]} [condition], [main].", **slots)
    return fill(f"[main] {opener[0]} [condition].", f"[main] {opener[1]} [condition].", **slots)

