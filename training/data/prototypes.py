"""Prototypes: the ten digits as strokes, with random parameters, in many styles of handwriting.

No shape is copied from a real person's handwriting.
"""

import numpy as np
from numpy.random import Generator

from training.data.strokes import Points, curve, line, ring, slash


def zero(random: Generator) -> list[Points]:
    """Return a 0: plain, with a slash, a long steep line, a backslash, or a slash in one stroke."""
    between = random.uniform
    kind = random.random()
    if 0.35 < kind < 0.55:
        width = between(0.35, 0.65)
        x, y = random.normal(0.5, 0.06), random.normal(0.5, 0.1)
        stroke = slash(x, y, between(0.6, 1.1), random.normal(80, 12))
    else:
        width = between(0.22, 0.52)
        x, y = random.normal(0.5, 0.05, 2)
        stroke = slash(x, y, between(0.4, 1), between(25, 95), max(width / 0.4, 0.75))
    start, sweep = random.normal(-90, 30), -random.normal(365, 15)
    oval = ring((0.5, 0.5), (width, 0.5), start, sweep, random.normal(0, 0.06))
    if kind < 0.35:
        return [oval]
    if kind < 0.94:
        return [oval, stroke]
    if kind < 0.965:
        return [oval, stroke * [-1, 1] + [1, 0]]
    tail_start = [0.5 + width * between(0.6, 1.1), between(0, 0.2)]
    tail_end = [0.5 - width * between(0.5, 1.2), between(0.75, 1.05)]
    return [np.vstack([oval, tail_start, tail_end])]


def one(random: Generator) -> list[Points]:
    """Return a 1: a stem, with a flag (short and flat to long and steep), a foot, both or none."""
    between = random.uniform
    kind = random.random()
    top, bottom = np.array([0.5, 0.0]), np.array([random.normal(0.5, 0.04), 1.0])
    stem = curve([top, [random.normal(0.5, 0.02), 0.5], bottom], random, 0.01)
    if kind < 0.12:
        return [stem]
    length = between(0.12, 0.8)
    # The angle between stem and flag: long flags are steep.
    angle = np.radians(between(15, min(95, 75 / (0.5 + length))))
    tip = top + length * np.array([-np.sin(angle), np.cos(angle)])
    flag = curve([tip, (tip + top) / 2 + random.normal(0, 0.05), top], random, 0.01)
    (x, y), before, behind = bottom, between(0.12, 0.5), between(0.12, 0.5)
    foot = line([[x - before, y], [x + behind, y]], random)
    if kind < 0.65:
        return [np.vstack([flag, stem])]
    if kind < 0.95:
        return [np.vstack([flag, stem]), foot]
    return [stem, foot]


def two(random: Generator) -> list[Points]:
    """Return a 2: a round or flat head, and a base with a corner, a loop or a wave."""
    between = random.uniform
    kind, w, base, start = (
        random.random(),
        between(0.33, 0.85),
        between(0.9, 1.0),
        between(0.1, 0.35),
    )
    head = round_or_flat_head(random, w, start)
    if kind < 0.5:
        neck = curve([*head, [0.3 * w, 0.8], [between(-0.05, 0.1) * w, base]], random)
        end = [w * between(0.85, 1.25), random.normal(base, 0.06)]
        return [
            np.vstack(
                [
                    neck,
                    curve([neck[-1], [0.5 * w, random.normal(base, 0.04)], end], random, 0.015)[1:],
                ]
            )
        ]
    if kind < 0.85:
        r = between(0.06, 0.16)
        loop = [
            [0.3 * w, 0.82],
            [0.05 * w, base],
            [-0.6 * r, base - 0.7 * r],
            [0.08 * w, base - 1.7 * r],
        ]
        tail = [
            [0.35 * w, base - 0.8 * r],
            [0.65 * w, base + 0.03],
            [w * between(0.95, 1.25), base - between(-0.05, 0.12)],
        ]
        return [curve([*head, *loop, *tail], random)]
    wave = [[0.3 * w, 0.8], [0.08 * w, base], [0.4 * w, base - 0.03], [0.75 * w, base + 0.03]]
    return [curve([*head, *wave, [w * between(0.95, 1.2), base - between(0, 0.12)]], random)]


def round_or_flat_head(random: Generator, w: float, start: float) -> list[list[float]]:
    """Return the points of the upper half of a 2: round, or flat as in a 7.

    :param w: the width
    :param start: the y of a round head's first point
    """
    between = random.uniform
    head = [
        [between(-0.05, 0.15) * w, start],
        [0.2 * w, between(0.02, 0.12)],
        [0.55 * w, 0],
        [0.92 * w, between(0.1, 0.2)],
    ]
    head += [[0.95 * w, between(0.25, 0.38)], [0.65 * w, between(0.5, 0.65)]]
    if random.random() < 0.15:
        return [
            [0, between(0, 0.08)],
            [0.4 * w, between(-0.03, 0.05)],
            [0.85 * w, between(0, 0.1)],
            [0.95 * w, 0.25],
            [0.65 * w, 0.55],
        ]
    return head


def three(random: Generator) -> list[Points]:
    """Return a 3: a round or flat top, and a deep or shallow notch or a small loop."""
    between = random.uniform
    w, middle, notch = between(0.45, 0.75), between(0.38, 0.54), between(0.25, 0.6)
    bowl = [
        [notch * w, middle],
        [0.8 * w, middle + 0.07],
        [w * between(0.9, 1.1), between(0.68, 0.78)],
    ]
    bowl += [[0.75 * w, 0.95], [0.35 * w, 1.0], [between(-0.1, 0.1) * w, between(0.8, 0.95)]]
    if random.random() < 0.3:
        roof = line(
            [[0, between(0, 0.06)], [w * between(0.75, 1), between(-0.04, 0.04)], bowl[0]], random
        )
        return [np.vstack([roof, curve([roof[-1], *bowl[1:]], random)])]
    if random.random() < 0.2:
        knot = notch * w
        bowl[0:1] = [
            [knot, middle + 0.01],
            [knot - 0.12, middle - 0.03],
            [knot - 0.02, middle - 0.08],
        ]
    top = [
        [between(-0.05, 0.15) * w, between(0.05, 0.25)],
        [0.25 * w, 0.03],
        [0.6 * w, 0],
        [0.9 * w, 0.12],
        [0.88 * w, 0.26],
    ]
    return [curve([*top, [0.65 * w, middle - 0.08], *bowl], random)]


def four(random: Generator) -> list[Points]:
    """Return a 4: open in two strokes, angular or round; closed in two or one; or open in one."""
    between = random.uniform
    kind, w, bar = random.random(), between(0.5, 0.85), between(0.5, 0.82)
    stem, start, end = between(0.55, 0.85) * w, between(0.0, 0.3) * w, w * between(1, 1.25)
    if kind < 0.5:
        if random.random() < 0.7:
            left = [
                [start, between(-0.05, 0.12)],
                [start - 0.06 * between(0, 1), bar * 0.5],
                [start - between(0, 0.1), bar],
            ]
        else:
            left = [[start, 0], [start - 0.07, bar * 0.6], [start, bar - 0.03], [start + 0.15, bar]]
        right = [
            [random.normal(stem, 0.03), between(-0.1, 0.42)],
            [stem, 0.6],
            [random.normal(stem, 0.05), 1.0],
        ]
        return [
            np.vstack([curve(left, random), line([[end, random.normal(bar, 0.05)]], random)]),
            curve(right, random, 0.015),
        ]
    if kind < 0.75:
        hook = line([[stem, 0], [0, bar], [end, random.normal(bar, 0.04)]], random)
        if random.random() < 0.4:
            bowed = curve([hook[0], (hook[0] + hook[1]) / 2 - [0.06, 0.03], hook[1]], random, 0.01)
            hook = np.vstack([bowed, hook[2:]])
        return [hook, line([[random.normal(stem, 0.03), between(-0.04, 0.12)], [stem, 1]], random)]
    if kind < 0.88:
        return [line([[stem, 1], [stem, 0], [0, bar], [end, random.normal(bar, 0.04)]], random)]
    cup = curve(
        [[0.05 * w, 0], [0, bar * 0.5], [0.05 * w, bar - 0.04], [0.4 * w, bar], [stem, bar * 0.7]],
        random,
    )
    return [np.vstack([cup, line([[stem + 0.02, between(-0.05, 0.2)], [stem, 1]], random)])]


def five(random: Generator) -> list[Points]:
    """Return a 5: a stroke with corners, like an S, or with a separate, possibly detached bar."""
    between = random.uniform
    kind, w, middle = random.random(), between(0.45, 0.75), between(0.36, 0.5)
    roof, left = w * between(0.7, 1.35), between(0.0, 0.25) * w
    belly = [
        [0.8 * w, middle + 0.07],
        [w * between(0.9, 1.1), 0.7],
        [0.75 * w, 0.93],
        [0.35 * w, 1.0],
    ]
    belly += [[between(-0.15, 0.1) * w, between(0.82, 1.0)]]
    if kind < 0.2:
        head = [
            [left + roof, between(-0.02, 0.1)],
            [left + 0.5 * roof, 0],
            [left + 0.06, 0.06],
            [left, 0.27],
        ]
        return [curve([*head, [left + 0.12, middle - 0.02], *belly], random)]
    bowl = curve([[left, middle], [0.4 * w, middle - between(0.0, 0.08)], *belly], random)
    corner = np.array([left + between(-0.02, 0.12) * w, between(0.0, 0.06)])
    if kind < 0.6:
        return [np.vstack([line([[corner[0] + roof, between(-0.06, 0.06)], corner], random), bowl])]
    x, y = corner
    x, y = x + between(-0.08, 0.12), y + between(-0.08, 0.06)
    bar = line([[x, y], [x + roof, random.normal(y - 0.03, 0.06)]], random)
    return [np.vstack([[corner], bowl]), bar]


def six(random: Generator) -> list[Points]:
    """Return a 6: a bowed, curled or straight back, and a closed, open or spiral bowl."""
    between = random.uniform
    w, r, kind = between(0.4, 0.7), between(0.2, 0.33), random.random()
    y, top = 1 - r, w * between(0.4, 1.15)
    if kind < 0.2:
        back = [[w * between(0.1, 0.5), 0], [w * between(0.05, 0.25), 0.25], [0.03 * w, 0.5]]
    elif kind < 0.7:
        back = [
            [top, between(0, 0.06)],
            [w * between(0.3, 0.55), between(0.15, 0.25)],
            [0.1 * w, 0.45],
        ]
    else:
        back = [
            [w * between(0.9, 1.2), between(0.06, 0.16)],
            [top * 0.8, 0],
            [0.3 * w, 0.13],
            [0.08 * w, 0.42],
        ]
    bowl = [
        [0.0, y + 0.08],
        [0.2 * w, 0.95],
        [0.55 * w, 1.0],
        [0.93 * w, 1 - 0.7 * r],
        [0.95 * w, y - 0.3 * r],
    ]
    bowl += [[0.65 * w, y - r], [0.3 * w, y - 0.75 * r]]
    if random.random() < 0.7:
        bowl.append([between(0, 0.2) * w, y + between(-0.1, 0.12)])
    if random.random() < 0.2:
        bowl.append([0.1 * w, y + 0.2])
    return [curve([*back, *bowl], random)]


def seven(random: Generator) -> list[Points]:
    """Return a 7: with or without a bar and a serif, and with a straight or bowed leg."""
    between = random.uniform
    w = between(0.45, 0.8)
    roof = curve(
        [[0, between(0, 0.08)], [w * 0.5, between(-0.02, 0.06)], [w, between(-0.04, 0.06)]],
        random,
        0.015,
    )
    foot = w * between(0.15, 0.7)
    leg = curve(
        [roof[-1], [random.normal((w + foot) / 2 - 0.02, 0.05), 0.45], [foot, 1]], random, 0.015
    )
    stroke = np.vstack([roof, leg[1:]])
    if random.random() < 0.3:
        stroke = np.vstack([roof[0] + [between(-0.06, 0.04), between(0.08, 0.25)], stroke])
    if random.random() < 0.5:
        return [stroke]
    x, y = leg[len(leg) // 2]
    x, y = random.normal(x, 0.05), random.normal(y + 0.02, 0.06)
    tilt = random.normal(-0.02, 0.05)
    before, behind = between(0.12, 0.35), between(0.12, 0.35)
    return [stroke, line([[x - before, y - tilt], [x + behind, y + tilt]], random, 0.01)]


def eight(random: Generator) -> list[Points]:
    """Return an 8: two rings, or a stroke from the top or the middle, sometimes mirrored."""
    between = random.uniform
    kind, w, middle = random.random(), between(0.4, 0.65), between(0.42, 0.55)
    x, y, head = w / 2, (1 + middle) / 2, w * between(0.65, 1.0)
    if kind < 0.3:

        def loop(y: float, half_axes: tuple[float, float]) -> Points:
            start, sweep = random.normal(-90, 60), random.normal(360, 30)
            growth = random.normal(0, 0.06)
            return ring((random.normal(x, 0.03), y), half_axes, start, sweep, growth)

        lower = random.normal(y, 0.02)
        return [
            loop(middle / 2, (head / 2, middle / 2)),
            loop(lower, (w / 2, (1 - middle) / 2)),
        ]
    left, right = x - head / 2, x + head / 2
    if kind < 0.7:
        points = [
            [right - 0.05 * between(0, 1), between(0.05, 0.2)],
            [x, 0],
            [left, middle / 2],
            [x, middle],
            [w, y],
            [x, 1],
        ]
        points += [
            [0, y],
            [x, middle],
            [right, middle * 0.45],
            [x + between(-0.1, 0.15), between(-0.04, 0.1)],
        ]
    else:
        points = [
            [x, middle],
            [left, middle / 2],
            [x, 0],
            [right, middle / 2],
            [x, middle],
            [0, y],
            [x, 1],
            [w, y],
        ]
        points += [[x + between(-0.05, 0.1), middle + between(-0.03, 0.1)]]
    stroke = curve(points, random)
    return [stroke * [-1, 1] if random.random() < 0.25 else stroke]


def nine(random: Generator) -> list[Points]:
    """Return a 9: like a g with a hook to the left, or round with any leg."""
    return hooked_nine(random) if random.random() < 0.5 else round_nine(random)


def hooked_nine(random: Generator) -> list[Points]:
    """Return a 9 with a small loop and a bowed leg with a hook, as in a g."""
    between = random.uniform
    w, r = between(0.3, 0.55), between(0.16, 0.26)
    loop = curve(
        [
            [w * between(0.85, 1.3), between(-0.02, 0.1)],
            [0.55 * w, 0],
            [0.12 * w, 0.5 * r],
            [0, 1.1 * r],
            [0.25 * w, 2 * r],
            [0.6 * w, 2 * r - 0.03],
            [0.95 * w, 1.1 * r],
            [w, between(0.03, 0.15)],
        ],
        random,
    )
    hook, bow = w * between(-0.8, 0.2), w * between(0.85, 1.3)
    leg = [
        loop[-1],
        [(w + bow) / 2, 2 * r],
        [bow, between(0.55, 0.75)],
        [bow - 0.15 * w, 0.88],
        [(hook + bow) / 2, 1],
        [hook, between(0.75, 0.97)],
    ]
    return [np.vstack([loop, curve(leg, random)[1:]])]


def round_nine(random: Generator) -> list[Points]:
    """Return a 9 with a larger loop, closed or open, and a straight, bowed or hooked leg."""
    between = random.uniform
    w, r = between(0.4, 0.7), between(0.2, 0.32)
    around = [[0.6 * w, 0], [0.15 * w, 0.5 * r], [0, 1.1 * r]]
    kind = random.random()
    if kind < 0.25:
        loop = [[0.92 * w, r], *around, [0.3 * w, 2 * r], [0.7 * w, 2 * r - 0.08], [0.95 * w, r]]
    else:
        first = [w * between(0.8, 1.3), between(-0.02, 0.2)]
        back = [[0.25 * w, 2 * r], [0.6 * w, 2 * r - 0.05], [0.92 * w, 1.2 * r]]
        loop = [first, *around, *back, [w, between(0.03, 0.2)]]
    ending = random.random()
    if ending < 0.3:
        leg = [[0.97 * w, 0.5], [w * between(0.75, 1.05), 1]]
    elif ending < 0.5:
        leg = [[0.97 * w, 0.55], [w * between(0.75, 0.95), 0.8], [w * between(0.2, 0.6), 1]]
    else:
        hook = between(-0.5, 0.35) * w
        leg = [
            [w * between(0.9, 1.02), 0.5],
            [w * between(0.85, 1.05), 0.75],
            [0.75 * w, 0.95],
            [(hook + 0.7 * w) / 2, 1],
            [hook, between(0.75, 0.97)],
        ]
    if random.random() < 0.45:
        return [curve([*loop, *leg], random)]
    drawn = curve(loop, random)
    return [np.vstack([drawn, curve([drawn[-1], *leg], random)[1:]])]


PROTOTYPES = (zero, one, two, three, four, five, six, seven, eight, nine)
