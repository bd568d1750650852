"""Sentences a second in decoding, with identical weights: Atento, Hugging Face ``generate`` and CTranslate2.

A Marian model is trained by the plain loop (``hf_marian``) on the Python documentation, in bfloat16 and small batches,
so that its translations soon end where they should; ``marian_weights`` copies its weights into our Transformer and the
logits are compared; CTranslate2 gets them through its own converter's reading of the Hugging Face model. Each side
translates the test part, 1,000 sentences, raw text to raw text, in batches of 64 sentences, greedily and with a beam of
5. ``generate`` is given its batches as the sentences come, as its users do, and a second time sorted by length, which
Atento and CTranslate2 do by themselves. Atento's beam stops by its default (``exact``), which finds what ``generate``
finds or better, and a second time sooner (``present-length``). Each side runs in a process of its own, the sides in
turn; the median of the rounds' ratios to the first side counts, if the BLEU scores are equal. Single sentences alone
are short enough to take turns at each one: every side translates a sentence twice, and the second time counts, because
the first brings the weights back into the caches. ::

    python -m benchmarks.decoding_speed --data FOLDER

``--side NAME`` measures one side once; ``--profile`` shows where its time goes instead.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sacrebleu
import torch

from benchmarks.common import (
    ROOT,
    alternate,
    corpus,
    lines,
    machine,
    median_ratio,
    merge,
    own_variables,
    parser,
    peak_memory,
    run,
    run_module,
    table,
)
from benchmarks.training_speed import tokenizer_file

Translate = Callable[[list[str], int], list[str]]
"""Translates sentences with a beam of the given width, in batches of 64."""

SIDES = {
    "transformers": "Hugging Face generate, batches as they come",
    "transformers-sorted": "Hugging Face generate, sorted by length",
    "atento": "Atento",
    "atento-present-length": "Atento, stopping at the present length",
    "ctranslate2": "CTranslate2, float32",
}
TASKS = {
    "greedy": "all sentences, greedy",
    "beam5": "all sentences, beam 5",
    "one-greedy": "one sentence alone, greedy",
    "one-beam5": "one sentence alone, beam 5",
}
WANTED = {"greedy": "≥ 3", "beam5": "≥ 3", "one-greedy": "≤ 0.4", "one-beam5": "≤ 0.4"}
BATCH = 64


def model_folder(options: argparse.Namespace) -> Path:
    """The Marian model, trained once."""
    folder: Path = options.work / "python-docs.marian"
    if not (folder / "config.json").exists():
        command: list[str | Path] = [sys.executable, "-m", "benchmarks.hf_marian", "-o", folder, "--rates", "1e-3"]
        command += ["--bfloat16", "--batch-tokens", "1024"]
        command += ["--tokenizer", tokenizer_file(options), "--minutes", str(options.minutes)]
        for name in ("train", "dev"):
            command += [f"--{name}", *corpus(options, "python-docs", name)]
        print(run(command))
    return folder


def load_marian(options: argparse.Namespace) -> Any:
    from transformers import MarianMTModel

    return MarianMTModel.from_pretrained(model_folder(options)).eval()


def transformers_side(options: argparse.Namespace) -> Translate:
    from benchmarks import hf_marian

    model = load_marian(options)
    tokenizer = hf_marian.load_tokenizer(tokenizer_file(options))
    by_length = options.side.endswith("sorted")

    def translate(texts: list[str], beams: int) -> list[str]:
        return hf_marian.translate(model, tokenizer, texts, beams=beams, batch_size=BATCH, by_length=by_length)

    return translate


def atento_side(options: argparse.Namespace) -> Translate:
    from atento.applications.translator import Translator
    from atento.decoding.configuration import DecodingConfig
    from atento.text.tokenizer import Tokenizer
    from benchmarks.marian_weights import bundle_of

    translator = Translator(bundle_of(load_marian(options), Tokenizer.load(tokenizer_file(options))))
    stopping = "present-length" if options.side.endswith("length") else "exact"
    settings = {
        beams: DecodingConfig(beam_size=beams, batch_size=BATCH, batch_tokens=10**6, stopping=stopping)
        for beams in (1, 5)
    }

    def translate(texts: list[str], beams: int) -> list[str]:
        return [found.text for found in translator.translate(texts, decoding=settings[beams])]

    return translate


def ctranslate2_side(options: argparse.Namespace) -> Translate:
    import ctranslate2

    from benchmarks import hf_marian

    translator = ctranslate2.Translator(
        str(ctranslate2_folder(options)), device="cpu", compute_type="float32", intra_threads=torch.get_num_threads()
    )
    tokenizer = hf_marian.load_tokenizer(tokenizer_file(options))

    def translate(texts: list[str], beams: int) -> list[str]:
        ids = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
        sources = [[*tokenizer.convert_ids_to_tokens(row), tokenizer.eos_token] for row in ids]
        found = translator.translate_batch(sources, beam_size=beams, max_batch_size=BATCH, length_penalty=1)
        written = [tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in found]
        return list(tokenizer.batch_decode(written, skip_special_tokens=True))

    return translate


def ctranslate2_folder(options: argparse.Namespace) -> Path:
    """The model as CTranslate2 wants it.

    Its loader for Marian expects Opus-MT's habits (padding at the vocabulary's end, a decoder that starts from a zero
    vector), which our tokenizer does not have; its loader for BART, of which Marian is a variant, reads the rest.
    """
    folder: Path = options.work / "python-docs.ctranslate2"
    if not (folder / "model.bin").exists():
        from ctranslate2.converters.transformers import BartLoader

        from benchmarks import hf_marian

        model = load_marian(options)
        model.config.normalize_before = model.config.normalize_embedding = False
        tokenizer = hf_marian.load_tokenizer(tokenizer_file(options))
        spec = BartLoader().get_model_spec(model)
        vocabulary = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        spec.register_source_vocabulary(vocabulary)
        spec.register_target_vocabulary(vocabulary)
        spec.config.bos_token = spec.config.decoder_start_token = tokenizer.bos_token
        spec.config.eos_token, spec.config.unk_token = tokenizer.eos_token, tokenizer.unk_token
        spec.validate()
        spec.optimize()
        folder.mkdir(parents=True, exist_ok=True)
        spec.save(str(folder))
    return folder


@torch.inference_mode()
def logits_difference(options: argparse.Namespace) -> float:
    """The greatest difference between our logits and Marian's, on 64 pairs of the test part."""
    from atento.text.tokenizer import Tokenizer
    from benchmarks import hf_marian
    from benchmarks.marian_weights import bundle_of

    theirs = load_marian(options)
    tokenizer = hf_marian.load_tokenizer(tokenizer_file(options))
    pairs = hf_marian.read_corpus(tokenizer, corpus(options, "python-docs", "test"))
    batch = hf_marian.collate(pairs, range(64), theirs.config)
    ours = bundle_of(theirs, Tokenizer.load(tokenizer_file(options))).model
    real = batch.labels != hf_marian.IGNORED
    memory = ours.decoder.prepare(ours.encoder(batch.source, batch.source_mask.bool()))
    hidden, _ = ours.decoder(batch.decoder_input, memory, ours.decoder.start(memory), valid=real)
    expected = theirs(
        input_ids=batch.source, attention_mask=batch.source_mask, decoder_input_ids=batch.decoder_input
    ).logits
    return float((ours.decoder.logits(hidden[real]) - expected[real]).abs().max())


def measure(options: argparse.Namespace) -> None:
    """Measure one side in this process; prints JSON."""
    sources, references = (lines(path)[: options.sentences] for path in corpus(options, "python-docs", "test"))
    sides = {"transformers": transformers_side, "atento": atento_side, "ctranslate2": ctranslate2_side}
    translate = sides[options.side.partition("-")[0]](options)
    for beams in (1, 5):
        translate(sources[:2], beams)  # first calls are slower
    if options.serve:
        serve(translate, sources[:: max(1, len(sources) // options.single)])
        return
    if options.profile:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as record:
            translate(sources, options.profile)
        print(record.key_averages().table(sort_by="self_cpu_time_total", row_limit=40, max_name_column_width=50))
        return
    found: dict[str, Any] = {"sentences": len(sources)}
    for name, beams in (("greedy", 1), ("beam5", 5)):
        begun = time.perf_counter()
        translations = translate(sources, beams)
        seconds = time.perf_counter() - begun
        bleu = sacrebleu.corpus_bleu(translations, [references]).score
        found[name] = {"value": round(len(sources) / seconds, 2), "bleu": round(bleu, 3)}
    print(json.dumps({**found, "peak_memory_mib": round(peak_memory())}))


def serve(translate: Translate, texts: list[str]) -> None:
    """Translate the texts asked for on standard input, "beams number" a line; answers with the seconds each took."""
    print("ready", flush=True)
    for line in sys.stdin:
        beams, number = map(int, line.split())
        for _ in range(2):
            begun = time.perf_counter()
            translate([texts[number]], beams)
            seconds = time.perf_counter() - begun
        print(seconds, flush=True)


def alone(options: argparse.Namespace, own: list[str]) -> dict[str, dict[str, Any]]:
    """The median milliseconds of a sentence alone, each side in turn at every sentence."""
    found: dict[str, dict[str, Any]] = {side: {} for side in options.sides}
    with ExitStack() as stack:
        ask = {side: stack.enter_context(_served(side, own)) for side in options.sides}
        for task, beams in (("one-greedy", 1), ("one-beam5", 5)):
            numbers = range(min(options.single, options.sentences))
            seconds = [[ask[side](beams, number) for side in options.sides] for number in numbers]
            for side, own_seconds in zip(options.sides, zip(*seconds, strict=True), strict=True):
                found[side][task] = {"value": round(1000 * statistics.median(own_seconds), 2)}
    return found


@contextmanager
def _served(side: str, own: list[str]) -> Iterator[Callable[[int, int], float]]:
    """A process that serves one side; it ends with the block."""
    command = [sys.executable, "-m", "benchmarks.decoding_speed", "--side", side, "--serve", *own]
    environment = {**os.environ, **(own_variables() if side.startswith("atento") else {})}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def answer() -> str:
            line = answers.readline()
            if not line:
                raise SystemExit(f"{shlex.join(command)} ended early")
            return line

        def ask(beams: int, number: int) -> float:
            print(beams, number, file=questions, flush=True)
            return float(answer())

        while answer() != "ready\n":
            pass
        yield ask
        questions.close()


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    if options.side:
        measure(options)
        return
    difference = logits_difference(options)
    print(f"greatest difference of logits, Atento and Marian: {difference:.1e}", file=sys.stderr, flush=True)
    own = ["--sentences", str(options.sentences), "--single", str(options.single), "--work", str(options.work)]
    own += ["--data", str(options.data)] if options.data else []
    if "ctranslate2" in options.sides:
        ctranslate2_folder(options)

    def one(side: str, _: int) -> dict[str, Any]:
        return run_module("benchmarks.decoding_speed", "--side", side, *own, ours=side.startswith("atento"))

    found = alternate(options.sides, options.rounds, one)
    for number in range(options.rounds):
        for side, tasks in alone(options, own).items():
            found[side][number] = {**found[side][number], **tasks}
            print(f"round {number + 1}: {side} {json.dumps(tasks)}", file=sys.stderr, flush=True)
    summary = {
        side: {task: _summary(found, side, task) for task in TASKS} | {"what": SIDES[side], "runs": runs}
        for side, runs in found.items()
    }
    results = merge(
        options.results / "speed.json",
        {"machine": machine(), "decoding": {**summary, "logits_difference": difference}},
    )
    print(report(results))


def _summary(found: dict[str, list[Any]], side: str, task: str) -> dict[str, Any]:
    values, reference = ([run[task]["value"] for run in found[name]] for name in (side, next(iter(found))))
    result = {"median": statistics.median(values), "ratio": round(median_ratio(values, reference), 3)}
    if "bleu" in found[side][0][task]:
        result["bleu"] = found[side][0][task]["bleu"]
    return result


def report(results: dict[str, Any]) -> str:
    """The table of a speed.json's part on decoding."""
    part = results.get("decoding", {})
    rows = []
    for task, what in TASKS.items():
        unit = "ms" if task.startswith("one-") else "sentences/s"
        for side in SIDES:
            if side in part:
                found = part[side][task]
                wanted = WANTED[task] if side == "atento" else ""
                rows.append(
                    (
                        what,
                        SIDES[side],
                        f"{found['median']:,.1f} {unit}",
                        f"{found['ratio']:.2f}",
                        wanted,
                        found.get("bleu", ""),
                    )
                )
    if not part:
        return ""
    sentences = next(part[side]["runs"][0]["sentences"] for side in SIDES if side in part)
    difference = part["logits_difference"]
    note = f"\n{sentences:,} sentences. Greatest difference between our logits and Marian's: {difference:.1e}.\n"
    return table(("Decoding", "by", "median", "to generate", "wanted", "BLEU"), rows) + note


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--side", choices=list(SIDES), help="measure this one once, in this process")
    options.add_argument("--sides", nargs="+", choices=list(SIDES), default=list(SIDES), help="first: the reference")
    options.add_argument("--minutes", type=float, default=12, help="to train the model, once (default: %(default)s)")
    options.add_argument("--sentences", type=int, default=1000, help="to translate (default: %(default)s)")
    options.add_argument("--single", type=int, default=60, help="sentences to translate alone (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="alternations (default: %(default)s)")
    options.add_argument("--serve", action="store_true", help="with --side: translate the sentences asked for")
    options.add_argument("--profile", type=int, metavar="BEAMS", help="with --side: show where the time goes")
    return options.parse_args(arguments)


if __name__ == "__main__":
    main()
