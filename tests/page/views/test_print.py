"""On paper and without colours, judged by the pixels that are printed or shown."""

import base64
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from server.regression.heatmap import striped_heatmap
from server.storage.model_file import MODELS, load_model
from server.storage.model_store import DEFAULT_MODEL
from server.web.routes.page import VIEWS
from tests.support.digits import FOUR
from tests.support.page import count_sheets, open_page, open_view, place_of, wait_for_frames
from tests.support.pen import draw_with_mouse, read_answer

Array = NDArray[np.float64]

# A4 without the page's margins, in CSS pixels.
PORTRAIT = {"width": 703, "height": 1032}
LANDSCAPE = {"width": 1032, "height": 703}

# --accent, and a cell on the diagonal: 22 % of --evidence-for on white.
ANSWER_BLUE = (5, 93, 190)
DIAGONAL_BLUE = (200, 219, 241)


@pytest.fixture(params=["light", "dark"])
def drawn(request: pytest.FixtureRequest, browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page in each colour scheme, and draw a 4."""
    options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    with open_page(browser, server_url, color_scheme=request.param, **options) as page:
        draw_with_mouse(page, FOUR)
        read_answer(page)
        expect(page.locator("#answer-why")).to_contain_text("leads")
        yield page


@pytest.fixture
def forced(browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page with forced colours, and draw a 4."""
    options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    with open_page(browser, server_url, forced_colors="active", **options) as page:
        draw_with_mouse(page, FOUR)
        read_answer(page)
        page.mouse.move(1, 1)
        yield page


def begin_printing(page: Page, paper: dict[str, int]) -> None:
    """Lay the page out as for printing, in a window of the size of a sheet."""
    page.set_viewport_size(paper)  # type: ignore[arg-type]
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wait_for_frames(page)


def picture(page: Page, selector: str) -> Array:
    """Return the pixels (height, width, 3) of an element on the screen."""
    return np.asarray(read_png(page.locator(selector).first.screenshot()), float)


def read_png(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def lightness(pixels: Array) -> Array:
    """Return what a printer or projector without colours shows of RGB: luminance, 0 to 1."""
    linear = (pixels[..., :3] / 255) ** 2.2
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def filled_share(bar: Array, empty: Array) -> float:
    """Return how much of a bar's middle line differs from that of an empty one."""
    middle = bar.shape[0] // 2
    return float((np.abs(bar[middle] - empty[middle]).max(axis=1) > 60).mean())


@pytest.mark.parametrize("landscape", [False, True])
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_the_explanation_of_a_drawing_is_one_page(
    page: Page, paper: str, *, landscape: bool
) -> None:
    draw_with_mouse(page, FOUR)
    read_answer(page)
    expect(page.locator("#answer-why")).to_contain_text("leads")
    # A chosen pixel adds its numbers.
    page.mouse.move(*place_of(page, "#seen", 12, 12))
    expect(page.locator("#pixel")).not_to_be_empty()
    assert count_sheets(page, paper, landscape=landscape) == 1


@pytest.mark.parametrize("paper", [PORTRAIT, LANDSCAPE])
def test_ink_is_dark_on_white_paper(drawn: Page, paper: dict[str, int]) -> None:
    begin_printing(drawn, paper)
    for selector in ("#pad", "#sent", "#seen"):
        light = lightness(picture(drawn, selector))
        assert light.max() > 0.99, selector
        assert light.min() < 0.02, selector
        assert 0.02 < (light < 0.2).mean() < 0.5, selector
    sheet = lightness(np.asarray(read_png(drawn.screenshot()), float))
    # Text and lines are dark, and everything else is white.
    assert np.median(sheet) > 0.99
    assert sheet.min() < 0.02


@pytest.mark.parametrize("landscape", [False, True])
def test_every_view_prints_all_its_columns_and_no_controls(drawn: Page, *, landscape: bool) -> None:
    paper = LANDSCAPE if landscape else PORTRAIT
    for view in VIEWS:
        drawn.set_viewport_size({"width": 1280, "height": 800})
        drawn.emulate_media(media="screen")
        open_view(drawn, view)
        begin_printing(drawn, paper)
        width = drawn.evaluate("document.documentElement.scrollWidth")
        assert width <= paper["width"], view
        for control in ("#undo", "#open-share", "#replay", "input[type=range]", "kbd"):
            assert drawn.locator(f"{control}:visible").count() == 0, (view, control)


def printed(page: Page, folder: Path) -> Array:
    """Print without background colours, and return the first page, 2 × 2 pixels to a CSS pixel."""
    if shutil.which("pdftoppm") is None:
        if os.environ.get("CI") == "true":
            raise FileNotFoundError("there is no pdftoppm")
        pytest.skip(
            "pdftoppm (of poppler-utils), which turns a printed page into pixels, is missing"
        )
    page.pdf(path=folder / "page.pdf", format="A4", print_background=False)
    command = ["pdftoppm", "-r", "192", "-f", "1", "-singlefile", "-png"]
    subprocess.run([*command, folder / "page.pdf", folder / "page"], check=True)
    return np.asarray(read_png((folder / "page.png").read_bytes()), float)


def bars_in(sheet: Array) -> list[float]:
    """Return the lengths, in CSS pixels, of the runs of the answer's blue, one for each bar."""
    is_blue = np.abs(sheet - ANSWER_BLUE).max(axis=2) < 12
    # A bar is a solid block; the blue pixels of heatmaps are smaller.
    rows = is_blue[:, 1:].sum(axis=1)
    lengths = [int(rows[start:end].max()) for start, end in runs(rows > 100)]
    return [length / 2 for length in lengths]


def runs(is_in: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_in, [False]]).astype(int)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def test_bars_and_ink_are_printed_without_background_colours(drawn: Page, tmp_path: Path) -> None:
    sheet = printed(drawn, tmp_path)
    # The answer's bar is nearly full, about 4 cm long, and no other digit has one.
    bars = bars_in(sheet)
    assert len(bars) == 1
    assert bars[0] > 120
    light = lightness(sheet)
    assert np.median(light) > 0.99
    # The pad's ink: a stroke of black that is wider than any letter's.
    top = light[: sheet.shape[0] // 4, : sheet.shape[1] // 3]
    assert max(end - start for row in top < 0.05 for start, end in runs(row)) > 50


def test_shades_of_the_confusion_matrix_are_printed(drawn: Page, tmp_path: Path) -> None:
    open_view(drawn, "accuracy")
    expect(drawn.locator("#confusion .percent").last).not_to_be_empty()
    sheet = printed(drawn, tmp_path)
    is_shaded = (np.abs(sheet - DIAGONAL_BLUE).max(axis=2) < 14).sum(axis=1) > 20
    assert len([run for run in runs(is_shaded) if run[1] - run[0] > 10]) == 10


def test_nothing_of_an_animation_is_printed(browser: Browser, server_url: str) -> None:
    with open_page(browser, server_url, viewport={"width": 1280, "height": 800}) as page:
        draw_with_mouse(page, FOUR)
        page.wait_for_selector(".flight")
        begin_printing(page, PORTRAIT)
        assert page.locator(".flight:visible").count() == 0
        assert lightness(picture(page, "#seen")).min() < 0.02


def test_the_share_dialog_prints_the_explanation(drawn: Page) -> None:
    open_view(drawn, "weights")
    drawn.evaluate("() => { window.print = () => { window.isPrinted = true; }; }")
    drawn.keyboard.press("s")
    drawn.click("#print")
    expect(drawn.locator("#share")).to_be_hidden()
    expect(drawn.locator("#view-draw")).to_be_visible()
    assert drawn.evaluate("window.isPrinted")


def test_without_a_drawing_there_is_no_explanation_to_print(page: Page) -> None:
    page.evaluate("() => { window.print = () => { window.isPrinted = true; }; }")
    page.keyboard.press("s")
    page.click("#print")
    expect(page.locator("#share-result")).to_contain_text("draw a digit first")
    assert page.evaluate("window.isPrinted === undefined")


def test_bars_and_the_answered_row_survive_forced_colours(forced: Page) -> None:
    edge = picture(forced, "#rows tbody tr:first-child .bar")
    assert filled_share(picture(forced, "#rows .answered .bar"), edge) > 0.9
    assert filled_share(picture(forced, "#rows tbody tr:nth-child(2) .bar"), edge) == 0
    # An empty bar still has its frame.
    assert np.abs(edge[edge.shape[0] // 2] - edge[edge.shape[0] // 2, 20]).max() > 60
    # The answered row has lines of another colour than the others.
    row = picture(forced, "#rows .answered")[:, 300]
    plain = picture(forced, "#rows tbody tr:not(.answered)")[:, 300]
    assert not {tuple(colour) for colour in row} <= {tuple(colour) for colour in plain}


def test_signed_bars_survive_forced_colours(forced: Page) -> None:
    open_view(forced, "softmax")
    bar = picture(forced, "#steps .answered .evidence .signed-bar")
    middle = bar[bar.shape[0] // 2]
    half = middle.shape[0] // 2
    assert np.abs(middle[half + 4 : -3] - middle[4]).max(axis=1).mean() > 60
    assert np.abs(middle[4 : half - 4] - middle[4]).max() < 10


def test_the_current_tab_survives_forced_colours(forced: Page) -> None:
    lines = {
        name: picture(forced, f"nav a[data-view={name}]")[-2].mean(axis=0)
        for name in ("draw", "weights", "guide")
    }
    assert np.abs(lines["draw"] - lines["weights"]).max() > 60
    assert np.abs(lines["guide"] - lines["weights"]).max() < 5


def test_shades_and_colour_scales_survive_forced_colours(forced: Page) -> None:
    open_view(forced, "accuracy")
    cells = "#confusion tbody tr:first-child td button"
    expect(forced.locator(cells).first).not_to_be_empty()
    shades = [picture(forced, f"#confusion tbody td:nth-child({n}) button")[3, 3] for n in (2, 3)]
    assert np.abs(shades[0] - shades[1]).max() > 20
    open_view(forced, "weights")
    scale = picture(forced, ".scale-bar")
    middle = scale[scale.shape[0] // 2]
    assert middle[-4, 2] - middle[-4, 0] > 100
    assert middle[:40, 0].mean() - middle[:40, 2].mean() > 60


@pytest.mark.parametrize("where", ["projector", "forced colours", "paper", "on request"])
def test_heatmaps_tell_for_from_against_without_colours(
    browser: Browser, server_url: str, where: str
) -> None:
    options = {"viewport": {"width": 1920, "height": 1080}, "reduced_motion": "reduce"}
    forced_colors = "active" if where == "forced colours" else "none"
    with open_page(browser, server_url, forced_colors=forced_colors, **options) as page:
        open_view(page, "weights")
        page.uncheck("#overlaid")
        expect(page.locator("#weights-own .map").first).to_be_visible()
        plain = varies(page)
        if where == "projector":
            page.keyboard.press("p")
        elif where == "paper":
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
        elif where == "on request":
            page.keyboard.press("?")
            page.check("#hatch")
            page.keyboard.press("Escape")
        wait_for_frames(page)
        against, favour = varies(page)
        assert against > 0.1
        assert favour == 0
        if where == "paper":
            page.evaluate("dispatchEvent(new Event('afterprint'))")
            assert varies(page) == plain == (0, 0)


def test_the_stripes_of_a_training_s_report_are_those_of_the_page(page: Page) -> None:
    open_view(page, "weights")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wait_for_frames(page)
    shown = heatmap_pixels(page)
    weights = load_model(MODELS / f"{DEFAULT_MODEL}.npz").weights
    limit = float(np.abs(weights).max())
    printed = np.asarray(read_png(striped_heatmap(weights[:, 0].reshape(28, 28), limit)), float)
    # The server's heatmaps have 127 shades.
    assert np.abs(shown - printed).max() <= 255 / 127


def heatmap_pixels(page: Page) -> Array:
    """Return the pixels (side, side, 3) of the first digit's weights in the view Weights."""
    url = page.locator("#weights-own canvas").first.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(read_png(base64.b64decode(url.partition(",")[2])), float)


def varies(page: Page) -> tuple[float, float]:
    """Return how much luminance varies within the strongest cell against a digit, and for it."""
    pixels = heatmap_pixels(page)
    side = len(pixels)
    size = side // 28
    cells = pixels.reshape(28, size, 28, size, 3).swapaxes(1, 2).reshape(784, size * size, 3)
    redness = (cells[..., 0] - cells[..., 2]).mean(axis=1)
    spread = np.ptp(lightness(cells), axis=1)
    return float(spread[redness.argmax()]), float(spread[redness.argmin()])
