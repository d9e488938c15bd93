"""`python -m tests.benchmarks [PART]`: measure one part, or all, and print a table of ratios.

What a machine can do differs from one to the next and from one minute to the next, so that each
figure stands beside another of the same run: a floor, which does next to nothing, or a peer, which
does the same in another way.
"""

import argparse
import json
from pathlib import Path

from tests.benchmarks import page, serving, training
from tests.benchmarks.ratios import table

PARTS = {
    "serving": serving.measure,
    "page": page.measure,
    "training": training.measure,
    "scale": training.measure_scale,
}


def main() -> None:
    """Measure, print, and keep what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, help="all unless given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all figures there")
    arguments = parser.parse_args()
    parts = [arguments.part] if arguments.part else list(PARTS)
    measured = {part: PARTS[part]() for part in parts}
    for part, ratios in measured.items():
        print(table(part, ratios))
    if arguments.json:
        kept = {part: [ratio.as_json() for ratio in ratios] for part, ratios in measured.items()}
        arguments.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
