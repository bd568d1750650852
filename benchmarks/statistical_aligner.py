"""eflomal on a corpus and a test set together, in both directions; the test set's links are written.

Östling and Tiedemann 2016, "Efficient word alignment with Markov Chain Monte Carlo". A statistical aligner has no model
to keep: it aligns what it learns from, so the test pairs are among its training pairs (their links are not). Sentences
are words divided by spaces. Its random numbers come from the system and cannot be seeded: run it several times. ::

    python -m benchmarks.statistical_aligner --train A.words B.words --test C.words D.words -o PREFIX

writes PREFIX.forward and PREFIX.reverse, both as source-target links, and prints seconds as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from benchmarks.common import lines


def main() -> None:
    options = _options()
    try:
        from eflomal import Aligner
    except ImportError as error:
        raise SystemExit("eflomal is missing: pip install -e '.[bench]' (its build needs a C compiler)") from error
    pairs = [_pairs(options.train), _pairs(options.test)]
    sources, targets = ([pair[side] for part in pairs for pair in part] for side in (0, 1))
    whole = [Path(f"{options.output}.{direction}.whole") for direction in ("forward", "reverse")]
    started = time.perf_counter()
    Aligner(model=3).align(
        sources, targets, links_filename_fwd=str(whole[0]), links_filename_rev=str(whole[1]), quiet=True
    )
    seconds = time.perf_counter() - started
    for path in whole:
        found = lines(path)
        if len(found) != len(sources):
            raise SystemExit(f"{path} has {len(found)} lines for {len(sources)} pairs")
        path.with_suffix("").write_text("".join(f"{line}\n" for line in found[len(pairs[0]) :]), encoding="utf-8")
        path.unlink()
    print(json.dumps({"pairs": len(sources), "seconds": seconds}))


def _pairs(paths: list[Path]) -> list[tuple[str, str]]:
    """Line by line; a pair with an empty side keeps its place."""
    source, target = (lines(path) for path in paths)
    return list(zip(source, target, strict=True))


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--train", type=Path, nargs=2, required=True, metavar=("SRC", "TGT"))
    options.add_argument("--test", type=Path, nargs=2, required=True, metavar=("SRC", "TGT"))
    options.add_argument("-o", "--output", type=Path, required=True, metavar="PREFIX")
    return options.parse_args()


if __name__ == "__main__":
    main()
