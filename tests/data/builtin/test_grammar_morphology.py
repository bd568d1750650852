"""The morphology of both languages against forms written down by hand."""

from __future__ import annotations

from typing import get_args

import pytest

from atento.data.builtin.grammar import portuguese_nouns, portuguese_verbs, spanish_nouns, spanish_verbs

# infinitive tense: eu, ele, nós, eles
PORTUGUESE = """
falar present: falo fala falamos falam
comer preterite: comi comeu comemos comeram
partir imperfect: partia partia partíamos partiam
falar future: falarei falará falaremos falarão
comer conditional: comeria comeria comeríamos comeriam
falar subjunctive: fale fale falemos falem
comer imperfect subjunctive: comesse comesse comêssemos comessem
abrir imperfect subjunctive: abrisse abrisse abríssemos abrissem
falar imperfect subjunctive: falasse falasse falássemos falassem
chegar future subjunctive: chegar chegar chegarmos chegarem
sair personal infinitive: sair sair sairmos saírem
ficar preterite: fiquei ficou ficamos ficaram
chegar subjunctive: chegue chegue cheguemos cheguem
começar preterite: comecei começou começamos começaram
conhecer present: conheço conhece conhecemos conhecem
dirigir present: dirijo dirige dirigimos dirigem
seguir present: sigo segue seguimos seguem
dormir present: durmo dorme dormimos dormem
sentir subjunctive: sinta sinta sintamos sintam
pedir present: peço pede pedimos pedem
ouvir present: ouço ouve ouvimos ouvem
perder present: perco perde perdemos perdem
subir present: subo sobe subimos sobem
passear present: passeio passeia passeamos passeiam
construir present: construo constrói construímos constroem
construir preterite: construí construiu construímos construíram
sair present: saio sai saímos saem
sair preterite: saí saiu saímos saíram
sair imperfect subjunctive: saísse saísse saíssemos saíssem
ser present: sou é somos são
ser preterite: fui foi fomos foram
ser imperfect: era era éramos eram
ser subjunctive: seja seja sejamos sejam
ser future subjunctive: for for formos forem
ir present: vou vai vamos vão
ir imperfect: ia ia íamos iam
ir personal infinitive: ir ir irmos irem
ir imperfect subjunctive: fosse fosse fôssemos fossem
estar present: estou está estamos estão
estar preterite: estive esteve estivemos estiveram
estar future subjunctive: estiver estiver estivermos estiverem
ter present: tenho tem temos têm
ter imperfect: tinha tinha tínhamos tinham
ter imperfect subjunctive: tivesse tivesse tivéssemos tivessem
vir present: venho vem vimos vêm
vir preterite: vim veio viemos vieram
vir future subjunctive: vier vier viermos vierem
ver present: vejo vê vemos veem
ver future subjunctive: vir vir virmos virem
ver imperfect subjunctive: visse visse víssemos vissem
fazer present: faço faz fazemos fazem
fazer preterite: fiz fez fizemos fizeram
fazer future: farei fará faremos farão
fazer imperfect subjunctive: fizesse fizesse fizéssemos fizessem
dizer preterite: disse disse dissemos disseram
dizer conditional: diria diria diríamos diriam
trazer preterite: trouxe trouxe trouxemos trouxeram
trazer future: trarei trará traremos trarão
poder present: posso pode podemos podem
poder preterite: pude pôde pudemos puderam
querer preterite: quis quis quisemos quiseram
querer subjunctive: queira queira queiramos queiram
saber present: sei sabe sabemos sabem
saber subjunctive: saiba saiba saibamos saibam
pôr present: ponho põe pomos põem
pôr imperfect: punha punha púnhamos punham
pôr conditional: poria poria poríamos poriam
dar preterite: dei deu demos deram
dar subjunctive: dê dê demos deem
haver subjunctive: haja haja hajamos hajam
ler present: leio lê lemos leem
ler preterite: li leu lemos leram
rir present: rio ri rimos riem
preferir present: prefiro prefere preferimos preferem
repetir subjunctive: repita repita repitamos repitam
acordar present: acordo acorda acordamos acordam
"""

# infinitive tense: yo, tú, él, nosotros, ellos
SPANISH = """
hablar present: hablo hablas habla hablamos hablan
comer preterite: comí comiste comió comimos comieron
vivir imperfect: vivía vivías vivía vivíamos vivían
hablar future: hablaré hablarás hablará hablaremos hablarán
comer conditional: comería comerías comería comeríamos comerían
hablar imperfect subjunctive: hablara hablaras hablara habláramos hablaran
pensar present: pienso piensas piensa pensamos piensan
contar subjunctive: cuente cuentes cuente contemos cuenten
jugar present: juego juegas juega jugamos juegan
jugar subjunctive: juegue juegues juegue juguemos jueguen
buscar preterite: busqué buscaste buscó buscamos buscaron
llegar subjunctive: llegue llegues llegue lleguemos lleguen
empezar preterite: empecé empezaste empezó empezamos empezaron
almorzar subjunctive: almuerce almuerces almuerce almorcemos almuercen
conocer present: conozco conoces conoce conocemos conocen
elegir present: elijo eliges elige elegimos eligen
seguir present: sigo sigues sigue seguimos siguen
pedir preterite: pedí pediste pidió pedimos pidieron
sentir subjunctive: sienta sientas sienta sintamos sientan
dormir preterite: dormí dormiste durmió dormimos durmieron
dormir subjunctive: duerma duermas duerma durmamos duerman
volver present: vuelvo vuelves vuelve volvemos vuelven
construir present: construyo construyes construye construimos construyen
construir preterite: construí construiste construyó construimos construyeron
leer preterite: leí leíste leyó leímos leyeron
enviar present: envío envías envía enviamos envían
ser present: soy eres es somos son
ser imperfect: era eras era éramos eran
ser imperfect subjunctive: fuera fueras fuera fuéramos fueran
ir present: voy vas va vamos van
ir imperfect: iba ibas iba íbamos iban
ir subjunctive: vaya vayas vaya vayamos vayan
estar preterite: estuve estuviste estuvo estuvimos estuvieron
estar subjunctive: esté estés esté estemos estén
tener present: tengo tienes tiene tenemos tienen
tener future: tendré tendrás tendrá tendremos tendrán
tener imperfect subjunctive: tuviera tuvieras tuviera tuviéramos tuvieran
venir present: vengo vienes viene venimos vienen
venir preterite: vine viniste vino vinimos vinieron
ver present: veo ves ve vemos ven
ver imperfect: veía veías veía veíamos veían
ver preterite: vi viste vio vimos vieron
hacer present: hago haces hace hacemos hacen
hacer preterite: hice hiciste hizo hicimos hicieron
hacer conditional: haría harías haría haríamos harían
decir present: digo dices dice decimos dicen
decir preterite: dije dijiste dijo dijimos dijeron
decir subjunctive: diga digas diga digamos digan
traer preterite: traje trajiste trajo trajimos trajeron
poder present: puedo puedes puede podemos pueden
querer preterite: quise quisiste quiso quisimos quisieron
querer subjunctive: quiera quieras quiera queramos quieran
saber present: sé sabes sabe sabemos saben
saber subjunctive: sepa sepas sepa sepamos sepan
poner future: pondré pondrás pondrá pondremos pondrán
salir present: salgo sales sale salimos salen
dar preterite: di diste dio dimos dieron
dar subjunctive: dé des dé demos den
oír present: oigo oyes oye oímos oyen
haber imperfect: había habías había habíamos habían
conducir preterite: conduje condujiste condujo condujimos condujeron
andar preterite: anduve anduviste anduvo anduvimos anduvieron
caer present: caigo caes cae caemos caen
sonreír present: sonrío sonríes sonríe sonreímos sonríen
sonreír preterite: sonreí sonreíste sonrió sonreímos sonrieron
almorzar present: almuerzo almuerzas almuerza almorzamos almuerzan
"""


def _table(text: str) -> list[tuple[str, str, list[str]]]:
    rows = []
    for line in text.strip().splitlines():
        head, _, forms = line.partition(": ")
        infinitive, _, tense = head.partition(" ")
        rows.append((infinitive, tense, forms.split()))
    return rows


@pytest.mark.parametrize(("infinitive", "tense", "forms"), _table(PORTUGUESE))
def test_portuguese_conjugation(infinitive, tense, forms):
    assert [portuguese_verbs.conjugate(infinitive, tense, person) for person in portuguese_verbs.PERSONS] == forms


@pytest.mark.parametrize(("infinitive", "tense", "forms"), _table(SPANISH))
def test_spanish_conjugation(infinitive, tense, forms):
    assert [spanish_verbs.conjugate(infinitive, tense, person) for person in spanish_verbs.PERSONS] == forms


def test_every_verb_has_every_form():
    from atento.data.builtin.grammar import lexicon

    for action in lexicon.actions():
        for tense in get_args(portuguese_verbs.Tense):
            assert len({portuguese_verbs.conjugate(action.verb.source, tense, p) for p in portuguese_verbs.PERSONS}) > 1
        for tense in get_args(spanish_verbs.Tense):
            assert len({spanish_verbs.conjugate(action.verb.target, tense, p) for p in spanish_verbs.PERSONS}) > 2


@pytest.mark.parametrize(
    ("infinitive", "gerund", "participle"),
    [
        ("falar", "falando", "falado"), ("vir", "vindo", "vindo"), ("pôr", "pondo", "posto"), ("ver", "vendo", "visto"),
        ("abrir", "abrindo", "aberto"), ("escrever", "escrevendo", "escrito"), ("sair", "saindo", "saído"),
        ("construir", "construindo", "construído"), ("fazer", "fazendo", "feito"), ("ir", "indo", "ido"),
    ],
)  # fmt: skip
def test_portuguese_gerund_and_participle(infinitive, gerund, participle):
    assert (portuguese_verbs.gerund(infinitive), portuguese_verbs.participle(infinitive)) == (gerund, participle)


@pytest.mark.parametrize(
    ("infinitive", "gerund", "participle"),
    [
        ("hablar", "hablando", "hablado"), ("leer", "leyendo", "leído"), ("dormir", "durmiendo", "dormido"),
        ("pedir", "pidiendo", "pedido"), ("decir", "diciendo", "dicho"),
        ("ir", "yendo", "ido"), ("oír", "oyendo", "oído"),
        ("romper", "rompiendo", "roto"), ("construir", "construyendo", "construido"), ("traer", "trayendo", "traído"),
        ("seguir", "siguiendo", "seguido"), ("devolver", "devolviendo", "devuelto"), ("poder", "pudiendo", "podido"),
    ],
)  # fmt: skip
def test_spanish_gerund_and_participle(infinitive, gerund, participle):
    assert (spanish_verbs.gerund(infinitive), spanish_verbs.participle(infinitive)) == (gerund, participle)


@pytest.mark.parametrize(
    ("infinitive", "commands"),
    [
        ("hablar", "habla hable hablen"), ("decir", "di diga digan"),
        ("hacer", "haz haga hagan"), ("ir", "ve vaya vayan"),
        ("poner", "pon ponga pongan"), ("salir", "sal salga salgan"),
        ("ser", "sé sea sean"), ("venir", "ven venga vengan"),
        ("tener", "ten tenga tengan"), ("cerrar", "cierra cierre cierren"), ("traer", "trae traiga traigan"),
    ],
)  # fmt: skip
def test_spanish_commands(infinitive, commands):
    assert [spanish_verbs.imperative(infinitive, person) for person in ("2s", "3s", "3p")] == commands.split()


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        ("di me", "dime"), ("diga me lo", "dígamelo"), ("di me lo", "dímelo"),
        ("comprar lo", "comprarlo"), ("dé me", "deme"),
        ("comprar me lo", "comprármelo"), ("compra lo", "cómpralo"),
        ("comprando lo", "comprándolo"), ("haz lo", "hazlo"),
        ("trae lo", "tráelo"), ("lee lo", "léelo"), ("oye me", "óyeme"), ("prueba lo", "pruébalo"), ("oír lo", "oírlo"),
        ("envía me lo", "envíamelo"), ("sienta te", "siéntate"), ("busca la", "búscala"), ("compren lo", "cómprenlo"),
    ],
)  # fmt: skip
def test_spanish_pronouns_keep_the_stress(parts, joined):
    assert spanish_verbs.attach(*parts.split()) == joined


@pytest.mark.parametrize(
    ("infinitive", "pronoun", "joined"),
    [
        ("comprar", "o", "comprá-lo"), ("vender", "as", "vendê-las"), ("abrir", "a", "abri-la"), ("pôr", "o", "pô-lo"),
        ("construir", "os", "construí-los"), ("dar", "me", "dar-me"), ("fazer", "o", "fazê-lo"),
    ],
)  # fmt: skip
def test_portuguese_pronouns_after_an_infinitive(infinitive, pronoun, joined):
    assert portuguese_verbs.enclitic(infinitive, pronoun) == joined


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(one, other) for one, _, other in (pair.partition("/") for pair in text.split())]


@pytest.mark.parametrize(
    ("singular", "plural"),
    _pairs(
        "casa/casas pão/pães mão/mãos irmão/irmãos lição/lições "
        "animal/animais papel/papéis sol/sóis azul/azuis fácil/fáceis "
        "homem/homens viagem/viagens mês/meses país/países "
        "luz/luzes flor/flores ônibus/ônibus lápis/lápis português/portugueses "
        "jardim/jardins canção/canções nariz/narizes hotel/hotéis "
        "difícil/difíceis bom/bons infantil/infantis capitão/capitães"
    ),
)
def test_portuguese_plurals(singular, plural):
    assert portuguese_nouns.plural(singular) == plural


@pytest.mark.parametrize(
    ("singular", "plural"),
    _pairs(
        "casa/casas lección/lecciones luz/luces lápiz/lápices "
        "lunes/lunes paraguas/paraguas país/países mes/meses árbol/árboles "
        "joven/jóvenes autobús/autobuses imagen/imágenes ley/leyes "
        "reloj/relojes café/cafés jardín/jardines nariz/narices "
        "francés/franceses alemán/alemanes canción/canciones vez/veces mujer/mujeres azul/azules algún/algunos"
    ),
)
def test_spanish_plurals(singular, plural):
    assert spanish_nouns.plural(singular) == plural


@pytest.mark.parametrize(
    ("masculine", "feminine"),
    _pairs(
        "novo/nova bom/boa alemão/alemã trabalhador/trabalhadora português/portuguesa feliz/feliz maior/maior meu/minha"
    ),
)
def test_portuguese_feminines(masculine, feminine):
    assert portuguese_nouns.feminine(masculine) == feminine


@pytest.mark.parametrize(
    ("masculine", "feminine"),
    _pairs(
        "nuevo/nueva trabajador/trabajadora inglés/inglesa alemán/alemana "
        "feliz/feliz mayor/mayor ese/esa español/española"
    ),
)
def test_spanish_feminines(masculine, feminine):
    assert spanish_nouns.feminine(masculine) == feminine


def test_spanish_adjectives_are_cut_short_before_the_noun():
    masculine = {"bueno": "buen", "grande": "gran", "primero": "primer", "tercero": "tercer", "ninguno": "ningún"}
    assert {word: spanish_nouns.before_noun(word, "m", "s") for word in masculine} == masculine
    assert spanish_nouns.before_noun("bueno", "f", "s") == "buena"
    assert spanish_nouns.before_noun("grande", "f", "s") == "gran"
    assert spanish_nouns.before_noun("bueno", "m", "p") == "buenos"
