"""``make bench``: training, decoding and starting, one after the other, and a table of all three. ::

    python -m benchmarks [--data FOLDER] [--quick]

Results go to benchmarks/results/speed.json and speed.md. About half an hour on two quiet cores, and ten minutes more
the first time, when the model that decoding is measured with is trained. ``--quick`` takes minutes and proves nothing.
"""

from __future__ import annotations

import json

from benchmarks import decoding_speed, startup, training_speed
from benchmarks.common import machine_text, parser

QUICK_TRAINING = ["--steps", "3", "--rounds", "1"]
QUICK_DECODING = ["--sentences", "64", "--single", "5", "--rounds", "1", "--minutes", "2"]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--quick", action="store_true", help="few steps and sentences, one round")
    chosen = options.parse_args()
    own = ["--work", str(chosen.work), "--results", str(chosen.results)]
    own += ["--data", str(chosen.data)] if chosen.data else []
    startup.main(["--results", str(chosen.results)])
    training_speed.main([*own, *(QUICK_TRAINING if chosen.quick else [])])
    decoding_speed.main([*own, *(QUICK_DECODING if chosen.quick else [])])
    results = json.loads((chosen.results / "speed.json").read_text(encoding="utf-8"))
    parts = [
        "# Speed",
        "Written by `make bench`; what is measured is told in `benchmarks/README.md`.",
        f"Machine: {machine_text(results['machine'])}.",
        training_speed.report(results),
        decoding_speed.report(results),
        startup.report(results),
    ]
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    (chosen.results / "speed.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
