"""The benchmarks' own arithmetic, and that their load is what it says."""

import numpy as np
import pytest

from server.regression.shapes import PIXELS
from tests.benchmarks import load, loops, training
from tests.benchmarks.ratios import Ratio, table
from tests.training.images import make_images


@pytest.mark.parametrize(
    ("ours", "least", "aim", "verdict"),
    [
        (3, 1, 2, "aim"),
        (1.5, 1, 2, "least"),
        (0.5, 1, 2, "below"),
        (0.1, 1 / 5, 1 / 8, "aim"),
        (0.15, 1 / 5, 1 / 8, "least"),
        (0.3, 1 / 5, 1 / 8, "below"),
    ],
)
def test_a_verdict_knows_whether_more_or_less_is_better(
    ours: float, least: float, aim: float, verdict: str
) -> None:
    assert Ratio("name", ours, 1, "/s", least, aim).verdict == verdict


def test_the_table_has_both_figures_and_their_ratio() -> None:
    line = table("serving", [Ratio("ours : theirs", 3000, 1500, "/s", 1, 4)]).splitlines()[-1]
    assert line == "| ours : theirs | 3,000 | 1,500 | /s | 2 |  | 1 | 4 | least |"


@pytest.mark.parametrize("wrk", [load.WRK, None])
def test_the_load_is_answered_with_and_without_wrk(
    server_url: str, wrk: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "WRK", wrk)
    with load.stalled(server_url, 3):
        assert load.requests_per_second(server_url, 2, 1) > 10


def test_load_that_is_refused_is_no_figure(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PATH", "/api/predict?model=none")
    with load.connect(server_url) as connection, pytest.raises(RuntimeError, match="404"):
        load.answer(connection, load.request_bytes(load.PATH))


def test_all_ways_to_train_learn_the_same_regression() -> None:
    images = make_images(1_000, 1)
    expected = loops.numpy(images, 100)
    ours = loops.ours(images, 100)
    for W, b in ((ours.weights, ours.bias), loops.fit(images, 20).get_weights()):
        assert W.shape == (PIXELS, 10)
        right = (images.intensities @ W + b).argmax(axis=1) == images.labels
        assert right.mean() > 0.9
    assert np.corrcoef(expected.weights.ravel(), ours.weights.ravel())[0, 1] > 0.95
    assert expected.bias.shape == (10,)


def test_a_program_is_timed_and_weighed() -> None:
    program = "print(len(b'x' * 200_000_000))"
    # From a process that is small, since a program is never weighed less than what started it.
    weigh = f"from tests.benchmarks.training import run; print(run(['-c', {program!r}]).megabytes)"
    weighed = training.run(["-c", weigh])
    assert weighed.seconds > 0
    assert 190 < float(weighed.output) < 300


def test_a_program_that_fails_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="failed"):
        training.run(["-c", "raise SystemExit(1)"])
