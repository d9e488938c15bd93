"""The charts of the Training and the Accuracy view: axes, read-out and table."""

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from server.storage.evaluation import EVALUATIONS, load_evaluation
from server.storage.history import HISTORIES, load_history
from server.storage.model_file import MODELS
from tests.page.accessibility import complaints, widest
from tests.support.page import open_page, open_view

HINT = "Point at the chart, or use the arrow keys."

WINDOWS: dict[str, dict[str, Any]] = {
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "laptop": {"viewport": {"width": 1280, "height": 800}},
    "projector": {"viewport": {"width": 1920, "height": 1080}},
}

# How far each mark reaches out of the frame of its plot, in CSS px.
OUTSIDE = """marks => Math.max(...marks.map((mark) => {
  const box = mark.getBoundingClientRect();
  const frame = mark.closest(".plot").getBoundingClientRect();
  return Math.max(frame.left - box.left, frame.top - box.top,
                  box.right - frame.right, box.bottom - frame.bottom);
}))"""


def open_training(page: Page, name: str = "tutorial") -> Locator:
    """Open the curves of a training; return the plot of its loss."""
    open_view(page, "training")
    page.select_option("#run", label=name)
    expect(page.locator("#run-state")).to_contain_text(f"{name} finished")
    return page.locator("#curve-loss .plot")


def open_accuracy(page: Page, name: str = "tutorial") -> Locator:
    """Open the reliability diagram of a model; return its plot."""
    page.select_option("#model", name)
    open_view(page, "accuracy")
    expect(page.locator("#reliability .dots circle")).not_to_have_count(0)
    return page.locator("#reliability .plot")


def at_step(plot: Locator, step: int, steps: int) -> tuple[float, float]:
    """Return the position of a step in a plot, in CSS px from its upper left corner."""
    plot.scroll_into_view_if_needed()
    frame = plot.bounding_box()
    lines = plot.locator(".chart").first.bounding_box()
    assert frame is not None
    assert lines is not None
    fraction = float(np.log1p(step) / np.log1p(steps))
    return lines["x"] - frame["x"] + fraction * lines["width"], frame["height"] / 2


def test_the_pointer_reads_the_values_of_the_nearest_step(page: Page) -> None:
    history = load_history(MODELS / HISTORIES / "tutorial.npz")
    plot = open_training(page)
    words = page.locator("#curve-loss .read-out")
    expect(words).to_have_text(HINT)
    for index in (0, 3, len(history.steps) - 1):
        x, y = at_step(plot, int(history.steps[index]), 1000)
        plot.hover(position={"x": x + 1, "y": y})
        expect(words).to_have_text(
            f"Step {history.steps[index]:,}: training {history.train_loss[index]:.3f} "
            f"and validation {history.validation_loss[index]:.3f}"
        )
        expect(plot.locator(".markers circle")).to_have_count(2)
        expect(plot.locator(".pointer")).to_have_class("pointer")
    page.mouse.move(1, 1)
    expect(words).to_have_text(HINT)
    expect(plot.locator(".markers circle")).to_have_count(0)
    expect(plot.locator(".pointer")).to_have_class("pointer away")


def test_the_arrow_keys_read_the_values_and_tell_screen_readers(page: Page) -> None:
    history = load_history(MODELS / HISTORIES / "tutorial.npz")
    open_training(page)
    plot = page.get_by_role("slider", name="Accuracy: values by training step")
    last = len(history.steps) - 1
    plot.focus()
    position = last
    for key, move in [
        ("ArrowLeft", -1),
        ("ArrowDown", -1),
        ("ArrowRight", 1),
        ("ArrowUp", 1),
        ("PageDown", -10),
        ("PageUp", 10),
        ("End", last),
        ("ArrowRight", 1),
        ("Home", -last),
        ("ArrowLeft", -1),
    ]:
        page.keyboard.press(key)
        position = min(last, max(0, position + move))
        read = (
            f"Step {history.steps[position]:,}: "
            f"training {100 * history.train_accuracy[position]:.1f}% "
            f"and validation {100 * history.validation_accuracy[position]:.1f}%"
        )
        expect(page.locator("#curve-accuracy .read-out")).to_have_text(read)
        expect(plot).to_have_attribute("aria-valuetext", read)
        expect(plot).to_have_attribute("aria-valuenow", str(position))
        expect(plot).to_have_attribute("aria-valuemax", str(last))
    expect(page.locator("#view-training")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#curve-accuracy .read-out")).to_have_text(HINT)


def test_a_finger_reads_values_that_stay_when_it_is_lifted(
    browser: Browser, server_url: str
) -> None:
    evaluation = load_evaluation(MODELS / EVALUATIONS / "tutorial.npz")
    some = evaluation.bin_counts > 0
    with open_page(
        browser, server_url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as page:
        plot = open_accuracy(page)
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + box["width"] - 5, box["y"] + box["height"] / 2)
        expect(page.locator("#reliability .read-out")).to_have_text(
            f"{evaluation.bin_counts[some][-1]:,} predictions with about "
            f"{100 * evaluation.bin_probability[some][-1]:.1f}%: "
            f"{100 * evaluation.bin_right[some][-1]:.1f}% correct"
        )


def test_a_step_that_another_training_did_not_record_is_read_from_its_line(page: Page) -> None:
    one, other = (
        load_history(MODELS / HISTORIES / f"{name}.npz") for name in ("tutorial", "normalized")
    )
    plot = open_training(page)
    page.get_by_label("normalized", exact=True).check()
    steps = sorted({*one.steps.tolist(), *other.steps.tolist()})
    missing = next(step for step in steps if step not in other.steps)
    plot.focus()
    page.keyboard.press("Home")
    for _ in range(steps.index(missing)):
        page.keyboard.press("ArrowRight")
    value = np.interp(np.log1p(missing), np.log1p(other.steps), other.validation_loss)
    index = one.steps.tolist().index(missing)
    expect(page.locator("#curve-loss .read-out")).to_have_text(
        f"Step {missing:,}: training {one.train_loss[index]:.3f}, "
        f"validation {one.validation_loss[index]:.3f}, and normalized about {value:.3f}"
    )


def rows_of(root: Locator) -> list[list[str]]:
    """Open the table of a chart; return the texts of its rows, without the head."""
    root.locator("summary").click()
    expect(root.locator("tbody tr")).not_to_have_count(0)
    rows: list[list[str]] = root.locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return rows


def test_the_tables_have_the_data_of_the_charts(page: Page) -> None:
    history = load_history(MODELS / HISTORIES / "tutorial.npz")
    open_training(page)
    for figure, train, validation in (
        ("loss", history.train_loss, history.validation_loss),
        ("accuracy", history.train_accuracy, history.validation_accuracy),
    ):
        rows = rows_of(page.locator(f"#curve-{figure}"))
        heads = page.locator(f"#curve-{figure} thead th").all_inner_texts()
        assert heads == ["Step", "training", "validation"]
        numbers = np.array([[float(re.sub(r"[, %]", "", text)) for text in row] for row in rows])
        factor = 1 if figure == "loss" else 100
        assert numbers[:, 0].tolist() == history.steps.tolist()
        tolerance = 0.0006 if figure == "loss" else 0.06
        assert numbers[:, 1] == pytest.approx(factor * train, abs=tolerance)
        assert numbers[:, 2] == pytest.approx(factor * validation, abs=tolerance)
    # An open table follows the choice of trainings.
    page.get_by_label("normalized", exact=True).check()
    expect(page.locator("#curve-loss thead th")).to_have_text(
        ["Step", "training", "validation", "normalized"]
    )
    assert complaints(page) == ""

    evaluation = load_evaluation(MODELS / EVALUATIONS / "tutorial.npz")
    open_accuracy(page)
    some = evaluation.bin_counts > 0
    assert rows_of(page.locator("#reliability")) == [
        [f"{100 * probability:.1f}%", f"{100 * right:.1f}%", f"{count:,}"]
        for probability, right, count in zip(
            evaluation.bin_probability[some],
            evaluation.bin_right[some],
            evaluation.bin_counts[some],
            strict=True,
        )
    ]
    assert complaints(page) == ""


def test_the_step_axis_shows_where_the_first_hundred_steps_end(page: Page) -> None:
    plot = open_training(page, "normalized")
    ticks = page.locator("#curve-loss .x-ticks span")
    expect(ticks).to_have_text(["0", "1", "10", "100", "1,000"])
    lines = plot.locator(".chart").first.bounding_box()
    assert lines is not None
    for index, step in enumerate((0, 1, 10, 100, 1000)):
        box = ticks.nth(index).bounding_box()
        assert box is not None
        expected = lines["x"] + np.log1p(step) / np.log1p(3000) * lines["width"]
        assert box["x"] + box["width"] / 2 == pytest.approx(expected, abs=1)
    expect(page.locator("#curve-loss .y-ticks span")).to_have_text(
        ["0.0", "0.5", "1.0", "1.5", "2.0"]
    )


@pytest.mark.parametrize("window", WINDOWS)
def test_no_mark_leaves_the_frame_and_no_number_covers_another(
    browser: Browser, server_url: str, window: str
) -> None:
    with open_page(browser, server_url, **WINDOWS[window]) as page:
        width = page.viewport_size["width"]  # type: ignore[index]
        for open_chart in (open_training, open_accuracy):
            plot = open_chart(page, "normalized")
            for key in ("End", "Home"):
                plot.focus()
                page.keyboard.press(key)
                expect(plot.locator(".markers circle")).not_to_have_count(0)
                # The boxes of the marks are without their strokes, half of which are up to 1.5 px.
                assert plot.locator(":is(circle, path, line)").evaluate_all(OUTSIDE) <= -1.5
            rows_of(plot.locator("xpath=ancestor::*[@id][1]"))
            assert widest(page) <= width
        for ticks in (".x-ticks", ".y-ticks"):
            boxes = page.locator(f"#reliability {ticks} span").evaluate_all(
                """ticks => ticks.map((tick) => tick.getBoundingClientRect())
                  .map(({ left, top, right, bottom }) => [left, top, right, bottom])"""
            )
            for (left, _, _, bottom), (_, top, right, _) in zip(boxes[1:], boxes, strict=False):
                assert left > right or bottom < top + 1
