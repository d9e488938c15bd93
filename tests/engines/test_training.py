"""A training that the page follows live."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.storage.history import HISTORIES, load_history
from tests.engines.visitor import Visitor
from tests.killed import NAME, small, train
from tests.support.digits import SEVEN
from tests.support.factories import save_small_model
from tests.support.serving import serve


@pytest.fixture
def learning(tmp_path: Path, tab: Visitor) -> Iterator[tuple[Path, Visitor]]:
    """Open the page on a directory of its own, where a training may write; give both."""
    models = tmp_path / "models"
    save_small_model(models, "small")
    with serve("--models", str(models)) as url:
        tab.browser.take_console()
        tab.open(url)
        yield models, tab
        assert tab.browser.take_console() == []


def test_a_training_is_followed_to_its_end_and_its_model_is_used(
    learning: tuple[Path, Visitor],
) -> None:
    models, visitor = learning
    visitor.draw(SEVEN)
    visitor.open_view("training")
    with train(models, *small(1)) as process:
        visitor.wait_for_text("#run-state", f"{NAME} is running", seconds=60)
        visitor.wait_for("#view-training .learned canvas:not(.empty)")
        assert process.wait(timeout=60) == 0
    visitor.wait_for_text("#run-state", f"{NAME} finished, after 400 of 400 steps")
    steps = len(load_history(models / HISTORIES / f"{NAME}.npz").steps)
    visitor.wait("(last) => document.querySelector('#at').max === String(last)", steps - 1)
    assert visitor.read("() => document.querySelector('#curve-loss path.chosen').getAttribute('d')")
    # The new model is there without a reload, and reads the drawing.
    visitor.wait_for(f"#model option[value={NAME}]")
    visitor.read("() => document.querySelector('#model').focus()")
    visitor.press(NAME[0])
    visitor.wait("(name) => document.querySelector('#model').value === name", NAME)
    visitor.wait_for_answer(7)
