"""The drawings that are no digits."""

from itertools import chain

import numpy as np

from tests.nondigits import KINDS, write_nondigits


def test_every_kind_is_drawn_as_often_and_lies_on_the_pad() -> None:
    drawings = list(write_nondigits(3, seed=0))
    assert [name for name, _ in drawings] == [name for name in KINDS for _ in range(3)]
    points = np.array(list(chain.from_iterable(chain(*(strokes for _, strokes in drawings)))))
    assert points.min() >= 0
    assert points.max() <= 1


def test_the_seed_decides_what_is_drawn() -> None:
    first = list(write_nondigits(1, seed=1))
    assert list(write_nondigits(1, seed=1)) == first
    assert all(a[1] != b[1] for a, b in zip(first, write_nondigits(1, seed=2), strict=True))
