"""The Training and the Accuracy view: what was learned, what is being learned, where it fails."""

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from server.regression.regression import softmax
from server.storage.evaluation import EVALUATIONS, load_evaluation
from server.storage.history import HISTORIES, TRAININGS, load_history, save_history
from server.storage.model_file import MODELS, load_model
from server.storage.model_store import DEFAULT_MODEL
from tests.killed import NAME, small, train
from tests.page.oracle import (
    HALF_CENT,
    Drawing,
    choose_inputs,
    colours_of,
    draw,
    heatmap_colours,
    numbers,
)
from tests.support.digits import SEVEN
from tests.support.factories import make_history, save_small_model
from tests.support.page import open_view
from tests.support.pen import draw_with_mouse, read_answer
from tests.support.serving import serve

WINDOW = {"width": 1280, "height": 800}


@pytest.fixture
def learning(tmp_path: Path, browser: Browser) -> Iterator[tuple[Path, Page]]:
    """Open the page on a directory of its own, where trainings may write; give both."""
    models = tmp_path / "models"
    save_small_model(models, "small")
    # Others that are remembered must not come between.
    shutil.copytree(MODELS / HISTORIES, models / HISTORIES)
    with (
        serve("--models", str(models)) as url,
        browser.new_context(viewport=WINDOW) as context,
    ):
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("#model option", state="attached")
        yield models, page


def replay(page: Page, model: str, position: int) -> None:
    page.select_option("#model", model)
    open_view(page, "training")
    expect(page.locator("#run-state")).to_contain_text(f"{model} finished")
    page.locator("#at").fill(str(position))
    page.wait_for_selector("#view-training .learned canvas:not(.empty)")


@pytest.mark.parametrize("model", ["pooled", "normalized", "tutorial"])
@pytest.mark.parametrize("position", [5, 20, -1])
def test_the_replayed_heatmaps_are_the_recorded_weights(
    page: Page, model: str, position: int
) -> None:
    history = load_history(MODELS / HISTORIES / f"{model}.npz")
    drawing = draw(page)
    position = position % len(history.steps)
    replay(page, model, position)
    is_last = position == len(history.steps) - 1
    weights = history.frames[position] * history.scales[position]
    if is_last:
        weights = load_model(MODELS / f"{model}.npz").weights
    limit = float(np.abs(weights).max())
    for digit in (0, 7):
        shown = colours_of(page.locator("#view-training .learned canvas").nth(digit))
        expected = heatmap_colours(weights[:, digit].astype(float), limit)
        assert np.abs(shown[:, :3] - expected).max() <= 1
    words = page.locator("#at-words")
    expect(words).to_contain_text(f"Step {history.steps[position]:,}: ")
    expect(words).to_contain_text(f"a loss of {history.validation_loss[position]:.3f}")
    expect(words).to_contain_text(
        f"an accuracy of {100 * history.validation_accuracy[position]:.1f}%"
    )
    expect(words).to_contain_text(f"to +{limit:.3f} (for)")
    # The drawing is read by the model as it was then.
    loaded = load_model(MODELS / f"{model}.npz")
    normalized = Drawing(loaded, drawing.sent).normalized
    inputs = choose_inputs(normalized, weights, loaded.card.transformations)
    probabilities = softmax((inputs * weights).sum(axis=0) + history.biases[position])
    expect(words).to_contain_text(f"reads your drawing as {probabilities.argmax()}")
    shown_chances = numbers(page.locator("#view-training .learned .percent"))
    assert shown_chances == pytest.approx(100 * probabilities, abs=0.051)


def test_one_scale_for_all_steps_makes_early_weights_pale(page: Page) -> None:
    history = load_history(MODELS / HISTORIES / "tutorial.npz")
    replay(page, "tutorial", 3)
    page.check("#one-scale")
    limit = 127 * float(history.scales.max())
    expect(page.locator("#at-words")).to_contain_text(f"to +{limit:.3f} (for)")
    weights = history.frames[3] * history.scales[3].astype(float)
    shown = colours_of(page.locator("#view-training .learned canvas").nth(4))
    assert np.abs(shown[:, :3] - heatmap_colours(weights[:, 4], limit)).max() <= 1


def test_a_training_of_another_normalisation_reads_the_drawing_as_it_sees_it(page: Page) -> None:
    drawing = draw(page)
    open_view(page, "training")
    page.select_option("#run", label="tutorial")
    expect(page.locator("#at-words")).to_contain_text("reads your drawing")
    tutorial = load_model(MODELS / "tutorial.npz")
    expected = softmax(Drawing(tutorial, drawing.sent).evidence)
    shown = numbers(page.locator("#view-training .learned .percent"))
    assert shown == pytest.approx(100 * expected, abs=0.051)


def test_the_replay_plays_to_the_end_and_pauses_where_it_is_told(page: Page) -> None:
    page.clock.install()
    replay(page, "tutorial", 0)
    play = page.locator("#play")
    play.click()
    expect(page.locator("#at")).to_have_value(re.compile("[3-9]"))
    play.click()
    expect(play).to_have_text("Play")
    stopped = page.input_value("#at")
    page.clock.fast_forward(1000)
    assert page.input_value("#at") == stopped
    last = int(page.get_attribute("#at", "max") or 0)
    page.locator("#at").fill(str(last - 2))
    play.click()
    expect(play).to_have_text("Play")
    assert page.input_value("#at") == str(last)


def test_curves_of_other_trainings_are_laid_over(page: Page) -> None:
    open_view(page, "training")
    page.get_by_label("tutorial", exact=True).check()
    expect(page.locator("#curve-loss path.other")).to_have_count(1)
    history = load_history(MODELS / HISTORIES / "tutorial.npz")
    path = page.locator("#curve-accuracy path.other").get_attribute("d") or ""
    heights = [float(height) for height in re.findall(r" ([\d.]+)", path)]
    assert heights == pytest.approx(180 * (1 - history.validation_accuracy), abs=0.01)


def test_the_page_follows_a_training_from_its_middle_to_its_end(
    learning: tuple[Path, Page],
) -> None:
    models, page = learning
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    with train(models, *small(1)) as process:
        expect(page.locator("#live")).to_have_text(re.compile(r"\d+%"), timeout=30_000)
        # A page that opens in the middle catches up.
        late = page.context.new_page()
        late.goto(page.url)
        open_view(late, "training")
        expect(late.locator("#run-state")).to_contain_text(f"{NAME} is running", timeout=30_000)
        late.wait_for_selector("#view-training .learned canvas:not(.empty)")
        assert process.wait(timeout=60) == 0
    for one in (page, late):
        # The new model is there without a reload.
        one.wait_for_selector(f"#model option[value={NAME}]", state="attached")
    # Who looks elsewhere sees how it ended, until it is looked at.
    expect(page.locator("#live")).to_have_text("finished")
    open_view(page, "training")
    expect(page.locator("#live")).to_be_empty()
    expect(late.locator("#live")).to_be_empty()
    expect(late.locator("#run-state")).to_contain_text(f"{NAME} finished, after 400 of 400 steps")
    history = load_history(models / HISTORIES / f"{NAME}.npz")
    expect(late.locator("#at")).to_have_attribute("max", str(len(history.steps) - 1))
    weights = load_model(models / f"{NAME}.npz").weights.astype(float)
    late.wait_for_selector("#view-training .learned canvas:not(.empty)")
    expect(late.locator("#at-words")).to_contain_text(f"to +{np.abs(weights).max():.3f} (for)")
    shown = colours_of(late.locator("#view-training .learned canvas").nth(2))
    assert np.abs(shown[:, :3] - heatmap_colours(weights[:, 2], np.abs(weights).max())).max() <= 1


def test_the_page_says_so_when_a_training_dies(learning: tuple[Path, Page]) -> None:
    models, page = learning
    open_view(page, "training")
    with train(models, "--steps", "1000000") as process:
        expect(page.locator("#run-state")).to_contain_text(
            re.compile(r"training: step [1-9]"), timeout=30_000
        )
        process.send_signal(signal.SIGKILL)
    expect(page.locator("#run-state")).to_contain_text(f"{NAME} died without an error message")
    # How far it came can still be replayed.
    expect(page.locator("#play")).to_be_enabled()


def test_a_training_that_diverges_leaves_curves_and_a_reason_but_no_model(
    learning: tuple[Path, Page],
) -> None:
    models, page = learning
    open_view(page, "training")
    with train(models, *small(0), "--learning-rate", "50", "--steps", "60") as process:
        assert process.wait(timeout=60) == 1
    expect(page.locator("#run-state")).to_contain_text("diverged and left no model")
    expect(page.locator("#run-reason")).to_contain_text("the learning rate is too high")
    assert page.locator("#curve-loss path.chosen").get_attribute("d")
    assert page.locator(f"#model option[value={NAME}]").count() == 0
    assert not (models / f"{NAME}.npz").exists()


def test_two_trainings_of_one_name_are_told_apart(learning: tuple[Path, Page]) -> None:
    models, page = learning
    history = load_history(MODELS / HISTORIES / "tutorial.npz")
    diverged = make_history("tutorial", outcome="diverged", run="wild")
    save_history(models / TRAININGS, diverged)
    open_view(page, "training")
    expect(page.locator("#run option")).to_have_count(4)
    for label, curves in [("tutorial", history), ("tutorial (diverged)", diverged)]:
        page.select_option("#run", label=label)
        limit = float(np.abs(curves.last_weights).max())
        expect(page.locator("#at-words")).to_contain_text(f"to +{limit:.3f} (for)")
        expect(page.locator("#run option:checked")).to_have_text(label)
    page.get_by_label("tutorial", exact=True).check()
    expect(page.locator("#compared input:checked")).to_have_count(1)


def test_a_history_whose_model_is_gone_is_replayed_all_the_same(
    learning: tuple[Path, Page],
) -> None:
    _, page = learning
    open_view(page, "training")
    page.select_option("#run", label="normalized")
    page.wait_for_selector("#view-training .learned canvas:not(.empty)")
    expect(page.locator("#problem")).to_be_empty()


def test_a_model_that_is_replaced_answers_on_a_page_that_is_already_open(
    learning: tuple[Path, Page],
) -> None:
    models, page = learning
    draw_with_mouse(page, SEVEN)
    assert read_answer(page) == "0"
    save_small_model(models, "small", favourite=3)
    # What a training does last: say that it has finished.
    save_history(models / TRAININGS, make_history("small"))
    expect(page.locator("#answer")).to_have_attribute("data-digit", "3")
    expect(page.locator("[data-class='3'] .bias")).to_have_text("+1.00")


@pytest.mark.parametrize("model", ["pooled", "normalized", "tutorial"])
def test_the_accuracy_views_numbers_are_the_evaluations(page: Page, model: str) -> None:
    evaluation = load_evaluation(MODELS / EVALUATIONS / f"{model}.npz")
    page.select_option("#model", model)
    open_view(page, "accuracy")
    confusion = evaluation.confusion
    right = int(np.trace(confusion))
    words = page.locator("#accuracy-words")
    expect(words).to_contain_text(
        f"{model} reads {right:,} of MNIST's {confusion.sum():,} test images correctly: "
        f"{100 * right / confusion.sum():.2f}%"
    )
    cells = page.locator("#confusion button")
    assert numbers(cells) == confusion.ravel().tolist()
    page.check("#rates")
    rates = confusion / confusion.sum(axis=1, keepdims=True)
    assert numbers(cells) == pytest.approx(100 * rates.ravel(), abs=0.051)
    shown = numbers(page.locator("#confusion .percent"))
    assert shown == pytest.approx(100 * np.diagonal(rates), abs=0.051)
    points = page.locator("#reliability .dots circle").evaluate_all(
        """circles => circles
          .map((c) => [parseFloat(c.getAttribute("cx")), parseFloat(c.getAttribute("cy"))])
          .map(([x, y]) => [x / 100, 1 - y / 100])"""
    )
    some = evaluation.bin_counts > 0
    expected = np.stack([evaluation.bin_probability[some], evaluation.bin_right[some]], axis=1)
    assert np.array(points) == pytest.approx(expected, abs=1e-4)
    error = np.average(
        np.abs(evaluation.bin_probability - evaluation.bin_right), weights=evaluation.bin_counts
    )
    expect(page.locator("#reliability-words")).to_contain_text(f"is {100 * error:.1f}%")


def test_a_cell_shows_its_digits(page: Page) -> None:
    evaluation = load_evaluation(MODELS / EVALUATIONS / "tutorial.npz")
    page.select_option("#model", "tutorial")
    open_view(page, "accuracy")
    page.locator("#confusion button").nth(10 * 9 + 4).click()
    count = int(evaluation.confusion[9, 4])
    expect(page.locator("#examples-title")).to_have_text(f"{count} images of 9 read as 4")
    captions = page.locator("#examples li").all_inner_texts()
    assert len(captions) == count
    assert all(caption.startswith("9 → 4") for caption in captions)
    chosen = (evaluation.label == 9) & (evaluation.digit == 4)
    ink = colours_of(page.locator("#examples canvas").first)[:, 3]
    assert np.abs(ink - evaluation.pixels[chosen][0].astype(int)).max() <= 1
    page.click("#all-mistakes")
    expect(page.locator("#examples-title")).to_contain_text("mistakes, largest loss first")


def test_a_mistake_opens_in_the_draw_view_with_its_explanation(page: Page) -> None:
    evaluation = load_evaluation(MODELS / EVALUATIONS / f"{DEFAULT_MODEL}.npz")
    open_view(page, "accuracy")
    mistakes = page.locator("#examples button")
    expect(mistakes).to_have_count(60)
    page.click("#more-examples")
    expect(mistakes).to_have_count(120)
    mistakes.first.click()
    expect(page.locator("#view-draw")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", str(evaluation.digit[0]))
    expect(page.locator("#answer-why")).to_contain_text(f"{evaluation.digit[0]} leads")
    shown = numbers(page.locator("[data-class] .percent"))
    assert shown[evaluation.digit[0]] == pytest.approx(100 * evaluation.probability[0], abs=0.06)
    model = load_model(MODELS / f"{DEFAULT_MODEL}.npz")
    drawing = Drawing(model, evaluation.pixels[0])
    evidence = numbers(page.locator("[data-class] .evidence"))
    assert evidence == pytest.approx(drawing.evidence, abs=HALF_CENT)


def test_a_model_without_an_evaluation_says_so(learning: tuple[Path, Page]) -> None:
    _, page = learning
    open_view(page, "accuracy")
    expect(page.locator("#accuracy-words")).to_contain_text("There is no evaluation of small")


def test_a_box_that_compares_a_training_keeps_the_focus(page: Page) -> None:
    open_view(page, "training")
    box = page.locator("#compared input").first
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    expect(box).to_be_focused()
