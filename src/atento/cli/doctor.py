"""``atento doctor``: what this machine offers, what is wrong with it, and what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from atento.cli.arguments import Device, Json
from atento.cli.console import print_json, print_table

EXAMPLES = """\b
Examples:
  atento doctor
  atento doctor --json
"""
_LIBRARIES = (
    "torch", "numpy", "tokenizers", "safetensors", "msgspec", "sacrebleu", "matplotlib", "typer", "rich", "zstandard",
)  # fmt: skip
_SCRIPTS = {
    "Latin": "ñãçœß",
    "Greek": "αβγ",
    "Cyrillic": "жщю",
    "Arabic": "سلام",
    "Hebrew": "שלום",
    "Devanagari": "नमस्ते",
    "Thai": "ภาษา",
    "Chinese": "你好",
    "Japanese": "こんに",
    "Korean": "안녕",
}
_GIB = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    value: str
    advice: str = ""
    """What is wrong and what to do; empty if nothing."""


def doctor(as_json: Json = False, device: Device = "auto") -> None:
    """Look at the versions, processor, memory, cache and fonts that Atento works with.

    Whatever is found, the exit code is 0.
    """
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _versions, _processor, _memory, lambda: _computing(device), _cache, _drawing, _terminal,
    )  # fmt: skip
    findings = [finding for check in checks for finding in _safely(check)]
    if as_json:
        print_json([asdict(finding) for finding in findings])
        return
    print_table(("", ""), [(finding.name, finding.value) for finding in findings])
    wrong = [finding for finding in findings if finding.advice]
    for finding in wrong:
        print(f"! {finding.name}: {finding.advice}")
    if not wrong:
        print("Nothing is wrong.")


def _safely(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check that fails is a finding, too."""
    try:
        yield from check()
    except Exception as error:  # a doctor must not die of the disease
        yield Finding(
            name="failed", value=f"{type(error).__name__}: {' '.join(str(error).split())}",
            advice="this should work; reinstall Atento with pip install --force-reinstall atento",
        )  # fmt: skip


def _versions() -> Iterator[Finding]:
    import atento

    yield Finding(name="atento", value=f"{atento.__version__} in {Path(atento.__file__).parent}")
    yield Finding(name="python", value=f"{platform.python_version()} ({platform.python_implementation()})")
    yield Finding(name="system", value=platform.platform())
    for name in _LIBRARIES:
        try:
            yield Finding(name=name, value=metadata.version(name))
        except metadata.PackageNotFoundError:
            needed = name != "zstandard"
            yield Finding(
                name=name,
                value="not installed" if needed else "not installed (only .zst files need it)",
                advice=f"pip install {name}" if needed else "",
            )


def _processor() -> Iterator[Finding]:
    import torch

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = torch.get_num_threads()
    vectors = torch.backends.cpu.get_cpu_capability()
    yield Finding(
        name="processor",
        value=f"{usable} cores usable of {os.cpu_count()}, {threads} threads, {vectors}",
        advice=f"{threads} threads on {usable} cores slow each other down; set OMP_NUM_THREADS={usable}"
        if threads > usable
        else "",
    )


def _memory() -> Iterator[Finding]:
    total, free = _bytes_of_memory()
    if total is None or free is None:
        return
    yield Finding(
        name="memory",
        value=f"{total / _GIB:.1f} GiB, {free / _GIB:.1f} GiB free",
        advice="under 2 GiB are free: close other programs, or set training.batch_tokens lower"
        if free < 2 * _GIB
        else "",
    )


def _bytes_of_memory() -> tuple[int | None, int | None]:
    """Total and available memory, where the system tells it."""
    path = Path("/proc/meminfo")
    if path.exists():
        lines = (line.split() for line in path.read_text().splitlines())
        sizes = {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines if len(words) > 1}
        return sizes.get("MemTotal"), sizes.get("MemAvailable")
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        return page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None, None


def _computing(name: str) -> Iterator[Finding]:
    """The device, its number formats, and the kernels that speed depends on."""
    import torch

    from atento.applications.device import usable_device
    from atento.training.precision import resolve

    device = usable_device(name)
    shown = torch.cuda.get_device_name(device) if device.type == "cuda" else "processor"
    yield Finding(name="device", value=f"{device} ({shown})")
    precision = resolve("auto", device)
    yield Finding(
        name="bfloat16",
        value="computed in hardware: training uses it" if precision == "bfloat16" else "not in hardware: float32",
    )
    if device.type == "cpu":
        mkldnn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        yield Finding(
            name="oneDNN",
            value="available" if mkldnn else "missing",
            advice="" if mkldnn else "matrix products will be slow; install PyTorch from pytorch.org",
        )
    yield Finding(name="fused attention", value=_fused_attention(device))


def _fused_attention(device: object) -> str:
    """Run PyTorch's fused attention once and compare it with the equation."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.nn.functional import scaled_dot_product_attention

    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(2, 2, 8, 16, generator=generator).to(str(device)) for _ in range(3))
    expected = (query @ key.transpose(-1, -2) / 4).softmax(dim=-1) @ value
    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        try:
            found = scaled_dot_product_attention(query, key, value)
        except RuntimeError:
            return "none here: the explicit equation is used, slower"
    error = float((found - expected).abs().max())
    return f"works (differs by {error:.0e} from the equation)"


def _cache() -> Iterator[Finding]:
    from atento.core.environment import default_cache

    folder = default_cache()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(there).free
    advice = ""
    if not os.access(there, os.W_OK):
        advice = "it cannot be written; set ATENTO_CACHE to a folder that can"
    elif free < _GIB:
        advice = "under 1 GiB is free on that disk; free some space, or set ATENTO_CACHE to another one"
    yield Finding(
        name="cache",
        value=f"{folder}: {size / (1 << 20):.1f} MiB used, {free / _GIB:.1f} GiB free (may be deleted at any time)",
        advice=advice,
    )


def _drawing() -> Iterator[Finding]:
    from atento.figures import fonts

    missing = [script for script, text in _SCRIPTS.items() if fonts.undrawable([text])]
    drawn = [script for script in _SCRIPTS if script not in missing]
    yield Finding(
        name="fonts",
        value=f"figures can show {', '.join(drawn)}" + (f"; not {', '.join(missing)}" if missing else ""),
        advice=f"to draw {', '.join(missing)}, install a font such as Noto Sans (Debian: fonts-noto-core, "
        "fonts-noto-cjk) and empty matplotlib's font cache"
        if missing
        else "",
    )
    if fonts.unshaped(_SCRIPTS.values()):
        yield Finding(
            name="shaping",
            value="Arabic, Hebrew and Indic letters are drawn one by one",
            advice="pip install 'matplotlib>=3.11' joins and orders them",
        )


def _terminal() -> Iterator[Finding]:
    encoding = sys.stdout.encoding or "unknown"
    yield Finding(name="terminal", value=f"{encoding}, {shutil.get_terminal_size().columns} columns")
