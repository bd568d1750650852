"""Properties of the pairs that the synchronous grammar composes."""

from __future__ import annotations

import re
from itertools import islice, pairwise
from random import Random

import pytest

from atento.data.builtin.grammar import compose, compositions, lexicon
from atento.data.builtin.grammar.compose import CONSTRUCTIONS, COURSE_PAIR
from atento.data.builtin.grammar.lexicon import Adjective, Noun
from atento.data.builtin.grammar.noun_phrases import described
from atento.data.builtin.grammar.numerals import cardinal, ordinal
from atento.data.builtin.grammar.phrase import Phrase, Word, fill, unit
from atento.data.builtin.grammar.surface import realise
from atento.data.builtin.grammar.topics import topic_question
from atento.data.builtin.markup import AlignedPair, words

COUNT = 8000
FUNCTION_WORDS = """
o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela pelos pelas para com e ou que se não
eu você ele ela nós gente vocês eles elas me te lhe meu minha meus minhas nosso nossa nossos nossas seu sua seus suas
à às ao aos ,
"""
"""What may stand without a counterpart."""


@pytest.fixture(scope="module")
def pairs() -> list[AlignedPair]:
    return list(compose(COUNT, seed=20))


@pytest.fixture(scope="module")
def more_pairs(pairs) -> list[AlignedPair]:
    return pairs + list(compose(COUNT, seed=21))


def _realised(source: str, target: str, **slots: Phrase) -> AlignedPair:
    return realise(fill(source, target, **slots))


def test_pairs_are_distinct_and_none_translates_two(pairs):
    assert len(pairs) == COUNT
    assert len({pair.source for pair in pairs}) == len({pair.target for pair in pairs}) == COUNT


def test_the_seed_decides_everything(pairs):
    assert list(compose(300, seed=20)) == pairs[:300]
    assert list(compose(300, seed=21)) != pairs[:300]
    assert [composition.pair for composition in compositions(300, seed=20)] == pairs[:300]


def test_every_construction_is_drawn():
    drawn = {composition.construction for composition in compositions(4000, seed=1)}
    assert drawn == {maker.__name__ for maker, _ in CONSTRUCTIONS}


def test_links_are_in_range_sorted_and_unique(pairs):
    for pair in pairs:
        source, target = words(pair.source), words(pair.target)
        assert list(pair.links) == sorted(set(pair.links))
        assert all(0 <= i < len(source) and 0 <= j < len(target) for i, j in pair.links), pair


def test_every_content_word_is_linked(pairs):
    for pair in pairs:
        linked = {i for i, _ in pair.links}
        loose = [word for i, word in enumerate(words(pair.source)) if i not in linked]
        assert {word.lower() for word in loose} <= set(FUNCTION_WORDS.split()), (pair, loose)


def test_spanish_leaves_only_function_words_unlinked(pairs):
    allowed = {"a", "le", "les", ",", "el", "la", "los", "las", "de", "que", "tú", "yo", "al", "se"}
    for pair in pairs:
        linked = {j for _, j in pair.links}
        loose = {word.lower() for j, word in enumerate(words(pair.target)) if j not in linked}
        assert loose <= allowed, (pair, loose - allowed)


def test_names_are_linked_to_themselves(pairs):
    for pair in islice(pairs, 2000):
        source, target = words(pair.source), words(pair.target)
        for i, word in enumerate(source[1:], 1):
            if word[0].isupper() and source[i - 1] not in ".?!":
                assert word in [target[j] for k, j in pair.links if k == i], (pair, word)


def test_lengths_spread_as_a_corpus_should(pairs):
    lengths = sorted(len(words(pair.source)) for pair in pairs)
    assert lengths[0] >= 2
    assert 9 <= lengths[COUNT // 2] <= 12
    assert sum(length > 20 for length in lengths) >= 0.08 * COUNT
    assert sum(length > 30 for length in lengths) >= 0.02 * COUNT
    assert max(len(words(text)) for pair in pairs for text in (pair.source, pair.target)) <= 50


def test_many_pairs_are_reordered(pairs):
    crossing = sum(any(i < k and j > m for i, j in pair.links for k, m in pair.links) for pair in pairs[:1500])
    assert crossing > 0.2 * 1500


def test_no_pair_shares_four_words_with_the_course(pairs):
    for side in (0, 1):
        forbidden = _fours(COURSE_PAIR[side])
        assert len(forbidden) == len(COURSE_PAIR[side].split()) - 3
        for pair in pairs:
            assert forbidden.isdisjoint(_fours((pair.source, pair.target)[side])), pair


def test_the_course_words_and_patterns_are_there():
    rng = Random(3)
    composed = [realise(topic_question(rng)) for _ in range(3000)]
    for pattern in (
        "^E a vida",
        "o que é, .*\\?",
        "diga lá, minha",
        "meu irmão\\?",
        "(vida|amor|morte|tempo|guerra), para que serve",
        "me diga, meu irmão",
    ):
        assert any(re.search(pattern, pair.source) for pair in composed), pattern


def test_the_course_shape_is_frequent_and_mostly_without_a_comma_after_the_topic(pairs):
    shape = [
        pair
        for pair in pairs
        if re.fullmatch(r"¿Y [^?]+, [^?]+\? \w+( \w+)*(, [\w ]+)?\.", pair.target)
        and re.fullmatch(r"E (o|a) [^?]+\?", pair.source)
    ]
    assert 0.03 * COUNT < len(shape) < 0.055 * COUNT
    plain = [pair for pair in shape if not re.match(r"E (o|a) \w+,", pair.source)]
    assert len(plain) > 0.6 * len(shape)
    for words_near in ("E a vida ", " o que é, ", ", diga lá, meu ", "meu irmão?", ", diga lá, irmão?"):
        assert any(words_near in pair.source for pair in plain), words_near
    assert sum("diga lá" in pair.source for pair in shape) > 0.3 * len(shape)


def test_who_is_called_is_a_plain_noun_in_spanish(pairs):
    for pair in pairs:
        assert not re.search(r"\b(hermano|hermana|amigo|amiga) (mío|mía)\b", pair.target), pair
        if re.search(r", meu irmão[?.]$", pair.source):
            assert re.search(r", hermano[?.]$", pair.target), pair


def _text(phrase: Phrase) -> tuple[str, str]:
    return " ".join(word.text for word in phrase.source), " ".join(word.text for word in phrase.target)


@pytest.mark.parametrize(
    ("number", "gender", "source", "target"),
    [
        (2, "f", "duas", "dos"), (16, "m", "dezesseis", "dieciséis"), (20, "m", "vinte", "veinte"),
        (21, "m", "vinte e um", "veintiún"), (21, "f", "vinte e uma", "veintiuna"),
        (22, "f", "vinte e duas", "veintidós"), (23, "m", "vinte e três", "veintitrés"),
        (26, "m", "vinte e seis", "veintiséis"), (31, "m", "trinta e um", "treinta y un"),
        (41, "f", "quarenta e uma", "cuarenta y una"), (90, "m", "noventa", "noventa"),
        (99, "m", "noventa e nove", "noventa y nueve"),
    ],
)  # fmt: skip
def test_numbers_in_words(number, gender, source, target):
    assert _text(cardinal(number, gender, gender)) == (source, target)


def test_every_number_below_a_hundred_has_its_own_words():
    for side in (0, 1):
        assert len({_text(cardinal(number, "m", "m"))[side] for number in range(1, 100)}) == 99


def test_ordinals_are_shortened_before_a_masculine_noun():
    assert _text(ordinal(("terceiro", "tercero"), "m", "m", before=True)) == ("terceiro", "tercer")
    assert _text(ordinal(("terceiro", "tercero"), "m", "m", before=False)) == ("terceiro", "tercero")
    assert _text(ordinal(("primeiro", "primero"), "f", "f", before=True)) == ("primeira", "primera")


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bme l[oa]s? (dio|prestó|trajo)\b",
        r"\bse l[oa]s? di\b",
        r"\bdársel[oa]\b",
        r"\bdímela\b",
        r"\b(dígame|cuénteme)l[oa]\b",
        r"\b(devuélve|dá|entréga)sel[oa]s?\b",
        r"\b(primer|tercer) (piso|día|capítulo)\b",
        r"¿\w+ usted\b",
        r"\bestamos (muy )?[a-z]+as\b",
        r"¿Por qué [^?]+\? Porque ",
        r"\bveinti\w+ años\b",
        r"\bcuarenta y dos\b",
    ],
)
def test_what_the_corpus_should_show_is_there(more_pairs, pattern):
    assert any(re.search(pattern, pair.target) for pair in more_pairs)


def test_pronouns_that_would_contrast_are_left_out(pairs):
    for pair in pairs:
        assert not re.search(
            r"\b(a mí|a ti|a nosotros|tú) (me|te|nos|no|[a-z]+(as|aste|iste))\b", pair.target.lower()
        ), pair


def test_texts_are_clean(pairs):
    for pair in pairs:
        for text in (pair.source, pair.target):
            assert "  " not in text
            assert text == text.strip()
            assert not re.search(r"\s[.,?!]|[~_{}\[\]|]|,,|\.\.", text), text
            assert text[-1] in ".?!"
            first = text.lstrip("¿¡")[0]
            assert first.isupper() or first.isdigit(), text
            assert all(after[0].isupper() or after[0] in "¿¡" for after in re.split(r"[.?!] ", text)), text
        assert pair.target.count("¿") == pair.target.count("?")
        assert pair.target.count("¡") == pair.target.count("!")
        assert "¿" not in pair.source


def test_obligatory_contractions_are_made(pairs):
    for pair in pairs:
        assert not re.search(r"\b(de|em) (o|a|os|as|este|esta|esse|essa|aquele|aquela)\b", pair.source), pair
        assert not re.search(r"\ba (o|os|a|as)\b", pair.source), pair
        assert not re.search(r"\b(de|a) el\b", pair.target), pair
        assert not re.search(r"\by (i|hi[^ea])", pair.target), pair
        assert not re.search(r"\b(la|una) (agua|alma|hambre)\b", pair.target), pair


def test_contractions_keep_the_links_of_both_words():
    pair = _realised("estou em a casa de o médico.", "estoy en la casa de el médico.")
    assert (pair.source, pair.target) == ("Estou na casa do médico.", "Estoy en la casa del médico.")
    assert pair.links == ((0, 0), (1, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6))


def test_sound_rules():
    assert _realised("pai e Inês.", "padre y Inés.").target == "Padre e Inés."
    assert _realised("pão e gelo.", "pan y hielo.").target == "Pan y hielo."
    assert _realised("sete ou oito.", "siete o ocho.").target == "Siete u ocho."
    assert _realised("a água de a alma.", "la agua de la alma.").target == "El agua del alma."


def test_opening_marks_share_the_links_of_their_closing_marks():
    pair = _realised("e a vida, para_que serve,{q} diga lá?", "¿y la vida, para_qué sirve?{q} dime tú.")
    source, target = words(pair.source), words(pair.target)
    question, opening = target.index("?"), target.index("¿")
    assert [i for i, j in pair.links if j == question] == [source.index("serve") + 1]
    assert [i for i, j in pair.links if j == question] == [i for i, j in pair.links if j == opening]
    assert pair.target == "¿Y la vida, para qué sirve? Dime tú."


def test_labels_slots_and_empty_units():
    phrase = fill("a{x} casa de [who] ~", "[who] la{x} casa del hoy", who=unit("Ana", "Ana"))
    assert phrase.target[0] == Word("Ana", phrase.source[3].links)
    assert phrase.target[1].links == phrase.source[0].links
    assert phrase.target[-1].links not in [word.links for word in phrase.source]


def test_adjectives_agree_in_each_language():
    journey = Noun(frozenset(), "viagem", "f", "viaje", "m")
    red = Adjective(frozenset(), "vermelho", "rojo", False, False)
    phrase = described(journey, "p", red)
    assert [word.text for word in phrase.source] == ["viagens", "vermelhas"]
    assert [word.text for word in phrase.target] == ["viajes", "rojos"]
    great = Adjective(frozenset(), "grande", "grande", True, True)
    assert [word.text for word in described(journey, "s", great, before=True).target] == ["gran", "viaje"]


def test_articles_agree_with_their_nouns(pairs):
    sides = (("source", {"o": "m", "um": "m", "uma": "f"}), ("target", {"los": "m", "las": "f", "unas": "f"}))
    for side, articles in sides:
        genders: dict[str, set[str]] = {}
        for noun in (noun for entries in lexicon.nouns().values() for noun in entries):
            genders.setdefault(getattr(noun, side), set()).add(getattr(noun, f"{side}_gender"))
        for pair in pairs:
            for article, noun in pairwise(words(getattr(pair, side))):
                assert article not in articles or articles[article] in genders.get(noun, articles[article]), pair


def test_the_tables_are_well_formed():
    for action in lexicon.actions():
        assert all(kind in lexicon.nouns() for kind, _ in action.objects), action
        assert all(place in lexicon.table("places") for place in action.places), action
        fill(*action.complement)
    for table in ("times", "places", "topics", "remarks"):
        for rows in lexicon.table(table).values():
            for row in rows:
                fill(*row[-2:], town=unit("", ""), topic=unit("", ""), other=unit("", ""))


@pytest.mark.parametrize("maker", [maker for maker, _ in CONSTRUCTIONS], ids=lambda maker: maker.__name__)
def test_words_are_the_tokens_of_the_text(maker):
    rng = Random(5)
    for _ in range(60):
        phrase = maker(rng)
        pair = realise(phrase)
        contracted = len(phrase.source) - len(words(pair.source))
        assert 0 <= contracted <= len(phrase.source) // 2
        assert len(words(pair.target)) <= len(phrase.target)


def _fours(text: str) -> set[tuple[str, ...]]:
    letters = re.findall(r"[^\W_]+", text.lower())
    return set(zip(letters, letters[1:], letters[2:], letters[3:], strict=False))
