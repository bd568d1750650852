from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atento.core.configuration import convert
from atento.core.errors import AtentoError, ConfigurationError, DataError
from atento.data.corpus_files import CorpusFiles
from atento.data.readers import read_pairs, read_records
from atento.data.writers import pair_writer

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
SENTENCE = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\ufeff\ufffe\uffff"),
    max_size=30,
)
PAIRS = st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=15)
TIDY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


def read(corpus: CorpusFiles) -> list[tuple[str, str]]:
    return [(pair.source, pair.target) for pair in read_pairs(corpus)]


def tmx(pairs: list[tuple[str, str]], languages: tuple[str, str] = ("pt-BR", "es")) -> str:
    units = "".join(
        f'<tu>\n<tuv xml:lang="{languages[0]}"><seg>{escape(a)}</seg></tuv>\n'
        f'<tuv xml:lang="{languages[1]}"><seg>{escape(b)}</seg></tuv></tu>\n'
        for a, b in pairs
    )
    header = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4">'
    return f'{header}<header srclang="{languages[0]}"/><body>\n{units}</body></tmx>\n'


@pytest.mark.parametrize("suffix", COMPRESS)
@given(PAIRS, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans())
@TIDY
def test_lines_of_any_end_and_compression_with_or_without_bom(tmp_path, suffix, pairs, end, bom, last_end):
    names = [tmp_path / f"c.{language}{suffix}" for language in ("pt", "es")]
    for side, path in enumerate(names):
        text = end.join(pair[side] for pair in pairs) + (end if last_end or not pairs[-1][side] else "")
        path.write_bytes(COMPRESS[suffix]((b"\xef\xbb\xbf" if bom else b"") + text.encode()))
    assert read(CorpusFiles.of(names)) == pairs


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("kind", ["plain", "tsv"])
@given(PAIRS)
@TIDY
def test_what_is_written_is_read_back(tmp_path, kind, suffix, pairs):
    names = [f"o.pt{suffix}", f"o.es{suffix}"] if kind == "plain" else [f"o.tsv{suffix}"]
    corpus = CorpusFiles.of([tmp_path / name for name in names])
    with pair_writer(corpus) as writer:
        for source, target in pairs:
            writer.write(source, target)
    assert read(corpus) == pairs
    assert [record.line for record in read_records(corpus)] == list(range(1, len(pairs) + 1))


@pytest.mark.parametrize("suffix", COMPRESS)
@given(PAIRS, st.sampled_from(["pt,es", "translation", "source,target"]))
@TIDY
def test_jsonl_in_its_usual_shapes(tmp_path, suffix, pairs, shape):
    def wrapped(source: str, target: str) -> object:
        if shape == "translation":
            return {"id": 7, "translation": {"es": target, "pt-BR": source}}
        names = shape.split(",")
        return {"note": "x", names[1]: target, names[0]: source, "score": 0.5}

    path = tmp_path / f"c.jsonl{suffix}"
    lines = [json.dumps(wrapped(*pair), ensure_ascii=bool(i % 2)) + "\n" for i, pair in enumerate(pairs)]
    path.write_bytes(COMPRESS[suffix]("".join(lines).encode()))
    assert read(CorpusFiles(file=str(path), source_language="pt", target_language="es")) == pairs
    names = {"translation": ("translation.pt-BR", "translation.es")}.get(shape) or shape.split(",")
    assert read(CorpusFiles(file=str(path), source_key=names[0], target_key=names[1])) == pairs


@pytest.mark.parametrize("suffix", COMPRESS)
@given(PAIRS)
@TIDY
def test_tmx(tmp_path, suffix, pairs):
    path = tmp_path / f"c.tmx{suffix}"
    path.write_bytes(COMPRESS[suffix](tmx(pairs).encode()))
    for corpus in (
        CorpusFiles(file=str(path)),
        CorpusFiles(file=str(path), source_language="PT", target_language="es_MX"),
    ):
        assert read(corpus) == pairs
        assert [record.line for record in read_records(corpus)] == [4 + 3 * i for i in range(len(pairs))]
    reverse = CorpusFiles(file=str(path), source_language="es", target_language="pt")
    assert read(reverse) == [(b, a) for a, b in pairs]


def test_tmx_keeps_highlighted_text_and_drops_formatting_codes_and_line_breaks(tmp_path):
    path = tmp_path / "c.tmx"
    text = tmx([("@", "x")]).replace(
        "@", 'Olá,\n  <bpt i="1">&lt;b&gt;</bpt><hi>mundo</hi><ept i="1">&lt;/b&gt;</ept>!'
    )
    path.write_text(text, encoding="utf-8")
    assert read(CorpusFiles(file=str(path))) == [("Olá, mundo!", "x")]


def test_tmx_in_utf_16(tmp_path):
    path = tmp_path / "c.tmx"
    path.write_bytes(tmx([("ação", "acción")]).replace("UTF-8", "UTF-16").encode("utf-16"))
    assert read(CorpusFiles(file=str(path))) == [("ação", "acción")]


def test_tsv_columns_are_chosen_and_quotation_marks_are_ordinary(tmp_path):
    path = tmp_path / "c.tsv"
    path.write_text('1\t"Olá"\tx\t"Ho""la\n2\tb\ty\tc\textra\n', encoding="utf-8")
    corpus = CorpusFiles(file=str(path), source_column=4, target_column=2)
    assert read(corpus) == [('"Ho""la', '"Olá"'), ("c", "b")]


def test_jsonl_line_breaks_become_spaces_and_blank_lines_are_skipped(tmp_path):
    path = tmp_path / "c.jsonl"
    path.write_text('{"source": "a\\r\\n  b", "target": "c\\td"}\n\n{"source": "e", "target": "f"}\n', encoding="utf-8")
    assert read(CorpusFiles(file=str(path))) == [("a b", "c\td"), ("e", "f")]


_JSON = b'{"source": "a", "target": "b"}\n'
BAD: list[tuple[str, dict[str, bytes], str]] = [
    ("unequal", {"c.pt": b"a\nb\n", "c.es": b"a\nb\nc\nd\n"}, r"c\.pt has 2 lines, but .*c\.es has 4"),
    ("unequal the other way", {"c.pt": b"a\nb\nc\n", "c.es": b"a\n"}, r"c\.es has 1 lines, but .*c\.pt has 3"),
    ("one empty", {"c.pt": b"a\nb\n", "c.es": b""}, r"c\.es is empty, but .*c\.pt has 2 lines"),
    ("both empty", {"c.pt": b"", "c.es": b""}, "no sentence pair"),
    ("missing", {"c.pt": b"a\n"}, r"cannot read .*c\.es: No such file"),
    ("not UTF-8", {"c.pt": b"a\nb\n", "c.es": b"a\nol\xe1\n"}, r"c\.es, line 2: byte 0xe1 at column 3 is not UTF-8"),
    ("UTF-16", {"c.pt": "a\n".encode("utf-16"), "c.es": b"a\n"}, r"c\.pt, line 1: byte 0xff"),
    ("TSV without a tab", {"c.tsv": b"a\tb\nc d\n"}, r"c\.tsv, line 2: 1 tab-separated columns"),
    ("TSV not UTF-8", {"c.tsv": b"a\tb\nc\t\xff\n"}, r"c\.tsv, line 2: byte 0xff"),
    ("TSV empty", {"c.tsv": b""}, "no sentence pair"),
    ("JSONL broken", {"c.jsonl": _JSON + b'{"source": \n'}, r"c\.jsonl, line 2: not valid"),
    ("JSONL no object", {"c.jsonl": b"[1]\n"}, r"c\.jsonl, line 1: not a JSON object"),
    ("JSONL no text", {"c.jsonl": _JSON + b'{"source": 1, "target": "x"}\n'}, "line 2: .*no text"),
    ("JSONL other keys", {"c.jsonl": b'{"x": "a", "y": "b", "z": "c"}\n'}, "line 1: cannot tell which keys .* x, y, z"),
    ("JSONL key lost", {"c.jsonl": _JSON + b'{"x": "a"}\n'}, "line 2: no key 'source'"),
    ("JSONL surrogate", {"c.jsonl": b'{"source": "\\ud800", "target": "b"}\n'}, "line 1: not valid JSON"),
    ("JSONL deep", {"c.jsonl": b"[" * 100_000 + b"\n"}, "line 1: not valid JSON"),
    ("TMX cut off", {"c.tmx": tmx([("a", "b")]).encode()[:-20]}, r"c\.tmx, line \d+: not well-formed XML"),
    ("TMX not UTF-8", {"c.tmx": tmx([("@", "b")]).encode().replace(b"@", b"\xe1")}, "line 5: not well-formed"),
    ("TMX empty", {"c.tmx": b""}, r"c\.tmx, line 1: not well-formed XML"),
    ("TMX without units", {"c.tmx": tmx([]).encode()}, "no sentence pair"),
    ("other XML", {"c.tmx": b"<html/>"}, "<html> is no TMX document"),
    ("entity", {"c.tmx": b'<!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/hostname">]><tmx>&x;</tmx>'}, "entity 'x'"),
    ("truncated gzip", {"c.tsv.gz": gzip.compress(b"a\tb\n" * 9999)[:-9]}, "cannot read on"),
    ("damaged gzip", {"c.tsv.gz": gzip.compress(b"a\tb\n")[:12] + b"\xff" * 20}, "cannot read on"),
    ("not gzip", {"c.tsv.gz": b"a\tb\n"}, "cannot read on"),
    ("truncated xz", {"c.tsv.xz": lzma.compress(b"a\tb\n" * 9999)[:-9]}, "cannot read on"),
    ("truncated bz2", {"c.tsv.bz2": bz2.compress(b"a\tb\n" * 9999)[:-9]}, "cannot read on"),
    ("truncated zst", {"c.tsv.zst": zstandard.ZstdCompressor().compress(b"a\tb\n" * 99999)[:-3]}, "cannot read on"),
    ("not zst", {"c.tsv.zst": b"a\tb\n" * 9}, "cannot read on"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_is_one_line_with_the_place(tmp_path, files: dict[str, bytes], message: str):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    names = ["c.pt", "c.es"] if "c.pt" in files else list(files)
    with pytest.raises(DataError, match=message) as raised:
        read(CorpusFiles.of([tmp_path / name for name in names]))
    assert "\n" not in str(raised.value)


def test_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "c.tsv").mkdir()
    with pytest.raises(DataError, match="is a folder; give a file"):
        read(CorpusFiles.of([tmp_path / "c.tsv"]))


def test_every_faulty_entry_is_a_record_and_reading_goes_on(tmp_path):
    for name, content in {"c.pt": b"a\n\xff\nc\nd\n", "c.es": b"a\nb\n\xfe\nd\n"}.items():
        (tmp_path / name).write_bytes(content)
    records = list(read_records(CorpusFiles.of([tmp_path / "c.pt", tmp_path / "c.es"])))
    assert [record.pair is None for record in records] == [False, True, True, False]
    assert [Path(record.file).name for record in records[1:3]] == ["c.pt", "c.es"]
    assert records[1].raw == (b"\xff", b"b")
    assert [fault.kind for fault in records[2].faults] == ["not UTF-8"]


def test_a_tmx_unit_without_the_wanted_language_is_a_faulty_record(tmp_path):
    path = tmp_path / "c.tmx"
    path.write_text(tmx([("a", "b")]).replace("</body>", '<tu><tuv xml:lang="fr"><seg>é</seg></tuv></tu></body>'))
    records = list(read_records(CorpusFiles(file=str(path), source_language="pt", target_language="es")))
    assert [record.pair is None for record in records] == [False, True]
    assert json.loads(records[1].raw[0]) == {"fr": "é"}
    assert "line 7: no pt and es among the unit's languages (fr)" in records[1].faults[0].message


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"source": "a"}, "either source and target"),
        ({"source": "a", "target": "b", "file": "c.tsv"}, "either source and target"),
        ({"file": "c.txt"}, r"c\.txt does not tell its format"),
        ({"file": "c.gz"}, "does not tell its format"),
        ({"file": "c.tsv", "source_column": 0}, "columns count from 1"),
        ({"file": "c.tsv", "source_column": 2}, "must differ"),
        ({"file": "c.jsonl", "source_key": "x"}, "go together"),
        ({"source": "a", "target": "b", "format": "tmx"}, "one file"),
        ({"source": "a", "target": "b", "weight": -1.0}, "positive"),
        ({"source": "a", "targets": "b"}, "did you mean 'target'"),
    ],
)
def test_files_that_do_not_go_together_are_refused(table, message):
    with pytest.raises(AtentoError, match=message):
        convert(table, CorpusFiles, where="recipe.toml")


def test_files_of_a_corpus(tmp_path):
    corpus = CorpusFiles(file="data/c.TSV.gz").relative_to(tmp_path)
    assert corpus.paths == (tmp_path / "data" / "c.TSV.gz",)
    assert corpus.resolved_format == "tsv"
    assert corpus.with_languages("pt", "es").source_language == "pt"
    assert CorpusFiles(file="c.data", format="jsonl").resolved_format == "jsonl"
    assert CorpusFiles.of(["a.pt", "b.es"]).resolved_format == "plain"
    with pytest.raises(ConfigurationError, match="one or two files, not 3"):
        CorpusFiles.of(["a", "b", "c"])


def test_a_corpus_is_streamed(tmp_path):
    path = tmp_path / "c.tsv"
    path.write_bytes(b"a\tb\n" * 200_000 + b"broken\n")
    first = next(read_pairs(CorpusFiles.of([path])))
    assert first == ("a", "b", 1), "the broken line far behind has not been read"
