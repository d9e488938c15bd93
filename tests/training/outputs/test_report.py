"""The report of a training, and the animation of W."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from server.regression.model import Model
from server.regression.regression import Regression
from server.storage.evaluation import Evaluation
from server.storage.history import History
from server.storage.model_file import load_model
from tests.support.factories import make_evaluation, make_history, save_small_model
from training.outputs.animation import animate
from training.outputs.charts import curve_coordinates, round_numbers
from training.outputs.report import render, write_report


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Model, History, Evaluation]:
    model = load_model(save_small_model(tmp_path))
    history = make_history(steps=5, outcome="finished", model=model.digest)
    return model, history, make_evaluation("small", model.digest)


class Tags(HTMLParser):
    """Collects the tags of a page, and checks that each is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_report_has_no_external_resources_and_no_scripts(
    trained: tuple[Model, History, Evaluation],
) -> None:
    page = render(*trained)
    tags = Tags(page).found
    assert "script" not in {tag for tag, _ in tags}
    for tag, attributes in tags:
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/png;base64,")
            assert attributes["alt"]
        assert "href" not in attributes
    assert not re.search(r"url\(|@import|https?://", page)
    # Ten heatmaps and two mistakes.
    assert sum(tag == "img" for tag, _ in tags) == 12
    assert sum(tag == "polyline" for tag, _ in tags) == 4


def test_the_report_has_the_settings_and_the_metrics(
    trained: tuple[Model, History, Evaluation],
) -> None:
    page = render(*trained)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for words in (
        "optimizer sgd",
        "learning rate 0.5",
        "images per digit all",
        "temperature 1.000",
    ):
        assert words in text
    assert "accuracy, test 0.5000" in text
    assert "2 test images are misclassified" in text
    assert "4, read 9 (0.50)" in text
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_the_report_tells_negative_weights_from_positive_ones_in_grey(
    trained: tuple[Model, History, Evaluation],
) -> None:
    model, history, evaluation = trained
    weights = np.linspace(-1, 1, 7840, dtype=np.float32).reshape(784, 10)
    page = render(replace(model, regression=Regression(weights, model.bias)), history, evaluation)
    uri = re.findall(r'src="data:image/png;base64,([^"]+)"', page)[3]
    grey = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri))).convert("L")).astype(int)
    size = len(grey) // 28
    squares = grey.reshape(28, size, 28, size).swapaxes(1, 2).reshape(784, size * size)
    spread = np.ptp(squares, axis=1)
    assert (spread[weights[:, 3] < -0.2] > 20).all()
    assert (spread[weights[:, 3] > 0] == 0).all()


def test_a_curve_begins_left_and_ends_right_and_a_fall_goes_down() -> None:
    steps = np.array([0, 9, 99], np.int32)
    curve = curve_coordinates(
        "Loss", steps, np.array([2, 1, 0], np.float32), np.array([1, 1, 1], np.float32)
    )
    assert curve.train == "50.0,20.0 225.0,115.0 400.0,210.0"
    assert curve.validation == "50.0,115.0 225.0,115.0 400.0,115.0"
    assert [tick.label for tick in curve.x_ticks] == ["0", "1", "10"]
    assert [tick.label for tick in curve.y_ticks] == ["0", "0.5", "1", "1.5", "2"]
    assert [tick.at for tick in curve.y_ticks] == [210, 162.5, 115, 67.5, 20]


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (2.303, [0, 0.5, 1, 1.5, 2]),
        (0.973, [0, 0.2, 0.4, 0.6, 0.8]),
        (0.3, [0, 0.1, 0.2, 0.3]),
        (47, [0, 10, 20, 30, 40]),
        (1e-6, [0, 2e-7, 4e-7, 6e-7, 8e-7, 1e-6]),
    ],
)
def test_an_axis_has_round_numbers(highest: float, expected: list[float]) -> None:
    assert round_numbers(highest) == expected


def test_the_animation_has_a_frame_for_every_recorded_step(
    trained: tuple[Model, History, Evaluation],
) -> None:
    picture = Image.open(io.BytesIO(animate(trained[1])))
    frames = [
        np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(picture)
    ]
    assert len(frames) == 5
    # Weights grow from 0, white, to their largest, full blue.
    red = [frame[80, 40, 0] for frame in frames]
    assert red[0] == 255
    assert red == sorted(red, reverse=True)
    assert red[-1] < 20
    assert frames[-1][80, 40, 2] > 150


def test_report_and_animation_are_written_under_the_models_name(
    trained: tuple[Model, History, Evaluation], tmp_path: Path
) -> None:
    page, animation = write_report(tmp_path / "reports", *trained, animate(trained[1]))
    assert [page.name, animation.name] == ["small.html", "small.webp"]
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert animation.read_bytes()[8:12] == b"WEBP"
