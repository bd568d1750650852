"""What the READMEs, the docstrings and the examples tell a reader to type runs as it stands (with tiny budgets)."""

from __future__ import annotations

import importlib
import json
import re
import runpy
import shlex
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def settings(*keys: str) -> list[str]:
    """Each key as a --set option."""
    return [word for key in keys for word in ("--set", key)]


TINY_TRAINING = settings(
    "training.steps=2",
    "training.validate_every=2",
    "training.validation_sentences=2",
    "training.batch_tokens=400",
    "training.precision=float32",
)
TINY = [*TINY_TRAINING, *settings("tokenizer.vocab_size=600")]
TINY_MODEL = {
    "transformer": settings("model.model_size=16", "model.num_heads=2", "model.feed_forward_size=16"),
    "recurrent": settings("model.embedding_size=16", "model.hidden_size=16"),
}


def commands(readme: str) -> list[str]:
    """The `atento` lines of a README's code blocks."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    blocks = re.findall(r"```\n(.*?)```", text, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("atento ")]


def run(arguments: list[str]) -> None:
    """Run the command line in this process; fail unless it exits with 0."""
    from atento.cli import main

    assert main(arguments) == 0, f"atento {shlex.join(arguments)}"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the READMEs speak of, and a run `runs/demo`."""
    from atento.data.builtin.corpus import builtin_corpus
    from atento.data.pharaoh import Alignment, write_alignments

    folder = tmp_path_factory.mktemp("readme")
    corpus = builtin_corpus(composed=100)
    for name, pairs in (
        ("train", corpus.train.handwritten[:400]),
        ("dev", corpus.dev.handwritten[:20]),
        ("test", corpus.test.handwritten[:20]),
    ):
        for suffix, side in (("pt", "source"), ("es", "target")):
            lines = "".join(f"{getattr(pair, side)}\n" for pair in pairs)
            (folder / f"{name}.{suffix}").write_text(lines, encoding="utf-8")
    (folder / "novels.txt").write_bytes((folder / "train.pt").read_bytes())
    (folder / "test.txt").write_bytes((folder / "test.pt").read_bytes())
    for name, other in (("train", "topics"), ("test", "test")):
        lines = [(folder / f"{name}.{side}").read_text(encoding="utf-8").splitlines() for side in ("pt", "es")]
        labelled = [f"{line}\t{side}\n" for side, texts in zip(("pt", "es"), lines, strict=True) for line in texts]
        (folder / f"{other}.tsv").write_text("".join(labelled), encoding="utf-8")
    for side in ("pt", "es"):
        (folder / f"news.{side}").write_bytes((folder / f"train.{side}").read_bytes())
    _published_tokenizers(folder)
    write_alignments(folder / "test.align", [Alignment.of(pair.links) for pair in corpus.test.handwritten[:20]])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ATENTO_CACHE", str(folder / "cache"))
        run(["train", "--train", "train.pt", "train.es", "-o", "runs/demo", *TINY, *TINY_MODEL["transformer"]])
    return folder


def _published_tokenizers(folder: Path) -> None:
    """Folders laid out as GPT-2's and BERT's are, with small vocabularies."""
    from atento.text.configuration import TokenizerConfig
    from atento.text.training import train_tokenizer

    texts = (folder / "train.pt").read_text(encoding="utf-8").splitlines()
    for name in ("gpt2", "bertimbau"):
        (folder / name).mkdir()
    model = json.loads(train_tokenizer(texts, TokenizerConfig(kind="byte-bpe", vocab_size=400)).to_json())["model"]
    (folder / "gpt2" / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
    merges = "".join(f"{left} {right}\n" for left, right in model["merges"])
    (folder / "gpt2" / "merges.txt").write_text(merges, encoding="utf-8")
    letters = sorted({letter for text in texts for letter in text.strip() if not letter.isspace()})
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "bertimbau" / "vocab.txt").write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")


@pytest.mark.parametrize("readme", ["README.md", "README.pt-BR.md"])
def test_the_commands_of_the_readme_run(
    readme: str, workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in workplace.glob("*.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for name in ("gpt2", "bertimbau"):
        shutil.copytree(workplace / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATENTO_CACHE", str(workplace / "cache"))
    lines = commands(readme)
    assert len(lines) > 5
    for line in lines:
        if line == "atento demo" or "--resume" in line:
            continue
        arguments = shlex.split(line)[1:]
        if arguments[0] == "train":
            family = "recurrent" if "recurrent" in line else "transformer"
            given = [argument for argument in arguments if argument != "training.minutes=5"]
            arguments = [
                a
                for a, after in zip(given, [*given[1:], ""], strict=True)
                if not (a == "--set" and after.startswith("-"))
            ]
            arguments += TINY_TRAINING if "--from" in line else [*TINY, *TINY_MODEL[family]]
        if arguments[0] == "study" and len(arguments) > 1:
            arguments.append("--plan")
        run(arguments)
    assert (tmp_path / "test.out").read_text(encoding="utf-8").count("\n") == 20
    assert list(tmp_path.glob("al*.png"))


@pytest.mark.parametrize("readme", ["README.md", "README.pt-BR.md"])
def test_the_python_of_the_readme_runs(readme: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(compile(code, readme, "exec"), {})
    assert list(workplace.glob("al*.png"))


def test_the_page_on_notebooks_runs(workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(workplace / "runs" / "demo", tmp_path / "runs" / "demo")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    [code] = [text for language, text in blocks if language == "python"]
    [lines] = [text for language, text in blocks if not language]
    exec(compile(code, "notebooks.md", "exec"), {})
    written = {path.name for path in tmp_path.glob("*.html")}
    assert written == {"attention.html", "walk.html", "tokens.html"}
    for name in written:
        (tmp_path / name).unlink()
    for line in lines.splitlines():
        run(shlex.split(line)[1:])
    assert {path.name for path in tmp_path.glob("*.html")} == written


def test_both_readmes_name_the_same_commands() -> None:
    english, portuguese = ({line.split()[1] for line in commands(name)} for name in ("README.md", "README.pt-BR.md"))
    assert portuguese <= english


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ATENTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["train_from_python.py", str(tmp_path / "example"), "2"])
    runpy.run_path(str(ROOT / "examples" / "train_from_python.py"), run_name="__main__")
    assert (tmp_path / "example" / "alignment.png").stat().st_size > 1000
    monkeypatch.setattr(sys, "argv", ["look_inside.py", str(tmp_path / "example" / "run")])
    runpy.run_path(str(ROOT / "examples" / "look_inside.py"), run_name="__main__")
    assert "cross_attention: weights" in capsys.readouterr().out


def test_the_example_of_masked_and_unmasked_attention_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of untrained models and of given ones."""
    from atento.bundle import save_bundle

    script = str(ROOT / "examples" / "masked_and_unmasked.py")
    monkeypatch.setattr(sys, "argv", ["masked_and_unmasked.py", str(tmp_path / "first")])
    names = runpy.run_path(script, run_name="__main__")
    first = capsys.readouterr().out
    assert "╱╱ cannot look" in first
    for bundle, name in zip(names["untrained"](), ("gpt", "bert"), strict=True):
        save_bundle(bundle, tmp_path / name)
    given = [str(tmp_path / name) for name in ("second", "gpt", "bert")]
    monkeypatch.setattr(sys, "argv", ["masked_and_unmasked.py", *given])
    runpy.run_path(script, run_name="__main__")
    assert capsys.readouterr().out == first
    for name in ("masked_and_unmasked.png", "gpt_heads.png", "bert_heads.png"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def example_study() -> str:
    """The study of the page on writing studies."""
    [text] = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "writing-a-study.md").read_text(encoding="utf-8"), re.DOTALL
    )
    return text


def test_the_example_of_a_study_can_be_planned(
    workplace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from atento.core.progress import Silent
    from atento.study.data import prepare
    from atento.study.plan import next_runs
    from atento.study.preparation import prepare_variants
    from atento.study.reading import read_study

    for file in workplace.glob("*.??"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "test.align").write_text("0-0\n" * 20, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(example_study(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for form, names in (("small", 2), ("full", 3)):
        study, found = read_study("mine.toml", small=form == "small")
        assert (found, len(study.variants)) == (form, names)
        assert study.claims
        folder = tmp_path / form
        variants = prepare_variants(study, prepare(study, folder / "data", Silent()), folder, Silent())
        wanted = variants["attention"].parameters
        assert all(abs(each.parameters - wanted) <= 0.05 * wanted for each in variants.values())
        assert len(next_runs(study, variants, {})) == names * len(study.learning_rates)


def test_the_commands_of_the_page_on_studies_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.toml").write_text(example_study(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "writing-a-study.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("atento ")]
    assert len(lines) == 4
    for line in lines:
        assert "--small" in line  # the full form's files are not here
        run([*shlex.split(line)[1:], "--plan"])


def test_the_page_on_studies_explains_every_key() -> None:
    from msgspec.structs import fields

    from atento.study import configuration
    from atento.study.metrics import METRICS

    page = (ROOT / "docs" / "writing-a-study.md").read_text(encoding="utf-8")
    told = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", page.replace(example_study(), "")))))
    parts = (
        "Study", "Variant", "Match", "DiagnosticData", "DiagnosticTest", "BuiltinData", "CorpusData", "CorpusTest",
        "RandomData", "LabelledData", "LabelledClass", "LanguagesData", "Subset", "Measure", "Claim", "Published",
        "Chart",
    )  # fmt: skip
    keys = {field.encode_name for part in parts for field in fields(getattr(configuration, part))}
    keys |= {metric for metric in METRICS if not metric.startswith("decoding_")}
    assert keys - told == set()


def test_the_table_of_verdicts_is_that_of_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    studies = importlib.import_module("benchmarks.studies")
    page = (ROOT / "docs" / "studies" / "README.md").read_text(encoding="utf-8")
    kept = studies.reports()
    assert kept
    assert studies.with_verdicts(page, kept) == page
    for name, report in kept.items():
        assert report.finished
        assert (ROOT / "docs" / "studies" / name / "report.html").is_file()
