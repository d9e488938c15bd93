"""How often the drawings of a room are repeated."""

import numpy as np
import pytest

from server.regression.shapes import PIXELS
from training.data.mnist import Images
from training.fitting.room import MAX_COPIES, MAX_SHARE, Room, repeat_drawings


def make_room(labels: list[int], is_plausible: list[bool] | None = None) -> Room:
    train = Images(np.zeros((len(labels), PIXELS), np.uint8), np.array(labels, np.uint8))
    plausible = [True] * len(labels) if is_plausible is None else is_plausible
    return Room(train, train.select(slice(0)), np.array(plausible, bool), np.empty(0, bool))


def test_of_few_other_examples_each_drawing_is_used_once() -> None:
    others = np.array([3, 4, 5], np.uint8)
    assert sorted(repeat_drawings(make_room([4, 5, 4, 6]), others)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("count", "copies"), [(1, MAX_COPIES), (100, MAX_SHARE * 100), (2_000, 1), (0, 0)]
)
def test_the_share_of_a_room_is_limited(count: int, copies: int) -> None:
    others = np.zeros(10_000, np.uint8)
    repeated = repeat_drawings(make_room([0] * count), others)
    assert np.bincount(repeated, minlength=count).tolist() == [copies] * count


def test_a_rare_digit_counts_as_much_as_a_frequent_one() -> None:
    others = np.repeat(np.arange(2, dtype=np.uint8), 10_000)
    labels = [0] * 100 + [1] * 200
    repeated = repeat_drawings(make_room(labels), others)
    assert (repeated < 100).sum() == pytest.approx((repeated >= 100).sum(), rel=0.1)


def test_implausible_drawings_are_not_used() -> None:
    others = np.array([4, 5], np.uint8)
    assert repeat_drawings(make_room([4, 4, 5], [False, True, False]), others).tolist() == [1]
    assert repeat_drawings(make_room([4, 5], [False, False]), others).size == 0
