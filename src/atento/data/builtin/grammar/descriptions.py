"""What things and people are: qualities, comparisons, existence, passives, weather, dates, prices, origins."""

from __future__ import annotations

from random import Random

from atento.data.builtin.grammar import lexicon, names, portuguese_nouns, portuguese_verbs, spanish_nouns, spanish_verbs
from atento.data.builtin.grammar import verb_phrases as tenses
from atento.data.builtin.grammar.agreement import Subject, third_person
from atento.data.builtin.grammar.clauses import subject_words, time_adverbial, with_time
from atento.data.builtin.grammar.lexicon import Adjective, Noun, Verb
from atento.data.builtin.grammar.noun_phrases import (
    NUMERALS, agree, determined, kin, named, noun, noun_phrase, person, professional,
)  # fmt: skip
from atento.data.builtin.grammar.phrase import Phrase, fill, join, unit
from atento.data.builtin.grammar.verb_phrases import finite

_SER = Verb("ser", "ser")
_DESCRIBED = ("thing", "vehicle", "clothes", "building", "landscape", "settlement", "animal", "tellable", "read", "show", "issue",
              "teachable", "instrument", "plant", "tall", "outdoors")  # fmt: skip
_MONTHS = (
    ("janeiro", "enero"), ("fevereiro", "febrero"), ("março", "marzo"), ("abril", "abril"), ("maio", "mayo"),
    ("junho", "junio"), ("julho", "julio"), ("agosto", "agosto"), ("setembro", "septiembre"), ("outubro", "octubre"),
    ("novembro", "noviembre"), ("dezembro", "diciembre"),
)  # fmt: skip
_DEGREES = (("muito", "muy"), ("muito", "muy"), ("bastante", "bastante"))
_WEATHER = (
    ("está chovendo", "está lloviendo", "now"), ("faz frio", "hace frío", "now"), ("faz calor", "hace calor", "now"),
    ("choveu muito", "llovió mucho", "past"), ("fez muito frio", "hizo mucho frío", "past"),
    ("vai chover", "va_a llover", "future"), ("não choveu", "no llovió", "past"), ("nevou", "nevó", "past"),
    ("fez sol", "hizo sol", "past"), ("fará calor", "hará calor", "future"), ("chove muito", "llueve mucho", "season"),
    ("faz muito frio", "hace mucho frío", "season"), ("neva um pouco", "nieva un poco", "season"),
)  # fmt: skip
_SUPERLATIVE_GROUPS = (
    ("de a cidade", "de la ciudad", "building"), ("de o país", "de el país", "building settlement landscape tall"),
    ("de o mundo", "de el mundo", "settlement landscape tall building"), ("de a loja", "de la tienda", "clothes thing vehicle"),
    ("de o bairro", "de el barrio", "building outdoors"), ("de o ano", "de el año", "show read event"),
    ("de a fazenda", "de la granja", "animal"),
)  # fmt: skip
_PASSIVES = (
    ("construir", "construir", "building structure"), ("pintar", "pintar", "building thing"), ("escrever", "escribir", "write"),
    ("organizar", "organizar", "event"), ("destruir", "destruir", "structure"), ("vender", "vender", "vehicle building"),
    ("resolver", "resolver", "issue"), ("visitar", "visitar", "settlement"), ("consertar", "arreglar", "machine"),
    ("plantar", "plantar", "tall"), ("descobrir", "descubrir", "landscape"), ("fechar", "cerrar", "institution"),
    ("abrir", "abrir", "institution"), ("aceitar", "aceptar", "write"), ("ler", "leer", "write"),
)  # fmt: skip
_WORK = (("trabalhar", "trabajar"), ("morar", "vivir"), ("estudar", "estudiar"), ("nascer", "nacer"), ("crescer", "crecer"))


def quality(rng: Random) -> Phrase:
    """*Esta ponte é muito antiga*, *Os meus vizinhos são generosos*."""
    subject, adjective = _described_subject(rng)
    tense = rng.choice((tenses.PRESENT, tenses.PRESENT, tenses.PRESENT, tenses.IMPERFECT))
    verb = finite(_SER, subject.agreement, tense, negative=rng.random() < 0.15)
    degree = unit(*rng.choice(_DEGREES)) if rng.random() < 0.5 else Phrase((), ())
    quality_words = agree(adjective.source, adjective.target, subject.agreement)
    return _stop(join(subject.phrase, verb, degree, quality_words))


def exclamation(rng: Random) -> Phrase:
    """*Que praia bonita!*, *¡Qué playa tan bonita!*"""
    entry, adjective = _thing(rng)
    agreement = third_person("s", entry.source_gender, entry.target_gender)
    slots = {"noun": noun(entry, "s"), "adjective": agree(adjective.source, adjective.target, agreement)}
    if rng.random() < 0.4:
        return fill("que [noun] tão [adjective]!", "¡qué [noun] tan [adjective]!", **slots)
    return fill("que [noun] ~ [adjective]!", "¡qué [noun] más [adjective]!", **slots)


def comparison(rng: Random) -> Phrase:
    """*A igreja é maior do que a escola*, *La iglesia es más grande que la escuela*."""
    entry, adjective = _thing(rng)
    other = _companion(rng, entry, adjective)
    first = noun_phrase(rng, entry, "s" if rng.random() < 0.5 else "d", plain=True)
    second = noun_phrase(rng, other, "d", plain=True)
    words = agree(adjective.source, adjective.target, first.agreement)
    form = rng.choice(("more", "less", "equal"))
    if form == "more" and adjective.source in {"grande", "pequeno", "bom"}:
        source = {"grande": "maior", "pequeno": "menor", "bom": "melhor"}[adjective.source]
        target = {"grande": "más grande", "pequeno": "más pequeño", "bom": "mejor"}[adjective.source]
        degree = unit(
            portuguese_nouns.agree(source, "m", first.agreement.source_number),
            " ".join(
                piece if piece == "más" else spanish_nouns.agree(piece, first.agreement.target_gender, first.agreement.target_number)
                for piece in target.split()
            ),
        )
    elif form == "equal":
        degree = join(unit("tão", "tan"), words)
    else:
        degree = join(unit("mais", "más") if form == "more" else unit("menos", "menos"), words)
    verb = finite(_SER, first.agreement, rng.choice((tenses.PRESENT, tenses.PRESENT, tenses.IMPERFECT)))
    link = unit("quanto", "como") if form == "equal" else unit("do que", "que")
    return _stop(join(first.phrase, verb, degree, link, second.phrase))


def superlative(rng: Random) -> Phrase:
    """*É a maior cidade do país*, *Es la ciudad más grande del país*: the adjective changes sides."""
    source_group, target_group, kinds = rng.choice(_SUPERLATIVE_GROUPS)
    entry = rng.choice(lexicon.nouns()[rng.choice(kinds.split())])
    choices = [a for kind in sorted(entry.classes) for a in lexicon.adjectives().get(kind, ()) if a.source not in _COLOURS]
    adjective = rng.choice(choices)
    agreement = third_person("s", entry.source_gender, entry.target_gender)
    head, article = noun(entry, "s"), determined(rng, "d", agreement)
    if adjective.source in {"grande", "bom"}:
        small = {"grande": "maior", "bom": "melhor"}[adjective.source]
        if small == "maior":
            modifier = unit("maior", "más grande")
            best = Phrase(modifier.source + head.source, head.target + modifier.target)
        else:
            best = join(unit("melhor", "mejor"), head)
    else:
        best = join(head, unit("mais", "más"), agree(adjective.source, adjective.target, agreement))
    group = fill(source_group, target_group)
    this = agree(*rng.choice((("este", "este"), ("esse", "ese"), ("aquele", "aquel"))), agreement)
    verb = finite(_SER, agreement, rng.choice((tenses.PRESENT, tenses.PRESENT, tenses.IMPERFECT)))
    if "settlement" in entry.classes and entry.source != "país" and rng.random() < 0.5:
        return _stop(join(names.place(rng), verb, article, best, group))
    return _stop(join(this, verb, article, best, group))


def existence(rng: Random) -> Phrase:
    """*Há duas maçãs na mesa*, *Hay dos manzanas en la mesa*."""
    kind, source, target = rng.choice((
        ("fruit", "em a mesa", "en la mesa"), ("portable", "em a mesa", "en la mesa"), ("read", "em a estante", "en el estante"),
        ("animal", "em o quintal", "en el patio"), ("institution", "em esta rua", "en esta calle"), ("clothes", "em a cama", "en la cama"),
        ("profession", "em a festa", "en la fiesta"), ("human", "em a praça", "en la plaza"), ("tall", "perto_de o rio", "cerca_de el río"),
        ("institution", "perto_de a praça", "cerca_de la plaza"), ("plant", "em o jardim", "en el jardín"), ("snack", "em a cozinha", "en la cocina"),
        ("institution", "em [town]", "en [town]"), ("structure", "em [town]", "en [town]"), ("show", "em a cidade", "en la ciudad"),
    ))  # fmt: skip
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[kind]), rng.choice("inq"))
    where = fill(source, target, town=names.place(rng))
    verb = fill(*rng.choice((("há", "hay"), ("tem", "hay"), ("havia", "había"), ("tinha", "había"))))
    if rng.random() < 0.4:
        return _stop(Phrase(where.source + verb.source + thing.phrase.source,
                            (where.target + verb.target + thing.phrase.target) if rng.random() < 0.7
                            else (verb.target + thing.phrase.target + where.target)))  # fmt: skip
    return _stop(join(verb, thing.phrase, where))


def passive(rng: Random) -> Phrase:
    """*A ponte foi construída por Vicente Balvedo em 1932.*"""
    source, target, kinds = rng.choice(_PASSIVES)
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[rng.choice(kinds.split())]), rng.choice("dds"), plain=rng.random() < 0.7)
    done = agree(_participle(source), spanish_verbs.participle(target), thing.agreement)
    verb = finite(_SER, thing.agreement, rng.choice((tenses.PRETERITE, tenses.PRETERITE, tenses.FUTURE)))
    body = join(thing.phrase, verb, done)
    if verb.source[0].text.startswith("fo"):
        if rng.random() < 0.7:
            agent = rng.choice((named, professional))(rng)
            body = fill("[body] por [agent]", "[body] por [agent]", body=body, agent=agent.phrase)
        when = year(rng) if rng.random() < 0.5 else time_adverbial(rng, "past")
    else:
        when = time_adverbial(rng, "future", life=True)
    return _stop(with_time(rng, body, when) if rng.random() < 0.7 else body)


def weather(rng: Random) -> Phrase:
    """*Choveu muito ontem em Montebal.*"""
    source, target, tag = rng.choice(_WEATHER)
    body = fill(source, target)
    if rng.random() < 0.55:
        body = fill("[body] em [town]", "[body] en [town]", body=body, town=names.place(rng))
    if tag == "season":
        when = fill(*rng.choice((("em o inverno", "en ~ invierno"), ("em julho", "en julio"), ("em janeiro", "en enero"))))
    else:
        when = time_adverbial(rng, tag)
    return _stop(with_time(rng, body, when))


def biography(rng: Random) -> Phrase:
    """*Elvira Tormares nasceu em Corunera em 12 de março de 1975 e mora em …*"""
    who = named(rng)
    slots = {
        "who": who.phrase, "town": names.place(rng), "other": names.place(rng), "date": date(rng), "year": year(rng),
        "trade": _trade(rng, who), "born": unit("nasceu", "nació"),
    }  # fmt: skip
    source, target = rng.choice((
        ("[who] [born] em [town] em [date].", "[who] [born] en [town] el [date]."),
        ("[who] [born] [year] em [town].", "[who] [born] [year] en [town]."),
        ("[who] [born] em [town], mas mora em [other].", "[who] [born] en [town], pero vive en [other]."),
        ("[who] é [trade] e trabalha em [town].", "[who] es [trade] y trabaja en [town]."),
        ("[who] é [trade] e mora em [town] desde 2009.", "[who] es [trade] y vive en [town] desde 2009."),
        ("[who], [trade] de [town], morreu [year].", "[who], [trade] de [town], murió [year]."),
        ("[who] [born] [year] em [town], estudou em [other] e depois trabalhou como [trade].",
         "[who] [born] [year] en [town], estudió en [other] y después trabajó como [trade]."),
        ("[who] mora em [town] com os{f} pais{g}.", "[who] vive en [town] con sus{f} padres{g}."),
        ("eu me_chamo [who] e sou de [town].", "~ me_llamo [who] y soy de [town]."),
        ("o{a} nome{b} dela{c} é [who].", "su{c} nombre{b} es [who]."),
    ))  # fmt: skip
    if "dela" in source and who.agreement.source_gender == "m":
        source = source.replace("dela", "dele")
    return fill(source, target, **slots)


def _trade(rng: Random, who: Subject) -> Phrase:
    """A profession in the gender of the person."""
    gender = who.agreement.source_gender
    trades = [entry for entry in lexicon.nouns()["profession"] if entry.source_gender == gender]
    return noun(rng.choice(trades), "s")


def residence(rng: Random) -> Phrase:
    """*A gente mora em Miruanosa há dez anos*, *Vivimos en … desde hace diez años*."""
    subject = person(rng)
    town, number = names.place(rng), rng.choice(NUMERALS)
    verb = finite(Verb("morar", "vivir"), subject.agreement, tenses.PRESENT)
    slots = {"words": subject_words(rng, subject, tenses.PRESENT), "verb": verb, "town": town, "number": unit(*number)}
    source, target = rng.choice((
        ("[words] [verb] em [town] há [number] anos.", "[words] [verb] en [town] desde_hace [number] años."),
        ("[words] [verb] em [town].", "[words] [verb] en [town]."),
        ("há [number] anos que [words] [verb] em [town].", "hace [number] años que [words] [verb] en [town]."),
    ))  # fmt: skip
    return fill(source, target, **slots)


def price(rng: Random) -> Phrase:
    """*Este chapéu custa vinte reais.*"""
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[rng.choice(("clothes", "portable", "plant", "read", "snack"))]), "s")
    number = rng.choice((unit(*rng.choice(NUMERALS)), *(unit(str(n), str(n)) for n in (25, 30, 45, 50, 60))))
    verb = finite(Verb("custar", "costar"), thing.agreement, rng.choice((tenses.PRESENT, tenses.PRETERITE)))
    return fill("[thing] [verb] [number] reais.", "[thing] [verb] [number] reales.", thing=thing.phrase, verb=verb, number=number)


def clock(rng: Random) -> Phrase:
    """*A reunião começa às três*, *La reunión empieza a las tres*."""
    thing = noun_phrase(rng, rng.choice(lexicon.nouns()[rng.choice(("event", "show"))]), "d", plain=True)
    verb = finite(Verb("começar", "empezar") if rng.random() < 0.6 else Verb("terminar", "terminar"), thing.agreement,
                  rng.choice((tenses.PRESENT, tenses.PRETERITE, tenses.GOING)))  # fmt: skip
    hour = fill(*rng.choice((
        ("a as duas", "a las dos"), ("a as três", "a las tres"), ("a as quatro e meia", "a las cuatro y media"),
        ("a as cinco", "a las cinco"), ("a as seis e quinze", "a las seis y cuarto"), ("a as sete e meia", "a las siete y media"),
        ("a as oito", "a las ocho"), ("a as nove", "a las nueve"), ("a as dez", "a las diez"), ("a a uma", "a la una"),
        ("a o meio-dia", "a el mediodía"),
    )))  # fmt: skip
    return _stop(join(thing.phrase, verb, hour))


def date(rng: Random) -> Phrase:
    """*12 de março de 1975*."""
    month, number, written = rng.choice(_MONTHS), rng.randint(2, 28), str(rng.randint(1890, 2012))
    slots = {"day": unit(str(number), str(number)), "month": unit(*month), "year": unit(written, written)}
    return fill("[day] de [month] de [year]", "[day] de [month] de [year]", **slots)


def year(rng: Random) -> Phrase:
    """*em 1932*."""
    written = str(rng.randint(1890, 2019))
    return fill("em [year]", "en [year]", year=unit(written, written))


_COLOURS = {"vermelho", "azul", "verde", "amarelo", "branco", "preto"}


def _participle(source: str) -> str:
    return {"aceitar": "aceito"}.get(source, portuguese_verbs.participle(source))


def _described_subject(rng: Random) -> tuple[Subject, Adjective]:
    if rng.random() < 0.4:
        subject = rng.choice((named, professional, _my_kin))(rng)
        return subject, rng.choice(lexicon.adjectives()["kin"])
    entry, adjective = _thing(rng)
    return noun_phrase(rng, entry, rng.choice("dssp") if "landscape" not in entry.classes else "s", owner="eu", plain=True), adjective


def _my_kin(rng: Random) -> Subject:
    return kin(rng, rng.choice(("eu", "nós")))


def _thing(rng: Random) -> tuple[Noun, Adjective]:
    """A noun and an adjective that suits it."""
    kind = rng.choice(_DESCRIBED)
    entry = rng.choice(lexicon.nouns()[kind])
    choices = [a for a in lexicon.adjectives()[kind] if a.source not in _COLOURS]
    return entry, rng.choice(choices)


def _companion(rng: Random, entry: Noun, adjective: Adjective) -> Noun:
    """Another noun to compare with, that the adjective suits too."""
    kinds = sorted(entry.classes & set(_DESCRIBED) & adjective.classes)
    choices = [other for kind in kinds for other in lexicon.nouns()[kind] if other.source != entry.source]
    return rng.choice(choices)


def _stop(body: Phrase) -> Phrase:
    return fill("[body].", "[body].", body=body)

