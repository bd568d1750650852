from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from atento.core.errors import ConfigurationError, DataError, OutputError
from atento.data.clean import CleanConfig, CleanReport, Reject, clean_corpus, escape, read_rejects, unescape
from atento.data.corpus_files import CorpusFiles

NOTHING = CleanConfig(
    normalise_whitespace=False, empty=False, max_bytes=None, max_words=None, max_ratio=None, identical=False,
    control_characters=False, duplicate_pairs=False,
)  # fmt: skip
LINE = st.one_of(
    st.sampled_from([b"", b" ", b"a", b"b", b"a\tb", b"\xff", b"\\x41", b"a\\", b"x y  z", b"\xc3\xa9\x07", b"a" * 40]),
    st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"")),
)
LINES = st.lists(st.tuples(LINE, LINE), min_size=1, max_size=30)
TIDY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def write(folder: Path, pairs: list[tuple[bytes, bytes]], name: str = "c") -> CorpusFiles:
    for side, suffix in enumerate(("pt", "es")):
        (folder / f"{name}.{suffix}").write_bytes(b"".join(pair[side] + b"\n" for pair in pairs))
    return CorpusFiles.of([folder / f"{name}.pt", folder / f"{name}.es"])


def clean(
    folder: Path, corpus: CorpusFiles, config: CleanConfig, *held_out: CorpusFiles, tsv: bool = False
) -> tuple[CleanReport, list[tuple[bytes, ...]], list[Reject]]:
    output = CorpusFiles.of([folder / "o.tsv"] if tsv else [folder / "o.pt", folder / "o.es"])
    report = clean_corpus(corpus, output, folder / "rejects.tsv", config, held_out=held_out)
    files = [path.read_bytes().split(b"\n")[:-1] for path in output.paths]  # read_records would take a U+FEFF for a BOM
    kept = [tuple(line.split(b"\t")) for line in files[0]] if tsv else list(zip(*files, strict=True))
    return report, kept, list(read_rejects(folder / "rejects.tsv"))


@given(LINES, st.booleans(), st.booleans(), st.booleans())
@example([(b"", b""), (b"a", b"\xef\xbb\xbf")], False, False, False)
@TIDY
def test_kept_and_rejected_together_are_the_input_byte_for_byte(tmp_path, pairs, tsv, duplicates, strict):
    pairs = [(pairs[0][0].removeprefix(b"\xef\xbb\xbf"), pairs[0][1].removeprefix(b"\xef\xbb\xbf")), *pairs[1:]]
    config = CleanConfig(
        normalise_whitespace=False, max_words=2 if strict else None, max_characters=30 if strict else None,
        duplicate_sources=duplicates, duplicate_targets=duplicates, duplicate_pairs=strict, identical=strict,
    )  # fmt: skip
    for path in tmp_path.iterdir():
        path.unlink()
    corpus = write(tmp_path, pairs)
    try:
        report, kept, rejected = clean(tmp_path, corpus, config, tsv=tsv)
    except DataError as error:
        assert "no pair is left" in str(error)  # noqa: PT017 - it depends on the drawn lines
        assert not (tmp_path / "rejects.tsv").exists()
        return
    lines = {reject.line: reject.raw for reject in rejected}
    rest = iter(kept)
    assert [lines[n] if n in lines else next(rest) for n in range(1, len(pairs) + 1)] == pairs
    assert next(rest, None) is None
    assert report.read == len(pairs) == report.kept + sum(report.rejected.values())
    assert report.changed == 0


@given(st.binary())
def test_any_bytes_can_be_escaped(raw):
    text = escape(raw)
    assert unescape(text) == raw
    assert not set(text) & set("\t\n\r")


def test_escaped_text_stays_readable():
    assert escape("ação\tx".encode() + b"\xe1\\") == "ação\\tx\\xe1\\\\"


@pytest.mark.parametrize(
    ("rule", "source", "target", "reason"),
    [
        ({"empty": True}, b"a", b" ", "empty"),
        ({"max_bytes": 1_000_000}, b"a " * 500_001, b"b", "too many bytes"),
        ({"max_characters": 5}, b"abcdef", b"b", "too many characters"),
        ({"max_words": 2}, b"a", b"a b c", "too many words"),
        ({"max_ratio": 2.0}, b"a" * 30, b"b", "length ratio"),
        ({"identical": True}, b"Ol\xc3\xa1", b"ol\xc3\xa1", "identical sides"),
        ({"control_characters": True}, b"a\x07", b"b", "control character"),
        ({"control_characters": True}, b"a", "b\ufffd".encode(), "control character"),
        ({"source_script": "Latin"}, "привет".encode(), b"b", "source in another script"),
        ({"target_script": "Cyrillic"}, b"a", b"privet", "target in another script"),
        ({"duplicate_pairs": True}, b"good", b"bueno", "duplicate pair"),
        ({"duplicate_sources": True}, b"good", b"bien", "duplicate source"),
        ({"duplicate_targets": True}, b"well", b"bueno", "duplicate target"),
        ({}, b"a\xff", b"b", "not UTF-8"),
    ],
)
def test_each_rule_alone_rejects_what_it_names_and_nothing_when_off(tmp_path, rule, source, target, reason):
    corpus = write(tmp_path, [(b"good", b"bueno"), (source, target)])
    on = CleanConfig(**{name: getattr(NOTHING, name) for name in NOTHING.__struct_fields__} | rule)
    if reason.endswith("script"):
        corpus = write(tmp_path, [(b"b", "б".encode()), (source, target)])
    report, _, rejected = clean(tmp_path, corpus, on)
    assert report.rejected == {reason: 1}
    assert rejected[0][1:] == (2, reason, (source, target))
    if rule:
        assert clean(tmp_path, corpus, NOTHING)[0].rejected == {}


def test_a_line_of_a_megabyte_is_rejected_by_default(tmp_path):
    report, kept, _ = clean(
        tmp_path, write(tmp_path, [(b"x" * 1_000_000, b"y" * 1_000_000), (b"a", b"b")]), CleanConfig()
    )
    assert report.rejected == {"too many bytes": 1}
    assert kept == [(b"a", b"b")]


def test_white_space_is_normalised(tmp_path):
    report, kept, _ = clean(tmp_path, write(tmp_path, [("\u00a0a\t b\u2028 ".encode(), b"c")]), CleanConfig(), tsv=True)
    assert kept == [(b"a b", b"c")]
    assert report.changed == 1


def test_a_tab_that_tsv_cannot_hold_is_a_reject(tmp_path):
    report, _, _ = clean(tmp_path, write(tmp_path, [(b"a\tb", b"c"), (b"d", b"e")]), NOTHING, tsv=True)
    assert report.rejected == {"tab inside": 1}


def test_only_kept_pairs_count_as_seen(tmp_path):
    config = CleanConfig(duplicate_sources=True, duplicate_targets=True)
    pairs = [(b"one", b"uno"), (b"two", b"uno"), (b"two", b"dos"), (b"one", b"tres"), (b"three", b"tres")]
    _, kept, rejected = clean(tmp_path, write(tmp_path, pairs), config)
    assert kept == [pairs[0], pairs[2], pairs[4]]
    assert [(reject.line, reject.reason) for reject in rejected] == [(2, "duplicate target"), (4, "duplicate source")]


def test_duplicates_are_found_across_chunks(tmp_path):
    pairs = [(b"s%d" % (n % 5000), b"t%d" % (n % 5000)) for n in range(11_000)]
    report, kept, _ = clean(tmp_path, write(tmp_path, pairs), CleanConfig())
    assert kept == pairs[:5000]
    assert report.rejected == {"duplicate pair": 6000}


def test_pairs_of_which_a_side_is_held_out_are_rejected(tmp_path):
    held_out = write(tmp_path, [(b"Casa Azul", b"casa azul es"), (b"x", b"y")], "dev")
    corpus = write(tmp_path, [(b"casa  azul", b"la casa"), (b"o gato", b"el gato"), (b"a", b"Y")])
    report, kept, _ = clean(tmp_path, corpus, CleanConfig(), held_out)
    assert report.rejected == {"occurs in a held-out corpus": 2}
    assert kept == [(b"o gato", b"el gato")]


def test_malformed_lines_of_one_file_keep_their_bytes(tmp_path):
    (tmp_path / "c.tsv").write_bytes(b"a\tb\nno tab \xff\nalone\nc\td\textra\n")
    _, kept, rejected = clean(tmp_path, CorpusFiles.of([tmp_path / "c.tsv"]), CleanConfig())
    assert kept == [(b"a", b"b"), (b"c", b"d")]
    assert [reject[1:] for reject in rejected] == [(2, "not UTF-8", (b"no tab \xff",)), (3, "malformed", (b"alone",))]


def test_errors_leave_no_output(tmp_path):
    corpus = write(tmp_path, [(b"a", b"b"), (b"c", b"d")])
    (tmp_path / "c.es").write_bytes(b"b\n")
    with pytest.raises(DataError, match="has 1 lines, but"):
        clean(tmp_path, corpus, CleanConfig())
    with pytest.raises(DataError, match=r"no pair is left \(1 empty\)"):
        clean(tmp_path, write(tmp_path, [(b"", b"")]), CleanConfig())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.es", "c.pt"]


def test_an_output_that_is_a_folder_or_of_another_format_is_refused(tmp_path):
    corpus = write(tmp_path, [(b"a", b"b")])
    (tmp_path / "o.pt").mkdir()
    with pytest.raises(OutputError, match="it is a folder; name a file"):
        clean(tmp_path, corpus, CleanConfig())
    with pytest.raises(ConfigurationError, match=r"name two files of lines, or one \.tsv"):
        clean_corpus(corpus, CorpusFiles.of([tmp_path / "o.tmx"]), tmp_path / "rejects.tsv")
    with pytest.raises(ConfigurationError, match="max_words = 0"):
        CleanConfig(max_words=0)
    assert not (tmp_path / "rejects.tsv").exists()


def test_a_full_disk_is_one_line_and_leaves_no_output(tmp_path, monkeypatch):
    corpus = write(tmp_path, [(b"a", b"b")])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("atento.core.files.flush", full)
    with pytest.raises(OutputError, match="No space left on device"):
        clean(tmp_path, corpus, CleanConfig())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.es", "c.pt"]
