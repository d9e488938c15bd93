"""`python -m tests.nondigits`: how often the demo takes something else for a digit.

Dots, dashes, scribbles, shapes, signs, letters and several digits at once are drawn by an invented
hand on the real page in headless Chromium, and the real server answers. It should be sure of none.
It measures; it is no test.

What many people's digits look like is left out: O, I, l, S, Z, B, b, q, D, C, G, L, J, U, a tick,
and any single line that is steep.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator

from tests.drawn import add_model_options, ask_page, mean
from training.data.prototypes import PROTOTYPES
from training.data.strokes import Points, curve, deform, line, ring

Kind = Callable[[Generator], list[Points]]
Path = Sequence[Sequence[float]]

# The longer side of a drawing as a fraction of the pad, as people draw.
SIZES = (0.4, 0.85)

# Of the strength at which training digits are bent: what is no digit shall stay what it is.
BENT = 0.4

# How much a hand trembles, as a fraction of the drawing.
TREMOR = 0.006

# What a drawing keeps clear of at the pad's edges, as a fraction of it.
MARGIN = 0.05


def main() -> None:
    """Draw so many of each kind and print the fraction of each that is answered surely."""
    arguments = parse_arguments()
    names, drawings = zip(*write_nondigits(arguments.count, arguments.seed), strict=True)
    model, answers = ask_page(drawings, arguments.model, arguments.models)
    per_kind = defaultdict(list)
    for name, (_, is_sure) in zip(names, answers, strict=True):
        per_kind[name].append(is_sure)
    summary = {
        "model": model,
        "drawings": len(drawings),
        "sure": mean([is_sure for _, is_sure in answers]),
        "per_kind": {name: mean(sure) for name, sure in per_kind.items()},
    }
    print(json.dumps(summary))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.nondigits", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="drawings of each kind (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="another one draws others (%(default)s)"
    )
    add_model_options(parser)
    return parser.parse_args()


def write_nondigits(count: int, seed: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield so many drawings of each kind, with its name; the same seed draws the same ones."""
    for name, kind in KINDS.items():
        # A kind that is added or changed leaves the others as they are.
        random = np.random.default_rng([seed, *name.encode()])
        for _ in range(count):
            strokes = kind(random) if kind in TINY else bent(kind(random), random)
            yield name, laid_on_pad(strokes, random)


def bent(strokes: list[Points], random: Generator) -> list[Points]:
    """Bend, slant, turn and stretch strokes a little, and bring them to a person's size."""
    low, high = bounds(strokes)
    unit = [with_points_between((stroke - low) / max(high - low)) for stroke in strokes]
    shaken = [stroke + random.normal(0, TREMOR, stroke.shape) for stroke in unit]
    drawn = deform(shaken, random, BENT)
    low, high = bounds(drawn)
    size = random.uniform(*SIZES) / max(high - low)
    return [stroke * size for stroke in drawn]


def laid_on_pad(strokes: list[Points], random: Generator) -> list[Any]:
    """Return strokes [[[x, y], …], …] in fractions of the pad, anywhere on it."""
    low, high = bounds(strokes)
    corner = MARGIN + random.random(2) * (1 - 2 * MARGIN - (high - low))
    return [np.round(stroke - low + corner, 4).tolist() for stroke in strokes]


def bounds(strokes: list[Points]) -> tuple[Points, Points]:
    """Return the least and the greatest x and y."""
    points = np.vstack(strokes)
    return points.min(axis=0), points.max(axis=0)


def with_points_between(stroke: Points, count: int = 8) -> Points:
    """Add points on each segment, so that long straight ones can bend."""
    at = np.linspace(0, len(stroke) - 1, (len(stroke) - 1) * count + 1)
    return np.column_stack([np.interp(at, np.arange(len(stroke)), axis) for axis in stroke.T])


def straight(*paths: Path) -> Kind:
    """Make a kind of straight strokes through corners."""

    def kind(random: Generator) -> list[Points]:
        width = random.uniform(0.55, 1)
        return [line(path, random, 0.03) * [width, 1] for path in paths]

    return kind


def smooth(*paths: Path) -> Kind:
    """Make a kind of smooth strokes; those through two points are straight, one point is a tap."""

    def kind(random: Generator) -> list[Points]:
        return [curve(path, random) if len(path) > 1 else np.array(path, float) for path in paths]

    return kind


def turned(stroke: Points, angle: float) -> Points:
    """Turn points about (0, 0), by radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return stroke @ np.array([[cosine, sine], [-sine, cosine]])


def dot(random: Generator) -> list[Points]:
    """Tap, or tap and slip by up to a third of the pen's width."""
    return [np.vstack([np.zeros(2), random.normal(0, 0.01, (random.integers(2), 2))])]


def dots(random: Generator) -> list[Points]:
    """Tap two or three times, apart, as in a colon."""
    step = turned(np.array([random.uniform(0.15, 0.35), 0]), random.uniform(0, 2 * np.pi))
    return [np.array([step * i + random.normal(0, 0.02, 2)]) for i in range(random.integers(2, 4))]


def blot(random: Generator) -> list[Points]:
    """Rub on one spot, a few pen widths wide."""
    return [random.normal(0, random.uniform(0.015, 0.06), (random.integers(8, 30), 2))]


def dash(random: Generator, least: float, most: float) -> list[Points]:
    """Draw a line within 30° of level, its length in fractions of the pad."""
    x = np.linspace(-0.5, 0.5, 8)
    bow = random.normal(0, 0.08) * np.square(x) + random.normal(0, 0.004, 8)
    stroke = np.column_stack([x, bow]) * random.uniform(least, most)
    return [turned(stroke, np.radians(random.uniform(-30, 30)))]


def zigzag(random: Generator, least: int, most: int, height: tuple[float, float]) -> list[Points]:
    """Draw sharp teeth in any direction."""
    count = random.integers(least, most)
    teeth = np.column_stack([np.linspace(0, 1, count), np.arange(count) % 2])
    stroke = teeth * [1, random.uniform(*height)] + random.normal(0, 0.05, (count, 2))
    return [turned(stroke, random.uniform(0, np.pi))]


def random_walk(random: Generator) -> list[Points]:
    """Wander, in a direction that turns slowly."""
    angle = np.cumsum(random.normal(0, random.uniform(0.3, 0.9), random.integers(40, 140)))
    stroke = np.cumsum(np.column_stack([np.cos(angle), np.sin(angle)]), axis=0)
    return [turned(stroke, random.uniform(0, 2 * np.pi))]


def scrawl(random: Generator) -> list[Points]:
    """Draw a smooth line through 12 to 30 places."""
    return [curve(random.random((random.integers(12, 31), 2)), random)]


def wave(random: Generator) -> list[Points]:
    """Draw a level wavy line of two to five periods."""
    x = np.linspace(0, 1, 60)
    phase = 2 * np.pi * (random.uniform(2, 5) * x + random.random())
    return [np.column_stack([x, random.uniform(0.1, 0.25) * np.sin(phase)])]


def coil(random: Generator) -> list[Points]:
    """Draw a row of loops, as in a telephone cord."""
    t = np.linspace(0, 2 * np.pi * random.uniform(2.5, 5), 90)
    width, height = random.uniform(0.3, 0.6), random.uniform(0.4, 0.8)
    return [np.column_stack([0.12 * t + width * np.cos(t), height * np.sin(t)])]


def spiral(random: Generator) -> list[Points]:
    """Draw two to four turns, either way."""
    sweep = 360 * random.uniform(2, 4) * random.choice([-1, 1])
    return [ring((0, 0), (0.05, 0.05), random.uniform(0, 360), sweep, 19, count=90)]


def petals(random: Generator, count: tuple[int, int], depth: float, width: float) -> Points:
    """Draw a closed line of so many petals, as in a flower or a cloud."""
    t = np.linspace(0, 2 * np.pi, 80)
    radius = 1 + depth * np.abs(np.sin(random.integers(*count) * t / 2))
    return np.column_stack([width * radius * np.cos(t), radius * np.sin(t)])


def flower(random: Generator) -> list[Points]:
    """Draw five to seven petals around a ring."""
    return [petals(random, (5, 8), 1, 1), ring((0, 0), (0.5, 0.5), 0, 360, 0)]


def cloud(random: Generator) -> list[Points]:
    """Draw six to eight bulges around nothing, wider than high."""
    return [petals(random, (6, 9), 0.3, 1.3)]


def heart(random: Generator) -> list[Points]:
    """Draw it from its notch or from its tip."""
    t = np.linspace(0, 2 * np.pi, 40) + np.pi * random.integers(2)
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return [np.column_stack([16 * np.sin(t) ** 3 * random.uniform(0.8, 1.1), -y])]


def infinity(random: Generator) -> list[Points]:
    """Draw a lying 8."""
    t = np.linspace(0, 2 * np.pi, 50) + random.uniform(0, 2 * np.pi)
    return [np.column_stack([np.cos(t), random.uniform(0.4, 0.7) * np.sin(t) * np.cos(t)])]


def fish(random: Generator) -> list[Points]:
    """Draw a body and a tail, swimming either way."""
    back = [[1.3, -0.3], [1, 0], [0.6, -0.28], [0.25, -0.22], [0, 0]]
    belly = [[0.25, 0.22], [0.6, 0.28], [1, 0], [1.3, 0.3]]
    return [curve([*back, *belly, [1.3, -0.3]], random) * [random.choice([-1, 1]), 1]]


def arrow(random: Generator) -> list[Points]:
    """Draw a shaft and a head in any of eight directions."""
    head = random.uniform(0.2, 0.45)
    barbs = np.array([[1 - head, -0.8 * head], [1, 0], [1 - head, 0.8 * head]])
    angle = np.pi / 4 * random.integers(8) + random.normal(0, 0.1)
    return [turned(stroke, angle) for stroke in (np.array([[0, 0], [1, 0]]), barbs)]


def triangle(random: Generator) -> list[Points]:
    """Draw it on its base or, sometimes, on its tip."""
    corners = line([[0.5, 0], [1, 0.9], [0, 0.9]], random, 0.06)
    return [corners[[0, 1, 2, 0]] * [1, random.choice([1, 1, -1])]]


def smiley(random: Generator) -> list[Points]:
    """Draw a round face with two eyes and a mouth."""
    eye = random.uniform(0.25, 0.4)
    mouth = ring((0, 0.1), (0.5, 0.45), 160, -140, 0)
    return [round_head(), np.array([[-eye, -0.3]]), np.array([[eye, -0.3]]), mouth]


def round_head() -> Points:
    """Draw a circle about (0, 0)."""
    return ring((0, 0), (1, 1), -90, -365, 0)


def percent(random: Generator) -> list[Points]:
    """Draw two rings and a line between."""
    rings = [round_head() * size - [0.3, 0.28] for size in random.uniform(0.16, 0.22, 2)]
    return [rings[0], np.array([[0.4, -0.5], [-0.4, 0.5]]), -rings[1]]


def stick_figure(random: Generator) -> list[Points]:
    """Draw a head on a body with arms and legs."""
    limbs = straight(
        [[0, 0.15], [0, 0.6]], [[-0.3, 0.3], [0.3, 0.3]], [[-0.3, 1], [0, 0.6], [0.3, 1]]
    )
    return [round_head() * 0.15, *limbs(random)]


def beside(parts: list[list[Points]], random: Generator) -> list[Points]:
    """Set parts in a row, each about as high as it is, with a small gap."""
    row: list[Points] = []
    edge = 0.0
    for part in parts:
        left = bounds(part)[0][0]
        step = np.array([edge - left, random.normal(0, 0.03)])
        moved = [stroke + step for stroke in part]
        row += moved
        edge = bounds(moved)[1][0] + random.uniform(0.1, 0.4)
    return row


def number(random: Generator, digits: int) -> list[Points]:
    """Write so many digits side by side."""
    chosen = random.integers(len(PROTOTYPES), size=digits)
    return beside([deform(PROTOTYPES[digit](random), random, BENT) for digit in chosen], random)


def word(random: Generator) -> list[Points]:
    """Write two small letters."""
    letters = [LETTERS[name] for name in random.choice(["a", "e", "k", "m", "n", "r", "w"], 2)]
    return beside([letter(random) for letter in letters], random)


def stem_and_bowl(width: float, height: float) -> tuple[Path, Path]:
    """Return the paths of a P."""
    bowl = [[0, 0], [0.6 * width, 0], [width, height / 2], [0.6 * width, height], [0, height]]
    return [[0, 0], [0, 0.5], [0, 1]], bowl


MARKS: dict[str, Kind] = {
    "dot": dot,
    "dots": dots,
    "blot": blot,
    "short dash": partial(dash, least=0.04, most=0.25),
    "long dash": partial(dash, least=0.25, most=0.85),
}
# What is drawn in fractions of the pad, and not bent: it would grow to a digit's size.
TINY = set(MARKS.values())

SCRIBBLES: dict[str, Kind] = {
    "zigzag": partial(zigzag, least=6, most=14, height=(0.3, 1)),
    "shading": partial(zigzag, least=10, most=24, height=(0.8, 1.2)),
    "random walk": random_walk,
    "scrawl": scrawl,
    "wave": wave,
    "coil": coil,
    "spiral": spiral,
}

SHAPES: dict[str, Kind] = {
    "square": straight([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]),
    "diamond": straight([[0.5, 0], [1, 0.5], [0.5, 1], [0, 0.5], [0.5, 0]]),
    "triangle": triangle,
    "star": straight([[0.5, 0], [0.8, 1], [0, 0.38], [1, 0.38], [0.2, 1], [0.5, 0]]),
    "heart": heart,
    "house": straight([[0, 1], [0, 0.45], [0.5, 0], [1, 0.45], [1, 1], [0, 1]]),
    "tree": straight([[0.5, 0], [0.1, 0.7], [0.9, 0.7], [0.5, 0]], [[0.5, 0.7], [0.5, 1]]),
    "lightning": straight([[0.6, 0], [0.1, 0.55], [0.6, 0.5], [0.2, 1]]),
    "crescent": smooth(
        [[0.5, 0], [0.1, 0.2], [0, 0.5], [0.1, 0.8], [0.5, 1], [0.25, 0.7], [0.25, 0.3], [0.5, 0]]
    ),
    "arrow": arrow,
    "fish": fish,
    "flower": flower,
    "cloud": cloud,
    "smiley": smiley,
    "stick figure": stick_figure,
}

SIGNS: dict[str, Kind] = {
    "plus": straight([[-0.2, 0.5], [1.2, 0.5]], [[0.5, 0], [0.5, 1]]),
    "equals": straight([[0, 0], [1, 0]], [[0, 0.5], [1, 0.5]]),
    "two lines": straight([[0, 0], [0, 1]], [[0.6, 0], [0.6, 1]]),
    "asterisk": straight([[0.5, 0], [0.5, 1]], [[0, 0.2], [1, 0.8]], [[1, 0.2], [0, 0.8]]),
    "hash": straight(
        [[0.3, 0], [0.3, 1]], [[0.7, 0], [0.7, 1]], [[0, 0.33], [1, 0.33]], [[0, 0.67], [1, 0.67]]
    ),
    "question mark": smooth(
        [[0, 0.2], [0.1, 0.03], [0.3, 0], [0.5, 0.18], [0.42, 0.36], [0.25, 0.5], [0.25, 0.72]],
        [[0.25, 0.97]],
    ),
    "exclamation mark": smooth([[0, 0], [0, 0.65]], [[0, 1]]),
    "percent": percent,
    "infinity": infinity,
    "pi": straight([[0, 0.1], [1, 0]], [[0.3, 0.05], [0.2, 1]], [[0.7, 0.05], [0.8, 1]]),
    "sigma": straight([[0.9, 0], [0, 0], [0.5, 0.5], [0, 1], [0.9, 1]]),
    "omega": smooth(
        [[0, 1], [0.3, 1], [0.08, 0.55], [0.25, 0.1], [0.75, 0.1], [0.92, 0.55], [0.7, 1], [1, 1]]
    ),
    "psi": smooth([[0, 0], [0.05, 0.4], [0.5, 0.6], [0.95, 0.4], [1, 0]], [[0.5, 0], [0.5, 1]]),
    "Cyrillic zhe": straight(
        [[0, 0], [0.5, 0.5], [0, 1]], [[1, 0], [0.5, 0.5], [1, 1]], [[0.5, 0], [0.5, 1]]
    ),
    "Cyrillic sha": straight([[0, 0], [0, 1], [1, 1], [1, 0]], [[0.5, 0], [0.5, 1]]),
    "Chinese tree": straight(
        [[0, 0.3], [1, 0.3]],
        [[0.5, 0], [0.5, 1]],
        [[0.5, 0.35], [0, 0.85]],
        [[0.5, 0.35], [1, 0.85]],
    ),
    "Chinese early": straight(
        [[0.2, 0], [0.8, 0], [0.8, 0.4], [0.2, 0.4], [0.2, 0]],
        [[0, 0.7], [1, 0.7]],
        [[0.5, 0.4], [0.5, 1]],
    ),
}

LETTERS: dict[str, Kind] = {
    "A": straight([[0, 1], [0.5, 0], [1, 1]], [[0.2, 0.62], [0.8, 0.62]]),
    "E": straight([[1, 0], [0, 0], [0, 1], [1, 1]], [[0, 0.5], [0.8, 0.5]]),
    "F": straight([[1, 0], [0, 0], [0, 1]], [[0, 0.5], [0.8, 0.5]]),
    "H": straight([[0, 0], [0, 1]], [[1, 0], [1, 1]], [[0, 0.5], [1, 0.5]]),
    "K": straight([[0, 0], [0, 1]], [[0.9, 0], [0, 0.55], [0.9, 1]]),
    "M": straight([[0, 1], [0.1, 0], [0.5, 0.6], [0.9, 0], [1, 1]]),
    "N": straight([[0, 1], [0, 0], [1, 1], [1, 0]]),
    "P": smooth(*stem_and_bowl(0.65, 0.52)),
    "R": smooth(*stem_and_bowl(0.65, 0.52), [[0, 0.52], [0.65, 1]]),
    "T": straight([[0, 0], [1, 0]], [[0.5, 0], [0.5, 1]]),
    "V": straight([[0, 0], [0.5, 1], [1, 0]]),
    "W": straight([[0, 0], [0.25, 1], [0.5, 0.3], [0.75, 1], [1, 0]]),
    "X": straight([[0, 0], [1, 1]], [[1, 0], [0, 1]]),
    "Y": straight([[0, 0], [0.5, 0.5]], [[1, 0], [0.5, 0.5], [0.5, 1]]),
    "a": smooth(
        [[0.65, 0.2], [0.35, 0], [0.05, 0.3], [0.05, 0.7], [0.35, 1], [0.65, 0.8]],
        [[0.7, 0], [0.7, 0.85], [0.9, 1]],
    ),
    "e": smooth(
        [
            [0.05, 0.5],
            [0.95, 0.5],
            [0.8, 0.1],
            [0.4, 0],
            [0, 0.4],
            [0.1, 0.85],
            [0.5, 1],
            [0.95, 0.85],
        ]
    ),
    "k": straight([[0, 0], [0, 1]], [[0.5, 0.4], [0, 0.7], [0.55, 1]]),
    "m": smooth(
        [[0, 0], [0, 1], [0, 0.4], [0.25, 0.05], [0.5, 0.4], [0.5, 1]],
        [[0.5, 1], [0.5, 0.4], [0.75, 0.05], [1, 0.4], [1, 1]],
    ),
    "n": smooth([[0, 0], [0, 0.5], [0, 1], [0, 0.4], [0.35, 0.03], [0.7, 0.4], [0.7, 1]]),
    "r": smooth([[0, 0], [0, 0.5], [0, 1], [0, 0.5], [0.3, 0.05], [0.6, 0.15]]),
    "w": smooth([[0, 0], [0.2, 0.95], [0.5, 0.3], [0.8, 0.95], [1, 0]]),
}

SEVERAL: dict[str, Kind] = {
    "two digits": partial(number, digits=2),
    "three digits": partial(number, digits=3),
    "two letters": word,
}

KINDS = MARKS | SCRIBBLES | SHAPES | SIGNS | LETTERS | SEVERAL

if __name__ == "__main__":
    main()
