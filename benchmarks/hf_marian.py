"""The plain Hugging Face Marian loop that Atento is measured against.

A tutorial's loop, done with care: pre-tokenised pairs, batches of sentences of like length (sentences × longest side
≤ 4096, the order of the batches drawn anew each epoch), AdamW in its fused form, label smoothing, linear warm-up and
inverse square root, clipping; the best of several peak rates by short pilots, judged by the loss on dev; then beam
search over the test set with ``generate``. Nothing is chosen on test; the weights are the last step's. ::

    python -m benchmarks.hf_marian --tokenizer T.json --train A.pt A.es --dev B.pt B.es --test C.pt C.es -o FOLDER

The tokenizer is one that ``atento tokenizer train`` (or a run) saved. The last line of output is a JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sacrebleu
import torch
import torch.nn.functional as F  # noqa: N812
import transformers
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

from benchmarks.common import lines, machine, peak_memory

IGNORED = -100


@dataclass(frozen=True)
class Corpus:
    """Pairs as ids, each side with </s>."""

    sources: list[Tensor]
    targets: list[Tensor]

    @property
    def pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        return zip(self.sources, self.targets, strict=True)


@dataclass(frozen=True)
class Settings:
    """How the loop trains; the defaults are those of the comparison."""

    batch_tokens: int = 4096
    warmup: int = 200
    dropout: float = 0.1
    label_smoothing: float = 0.1
    clip_norm: float = 1.0
    weight_decay: float = 0.01
    bfloat16: bool = False


@dataclass(frozen=True)
class Batch:
    source: Tensor
    source_mask: Tensor
    decoder_input: Tensor
    labels: Tensor
    target_tokens: int


def load_tokenizer(path: Path) -> PreTrainedTokenizerFast:
    """One of our tokenizer.json files, opened by transformers."""
    return PreTrainedTokenizerFast(
        tokenizer_file=str(path), pad_token="<pad>", unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[Tensor]:
    """The ids of each text with </s> behind them."""
    found = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return [torch.tensor([*ids, tokenizer.eos_token_id]) for ids in found]


def read_corpus(tokenizer: PreTrainedTokenizerFast, files: Sequence[Path], longest: int = 128) -> Corpus:
    """The pairs of two files, but those with an empty side or one of over ``longest`` tokens."""
    sources, targets = (encode(tokenizer, lines(path)) for path in files)
    kept = [pair for pair in zip(sources, targets, strict=True) if all(2 <= len(side) <= longest + 1 for side in pair)]
    return Corpus([source for source, _ in kept], [target for _, target in kept])


def build(tokenizer: PreTrainedTokenizerFast, dropout: float) -> MarianMTModel:
    """A Marian model of the size of the recipe pt-es-small."""
    config = MarianConfig(
        vocab_size=len(tokenizer), d_model=256, encoder_layers=3, decoder_layers=3, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=1024, decoder_ffn_dim=1024, activation_function="relu",
        dropout=dropout, attention_dropout=0.0, activation_dropout=0.0, scale_embedding=True,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.bos_token_id, forced_eos_token_id=None,
    )  # fmt: skip
    return MarianMTModel(config)


def plan(corpus: Corpus, budget: int, generator: torch.Generator) -> list[list[int]]:
    """One epoch's batches of pairs of like length; equals are ordered, and batches shuffled, at random."""
    sizes = torch.tensor([[len(source), len(target)] for source, target in corpus.pairs])
    longest = sizes.amax(1)
    order = torch.argsort(longest + torch.rand(len(longest), generator=generator))
    batches: list[list[int]] = [[]]
    for index in order.tolist():
        if batches[-1] and (len(batches[-1]) + 1) * int(longest[index]) > budget:
            batches.append([])
        batches[-1].append(index)
    return [batches[place] for place in torch.randperm(len(batches), generator=generator).tolist()]


def collate(corpus: Corpus, members: Sequence[int], config: MarianConfig) -> Batch:
    """Padded tensors; the decoder reads the labels moved one to the right."""
    source = pad_sequence([corpus.sources[i] for i in members], batch_first=True, padding_value=config.pad_token_id)
    target = pad_sequence([corpus.targets[i] for i in members], batch_first=True, padding_value=config.pad_token_id)
    start = torch.full((len(members), 1), config.decoder_start_token_id)
    real = target != config.pad_token_id
    return Batch(
        source=source,
        source_mask=(source != config.pad_token_id).long(),
        decoder_input=torch.cat([start, target[:, :-1]], dim=1),
        labels=target.masked_fill(~real, IGNORED),
        target_tokens=int(real.sum()),
    )


def loss_of(model: MarianMTModel, batch: Batch, smoothing: float) -> Tensor:
    """The mean loss of a target token."""
    logits = model(
        input_ids=batch.source,
        attention_mask=batch.source_mask,
        decoder_input_ids=batch.decoder_input,
        use_cache=False,
    ).logits
    return F.cross_entropy(
        logits.flatten(0, 1).float(), batch.labels.flatten(), ignore_index=IGNORED, label_smoothing=smoothing
    )


def training_steps(
    model: MarianMTModel, corpus: Corpus, settings: Settings, *, peak_rate: float, seed: int
) -> Iterator[tuple[int, float]]:
    """Train without end; after each step yields its number of real target tokens and its loss."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=peak_rate, betas=(0.9, 0.98), eps=1e-9, weight_decay=settings.weight_decay, fused=True
    )
    warmup = max(1, settings.warmup)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))
    )
    model.train()
    while True:
        for members in plan(corpus, settings.batch_tokens, generator):
            batch = collate(corpus, members, model.config)
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16):
                loss = loss_of(model, batch, settings.label_smoothing)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            yield batch.target_tokens, loss.item()


@torch.inference_mode()
def dev_loss(model: MarianMTModel, corpus: Corpus, settings: Settings) -> float:
    """Nats a target token, not smoothed."""
    model.eval()
    total, count = 0.0, 0
    for members in plan(corpus, settings.batch_tokens, torch.Generator().manual_seed(0)):
        batch = collate(corpus, members, model.config)
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.bfloat16):
            total += float(loss_of(model, batch, 0.0)) * batch.target_tokens
        count += batch.target_tokens
    return total / count


@torch.inference_mode()
def translate(
    model: MarianMTModel,
    tokenizer: PreTrainedTokenizerFast,
    texts: Sequence[str],
    *,
    beams: int,
    batch_size: int = 64,
    by_length: bool = True,
) -> list[str]:
    """Translations by ``generate``, in batches of like length or as the texts come; n tokens give at most 2 n + 10."""
    model.eval()
    sources = encode(tokenizer, texts)
    order = sorted(range(len(texts)), key=lambda index: -len(sources[index]) if by_length else index)
    found = [""] * len(texts)
    for start in range(0, len(order), batch_size):
        members = order[start : start + batch_size]
        source = pad_sequence([sources[i] for i in members], batch_first=True, padding_value=tokenizer.pad_token_id)
        written = model.generate(
            input_ids=source,
            attention_mask=(source != tokenizer.pad_token_id).long(),
            num_beams=beams,
            do_sample=False,
            max_new_tokens=2 * source.shape[1] + 10,
        )
        for index, text in zip(members, tokenizer.batch_decode(written, skip_special_tokens=True), strict=True):
            found[index] = text
    return found


def train(
    tokenizer: PreTrainedTokenizerFast,
    corpus: Corpus,
    settings: Settings,
    *,
    peak_rate: float,
    seed: int,
    seconds: float,
    steps: int | None,
) -> tuple[MarianMTModel, dict[str, Any]]:
    """A model trained for so long, and what its training came to."""
    transformers.set_seed(seed)
    model = build(tokenizer, settings.dropout)
    tokens, number, loss = 0, 0, math.nan
    begun = shown = time.perf_counter()
    for number, (count, loss) in enumerate(
        training_steps(model, corpus, settings, peak_rate=peak_rate, seed=seed), start=1
    ):
        tokens += count
        now = time.perf_counter()
        if now - shown > 30:
            shown = now
            print(f"rate {peak_rate}: step {number}, loss {loss:.3f}, {now - begun:.0f} s", file=sys.stderr, flush=True)
        if now - begun >= seconds or number == steps:
            break
    spent = time.perf_counter() - begun
    target_tokens = sum(map(len, corpus.targets))
    return model, {
        "steps": number,
        "epochs": round(tokens / target_tokens, 2),
        "target_tokens": tokens,
        "seconds": round(spent, 1),
        "tokens_per_second": round(tokens / spent, 1),
        "last_loss": loss,
    }


def score(translations: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """BLEU and chrF by sacreBLEU, with signatures."""
    result = {}
    for name, metric in (("bleu", sacrebleu.BLEU()), ("chrf", sacrebleu.CHRF())):
        value = metric.corpus_score(list(translations), [list(references)]).score
        result[name] = {"score": value, "signature": str(metric.get_signature())}
    return result


def main() -> None:
    options = _options()
    settings = Settings(
        batch_tokens=options.batch_tokens, warmup=options.warmup, dropout=options.dropout, bfloat16=options.bfloat16
    )
    tokenizer = load_tokenizer(options.tokenizer)
    corpus, dev = read_corpus(tokenizer, options.train), read_corpus(tokenizer, options.dev)
    pilots = {}
    if len(options.rates) > 1:
        for rate in options.rates:
            model, found = train(
                tokenizer, corpus, settings, peak_rate=rate, seed=options.seed, seconds=60 * options.pilot_minutes,
                steps=options.steps,
            )  # fmt: skip
            pilots[rate] = {**found, "dev_loss": dev_loss(model, dev, settings)}
            print(f"pilot with rate {rate}: {json.dumps(pilots[rate])}", file=sys.stderr, flush=True)
    best = min(pilots, key=lambda rate: pilots[rate]["dev_loss"]) if pilots else options.rates[0]
    report: dict[str, Any] = {"rate": best, "pilots": pilots, "seed": options.seed, **asdict(settings)}
    if not options.pilots_only:
        model, found = train(
            tokenizer, corpus, settings, peak_rate=best, seed=options.seed, seconds=60 * options.minutes,
            steps=options.steps,
        )  # fmt: skip
        report |= {**found, "parameters": model.num_parameters(), "dev_loss": dev_loss(model, dev, settings)}
        report["training_peak_memory_mib"] = round(peak_memory())
        _save(model, tokenizer, options.output)
        if options.test:
            report |= _test(model, tokenizer, options)
    print(json.dumps({**report, "peak_memory_mib": round(peak_memory()), "machine": machine()}))


def _save(model: MarianMTModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _test(model: MarianMTModel, tokenizer: PreTrainedTokenizerFast, options: argparse.Namespace) -> dict[str, Any]:
    sources, references = (lines(path) for path in options.test)
    begun = time.perf_counter()
    translations = translate(model, tokenizer, sources, beams=options.beams)
    seconds = time.perf_counter() - begun
    path = options.output / "test.translations.txt"
    path.write_text("".join(f"{line}\n" for line in translations), encoding="utf-8")
    return {
        **score(translations, references),
        "beams": options.beams,
        "translations": str(path),
        "decoding_seconds": round(seconds, 1),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, required=True, help="a tokenizer.json shared by both languages")
    for name, needed in (("train", True), ("dev", True), ("test", False)):
        parser.add_argument(f"--{name}", type=Path, nargs=2, required=needed, metavar=("SOURCE", "TARGET"))
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the model and its translations")
    parser.add_argument("--minutes", type=float, default=15, help="of training (default: %(default)s)")
    parser.add_argument("--steps", type=int, help="stop after so many steps, pilots too (to try this script out)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rates", type=float, nargs="+", default=[5e-4, 1e-3, 2e-3], help="peak rates to try")
    parser.add_argument("--pilot-minutes", type=float, default=4, help="of each pilot (default: %(default)s)")
    parser.add_argument("--pilots-only", action="store_true", help="only find the best peak rate")
    parser.add_argument("--warmup", type=int, default=Settings.warmup, help="steps (default: %(default)s)")
    parser.add_argument("--dropout", type=float, default=Settings.dropout)
    parser.add_argument("--batch-tokens", type=int, default=Settings.batch_tokens)
    parser.add_argument("--bfloat16", action="store_true", help="train under bfloat16 autocast")
    parser.add_argument("--beams", type=int, default=5)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    return options


if __name__ == "__main__":
    main()
