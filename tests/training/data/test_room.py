"""A room's drawings as images, and which of them are held out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from server.regression.rasterizer import rasterize, rasterize_all
from server.regression.shapes import PIXELS
from server.room.database import RoomDatabase
from server.room.drawings import Reading
from server.room.errors import RoomError
from tests.support.digits import ONE, SEVEN, Stroke
from tests.support.serving import ROOT
from training.data.room import check_has_drawings, is_held_out, load_room
from training.data.synthetic_digits import draw_digits
from training.settings.cluster_config import EXAMPLE, TF_CONFIG

READING = Reading(digit=7, is_sure=True, model="")


def give(room: RoomDatabase, strokes: list[Stroke], label: int) -> int:
    """Add a drawing; return its ID."""
    token = f"the-token-of-drawing-{room.read_state().revision}"
    return room.add(json.dumps(strokes).encode(), label, token, READING).id


def make_drawings(count: int) -> list[list[Stroke]]:
    labels = np.arange(count, dtype=np.uint8) % 10
    digits = draw_digits(labels, np.random.default_rng(0))
    return [[stroke.round(3).tolist() for stroke in strokes] for strokes in digits]


def test_the_images_are_the_drawings_that_are_shown(tmp_path: Path) -> None:
    room = RoomDatabase(tmp_path / "room.db")
    give(room, SEVEN, 7)
    give(room, ONE, 1)
    hidden = give(room, [[(0.5, 0.5)]], 3)
    room.show(hidden, is_shown=False)
    images = load_room(tmp_path / "room.db")
    pixels = np.concatenate([images.train.pixels, images.held_out.pixels])
    labels = np.concatenate([images.train.labels, images.held_out.labels]).tolist()
    assert sorted(labels) == [1, 7]
    assert np.array_equal(pixels[labels.index(7)], rasterize(SEVEN))
    assert np.array_equal(pixels[labels.index(1)], rasterize(ONE))


def test_about_a_fifth_is_held_out() -> None:
    held_out = [is_held_out(pixels) for pixels in rasterize_all(make_drawings(500))]
    assert 0.15 < np.mean(held_out) < 0.25


def test_what_is_held_out_stays_so_when_the_room_grows(tmp_path: Path) -> None:
    room = RoomDatabase(tmp_path / "room.db")
    drawings = make_drawings(60)
    for strokes in drawings[:30]:
        give(room, strokes, 0)
    before = load_room(tmp_path / "room.db")
    for strokes in drawings[30:]:
        give(room, strokes, 1)
    after = load_room(tmp_path / "room.db")
    for small, large in ((before.train, after.train), (before.held_out, after.held_out)):
        assert np.array_equal(large.pixels[: len(small.labels)], small.pixels)
        assert len(large.labels) > len(small.labels) > 0


def test_copies_of_a_drawing_are_on_the_same_side_whatever_their_labels(tmp_path: Path) -> None:
    room = RoomDatabase(tmp_path / "room.db")
    for strokes in make_drawings(20):
        # Another stroke at the same places changes no pixel.
        for copy, label in ((strokes, 3), (strokes, 4), ([*strokes, strokes[0]], 5)):
            give(room, copy, label)
    for images in (load_room(tmp_path / "room.db").train, load_room(tmp_path / "room.db").held_out):
        assert len(images.labels) % 3 == 0
        assert (images.pixels.reshape(-1, 3, PIXELS) == images.pixels[::3, np.newaxis]).all()


def foreign(path: Path) -> None:
    path.write_text("shopping list")


def empty(path: Path) -> None:
    RoomDatabase(path)


def damaged(path: Path) -> None:
    give(RoomDatabase(path), SEVEN, 7)
    path.write_bytes(path.read_bytes()[:200] + b"\xff" * 30_000)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda _path: None, "cannot be read", id="missing"),
        pytest.param(Path.mkdir, "cannot be read", id="directory"),
        pytest.param(os.mkfifo, "is not a room", id="named pipe"),
        pytest.param(foreign, "is not a room", id="foreign"),
        pytest.param(damaged, "cannot be", id="damaged"),
        pytest.param(empty, "has no drawings", id="empty"),
    ],
)
def test_a_file_without_drawings_is_an_error(make: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "room.db"
    make(path)  # type: ignore[operator]  # a function of a path
    for load in (check_has_drawings, load_room):
        with pytest.raises(RoomError, match=message):
            load(path)


@pytest.mark.parametrize(
    ("has_room", "config", "message"),
    [
        pytest.param(False, "", "room.db' cannot be read", id="missing"),
        pytest.param(True, EXAMPLE, "--room trains in one process: unset TF_CONFIG", id="cluster"),
    ],
)
def test_the_command_refuses_a_room_that_it_cannot_use_before_training(
    tmp_path: Path, has_room: bool, config: str, message: str
) -> None:
    path = tmp_path / "room.db"
    if has_room:
        give(RoomDatabase(path), SEVEN, 7)
    command = [sys.executable, "-m", "training", "--models", str(tmp_path), "--room", str(path)]
    environment = os.environ | {TF_CONFIG: config}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Not trained: ")
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not list(tmp_path.glob("training"))
