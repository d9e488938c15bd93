"""What a training uses of a room: how often drawings are repeated, and with which other images."""

import numpy as np
import pytest

from server.regression.shapes import PIXELS
from training.data.mnist import Images
from training.fitting.room import (
    MAX_COPIES,
    MAX_SHARE,
    NEAREST_COPIES,
    Room,
    add_room,
    find_nearest,
)


def dots(*places: int, label: int = 0) -> Images:
    """Return images with ink on one pixel each."""
    return Images(255 * np.eye(PIXELS, dtype=np.uint8)[list(places)], np.full(len(places), label))


def lines(*lengths: int) -> np.ndarray:
    """Return images whose first pixels have ink: the distance is the difference of lengths."""
    return (np.arange(PIXELS) < np.array(lengths)[:, np.newaxis]).astype(np.uint8) * 255


def make_room(train: Images, is_plausible: list[bool] | None = None) -> Room:
    plausible = [True] * len(train.labels) if is_plausible is None else is_plausible
    return Room(train, dots(), np.array(plausible, bool), np.empty(0, bool))


def test_the_nearest_examples_are_found() -> None:
    examples = lines(10, 20, 30, 40, 50)
    assert sorted(find_nearest(lines(12), examples, 2).tolist()) == [0, 1]
    found = find_nearest(lines(12, 49), examples, 2).reshape(2, 2)
    assert np.sort(found).tolist() == [[0, 1], [3, 4]]


@pytest.mark.parametrize("examples", [lines(), lines(10), lines(10, 20)])
def test_there_may_be_fewer_examples_than_asked_for(examples: np.ndarray) -> None:
    assert sorted(find_nearest(lines(12), examples, 3).tolist()) == list(range(len(examples)))


def test_drawings_are_found_alike_in_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    examples, drawings = lines(*range(0, 700, 7)), lines(*range(3, 600, 90))
    at_once = find_nearest(drawings, examples, 3)
    monkeypatch.setattr("training.fitting.room.CHUNK", 2)
    assert np.array_equal(find_nearest(drawings, examples, 3), at_once)


def test_drawings_follow_the_images_and_the_nearest_of_their_digit_follow_them() -> None:
    images = Images(
        np.concatenate([lines(10, 20, 30), lines(11)]), np.array([4, 4, 4, 5], np.uint8)
    )
    drawings = Images(lines(19, 21), np.array([4, 4], np.uint8))
    # Of a digit with few examples, each drawing is used once.
    added = add_room(images, images, make_room(drawings), drawings)
    lengths = (added.pixels > 0).sum(axis=1).tolist()
    assert lengths == [10, 20, 30, 11, 19, 21, *([20, 20] * NEAREST_COPIES)]
    assert added.labels.tolist() == [4, 4, 4, 5, *[4] * (2 + 2 * NEAREST_COPIES)]


def test_the_share_of_a_room_is_limited_and_each_drawing_is_used() -> None:
    others = Images(np.zeros((10_000, PIXELS), np.uint8), np.zeros(10_000, np.uint8))

    def copies(count: int) -> float:
        drawings = Images(lines(*[9] * count), np.zeros(count, np.uint8))
        added = add_room(others, others, make_room(drawings), drawings)
        return float((added.pixels > 0).any(axis=1).sum() / count)

    assert copies(1) == MAX_COPIES
    assert copies(100) == MAX_SHARE * 10_000 // 100
    assert copies(2_000) == 1


def test_implausible_drawings_are_not_used() -> None:
    images = Images(lines(10, 20), np.array([4, 5], np.uint8))
    drawings = Images(lines(12, 14, 16), np.array([4, 4, 5], np.uint8))
    added = add_room(images, images, make_room(drawings, [False, True, False]), drawings)
    assert set((added.pixels > 0).sum(axis=1).tolist()) == {10, 20, 14}
    none = add_room(images, images, make_room(drawings, [False] * 3), drawings)
    assert none is images


def test_a_digit_that_only_the_room_has_is_used() -> None:
    images = Images(lines(10, 20), np.array([4, 5], np.uint8))
    drawings = Images(lines(12), np.array([6], np.uint8))
    added = add_room(images, images, make_room(drawings), drawings)
    assert added.labels.tolist() == [4, 5, 6]
