"""What leaves the page: its address, pictures, weights as files; and how a presenter gets about."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, Page, expect

from server.storage.model_file import MODELS, load_model
from server.storage.model_store import DEFAULT_MODEL
from server.web.routes.page import VIEWS
from tests.page.oracle import colours_of
from tests.support.digits import FOUR, ONE, SEVEN
from tests.support.page import open_view, place_of, wait_for_address, wait_for_frames
from tests.support.pen import draw_with_mouse, on_screen, read_answer
from tests.support.waiting import wait_until

WINDOW = {"width": 1280, "height": 800}


def shown(page: Page) -> list[str]:
    """Return all that the page says, and all numbers that its pictures are painted from."""
    read_answer(page)
    expect(page.locator("#answer-why")).to_contain_text("leads")
    wait_for_frames(page)
    texts = page.locator("main").all_inner_texts()
    pictures = page.locator("main canvas:not(#pad):visible").evaluate_all(
        "canvases => canvases.map(canvas => canvas.toDataURL())"
    )
    values = page.locator("main :is(select, input):visible").evaluate_all(
        "inputs => inputs.map(input => `${input.value} ${input.checked}`)"
    )
    outlines = page.locator("main .view:not([hidden]) path").evaluate_all(
        "paths => paths.map(path => path.getAttribute('d'))"
    )
    return [*texts, *pictures, *values, *(outline or "" for outline in outlines)]


def set_something(page: Page, view: str) -> None:
    """Change what the view can be set to, so that its address has to hold it."""
    if view == "softmax":
        page.locator("#temperature").fill("0.4")
        page.locator("#steps [data-row='2'] .add").last.click()
    elif view == "weights":
        page.select_option("#beside", "normalized")
        page.select_option("#pair-first", "7")
        page.uncheck("#overlaid")
    elif view == "change":
        page.mouse.click(*place_of(page, "#edit", 9, 12))
        page.select_option("#mean", "4")
        expect(page.locator("#edit-mean")).to_be_visible()
    elif view == "guide":
        page.locator("#guide-steps button").nth(4).click()
        page.locator("#guide-5 .label").nth(3).click()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("drawn", ["strokes", "a real digit"])
def test_a_view_opened_from_its_address_in_another_browser_is_the_same(
    page: Page, browser: Browser, view: str, drawn: str
) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.select_option("#model", "tutorial")
    if drawn == "strokes":
        draw_with_mouse(page, FOUR)
    else:
        page.keyboard.press("g")
        page.get_by_role("button", name="A 4 of MNIST, number 2").click()
    page.wait_for_selector("#answer:not([data-digit=''])")
    read_answer(page)
    open_view(page, view)
    set_something(page, view)
    page.mouse.move(1, 1)
    wait_for_address(page)
    with browser.new_context(viewport=WINDOW, reduced_motion="reduce") as context:
        other = context.new_page()
        other.goto(page.url)
        other.wait_for_selector("#answer:not([data-digit=''])")
        # What a view needs from the server arrives one after the other.
        wait_until(lambda: shown(other) == shown(page))


def test_the_back_button_goes_back_through_the_views(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "softmax")
    page.get_by_role("link", name="Weights").click()
    expect(page.locator("#view-weights")).to_be_visible()
    page.go_back()
    expect(page.locator("#view-softmax")).to_be_visible()
    page.go_back()
    expect(page.locator("#view-draw")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "7")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("model=none&drawing=gAAgAA", "There is no model “none” here; this is the default one."),
        (
            f"model={60 * 'ab.'}",
            f"There is no model “{20 * 'ab.'}…” here; this is the default one.",
        ),
        (f"beside={60 * 'ab.'}", f"There is no model “{20 * 'ab.'}…” here to compare with."),
        (f"view={32 * 'a'}", "There is no view “…”; this is the first one."),
        ("view=none", "There is no view “none”; this is the first one."),
        ("view=constructor", "There is no view “constructor”; this is the first one."),
        ("view=__proto__", "There is no view “__proto__”; this is the first one."),
        ("ink=no", "The address has “no” where it needs 0 or 1."),
        ("image=" + 784 * "A!", "The image in the address has a “!”."),
        ("drawing=gAAgA", "The drawing in the address is cut off."),
        ("drawing=gAAgAA.", "The drawing in the address is cut off."),
        ("drawing=gAA!AA", "The drawing in the address has a “!”."),
        ("image=AAAA", "The image in the address does not have 28 × 28 pixels."),
        ("image=" + 784 * "__", "The image in the address does not have 28 × 28 pixels."),
        ("edits=__", "The address edits a pixel outside the image."),
        ("edits=A", "The edits in the address are cut off."),
        ("temperature=0", "The address has “0” instead of a number from 0.1 to 10."),
        ("temperature=hot", "The address has “hot” instead of a number from 0.1 to 10."),
        ("step=8", "The guide has no step 8; this is the first one."),
        ("step=1.5", "The address has “1.5” instead of a whole number."),
        ("mean=12", "The address has “12” instead of a digit."),
        ("pair=1", "“1” is not a pair of digits."),
        ("added=1,2", "The added evidence must be ten numbers."),
    ],
)
def test_an_address_that_cannot_be_shown_says_why_until_something_is_changed(
    page: Page, address: str, words: str
) -> None:
    page.evaluate("address => { location.hash = address; }", address)
    expect(page.locator("#problem")).to_have_text(words)
    assert page.input_value("#model") == DEFAULT_MODEL
    page.locator("#clear").click()
    expect(page.locator("#problem")).to_be_empty()


def picture_of(download: Download) -> Image.Image:
    return Image.open(io.BytesIO(download.path().read_bytes()))


@pytest.mark.parametrize(("scheme", "tag"), [("light", "en"), ("dark", "en"), ("light", "ar")])
def test_a_view_is_saved_as_a_picture_that_looks_like_it(
    page: Page, server_url: str, scheme: str, tag: str
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(f"{server_url}?language={tag}")
    page.wait_for_selector("#model option", state="attached")
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "weights")
    page.mouse.move(1, 1)
    page.keyboard.press("s")
    with page.expect_download() as saving:
        page.click("#save-view")
    assert saving.value.suggested_filename == "evidence-weights.png"
    expect(page.locator("#share-result")).to_contain_text("evidence-weights.png")
    page.keyboard.press("Escape")
    box = page.locator("main").bounding_box()
    assert box is not None
    screen = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    screen = screen.crop((box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]))
    saved = picture_of(saving.value).convert("RGB")
    assert saved.size == pytest.approx((2 * screen.width + 96, 2 * screen.height + 96), abs=3)
    saved = saved.crop((48, 48, saved.width - 48, saved.height - 48)).resize(screen.size)
    # Text is drawn a little otherwise at another size; nothing else differs.
    difference = np.abs(np.asarray(saved, int) - np.asarray(screen, int)).max(axis=2)
    assert (difference > 64).mean() < 0.03


def test_a_double_click_saves_one_picture_and_a_later_click_another(page: Page) -> None:
    page.evaluate(
        """() => {
          window.saved = 0;
          HTMLAnchorElement.prototype.click = () => { saved++; };
        }"""
    )
    page.keyboard.press("s")
    page.dblclick("#save-view")
    expect(page.locator("#share-result")).to_contain_text("evidence-draw.png")
    wait_for_frames(page, 10)
    assert page.evaluate("saved") == 1
    page.click("#save-view")
    page.wait_for_function("() => saved === 2")


def test_the_weights_are_saved_as_a_picture_and_as_numbers(page: Page) -> None:
    page.keyboard.press("s")
    with page.expect_download() as saving:
        page.click("#save-png")
    assert saving.value.suggested_filename == f"{DEFAULT_MODEL}-weights.png"
    assert picture_of(saving.value).size == (10 * 28 * 16, 28 * 16)
    with page.expect_download() as saving:
        page.click("#save-csv")
    assert saving.value.suggested_filename == f"{DEFAULT_MODEL}-weights.csv"
    table = np.genfromtxt(saving.value.path(), delimiter=",", skip_header=1)
    model = load_model(MODELS / f"{DEFAULT_MODEL}.npz")
    assert np.array_equal(table[:-1, 2:].astype(np.float32), model.weights)
    assert np.array_equal(table[-1, 2:].astype(np.float32), model.bias)


def test_the_address_is_copied(browser: Browser, server_url: str) -> None:
    with browser.new_context(
        viewport=WINDOW, permissions=["clipboard-read", "clipboard-write"]
    ) as context:
        page = context.new_page()
        page.goto(server_url)
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        page.keyboard.press("s")
        page.click("#copy")
        expect(page.locator("#share-result")).to_have_text("Copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.startswith(f"{server_url}/#model={DEFAULT_MODEL}&check=")


def test_where_the_page_may_not_copy_it_shows_the_address(page: Page) -> None:
    page.evaluate(
        '() => { navigator.clipboard.writeText = () => Promise.reject(new Error("no")); }'
    )
    page.keyboard.press("s")
    page.click("#copy")
    expect(page.locator("#share-result")).to_contain_text("The address is http://")


def test_projector_mode_leaves_nothing_but_the_view(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    size = "() => parseFloat(getComputedStyle(document.documentElement).fontSize)"
    before = page.evaluate(size)
    page.keyboard.press("p")
    assert page.evaluate(size) > before
    for selector in ("nav", ".controls", ".model", "#open-gallery"):
        assert page.locator(selector).is_hidden()
    open_view(page, "weights")
    page.wait_for_url("**projector=1**")
    # A hand without keys gets out too, and the drawing is kept.
    page.click("#projector")
    expect(page.locator("nav")).to_be_visible()
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    expect(page.locator("nav")).to_be_visible()
    assert read_answer(page) == "7"


def test_the_keys_are_listed(page: Page) -> None:
    page.keyboard.press("?")
    dialog = page.locator("#keys")
    expect(dialog).to_be_visible()
    for link in page.locator("nav a").all():
        name, key = link.inner_text().split()[0], link.get_attribute("aria-keyshortcuts")
        expect(dialog.locator("dl > div", has_text=f"{key}{name}")).to_be_visible()
    # What is open over the page keeps its keys to itself.
    page.keyboard.press("3")
    expect(page.locator("#view-draw")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_real_digit_takes_the_drawings_place_and_a_stroke_takes_its(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    page.click("#open-gallery")
    page.get_by_role("button", name="A 2 of MNIST, number 1").click()
    expect(page.locator("#gallery")).to_be_hidden()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "2")
    alpha = page.locator("#pad").evaluate(
        """(pad) => [...pad.getContext("2d").getImageData(0, 0, pad.width, pad.height).data]
             .filter((_, index) => index % 4 === 3).reduce((sum, value) => sum + value)"""
    )
    width = page.locator("#pad").evaluate("pad => pad.width")
    ink = colours_of(page.locator("#sent"))[:, 3].sum()
    assert alpha / width**2 == pytest.approx(ink / 784, rel=0.02)
    draw_with_mouse(page, [[(0.5, 0.15), (0.5, 0.85)]])
    assert read_answer(page) == "1"
    # Whatever was there before comes back.
    page.click("#undo")
    assert read_answer(page) == "2"
    page.click("#undo")
    assert read_answer(page) == "7"


@pytest.mark.parametrize("key", ["c", "C", "Escape"])
def test_undo_restores_a_cleared_drawing(page: Page, key: str) -> None:
    draw_with_mouse(page, FOUR)
    assert read_answer(page) == "4"
    page.keyboard.press(key)
    assert read_answer(page) == ""
    page.keyboard.press("z")
    assert read_answer(page) == "4"
    page.keyboard.press("z")
    page.keyboard.press("z")
    assert read_answer(page) == ""


def test_clearing_a_clear_pad_is_nothing_to_undo(page: Page) -> None:
    draw_with_mouse(page, FOUR)
    assert read_answer(page) == "4"
    for _ in range(3):
        page.keyboard.press("c")
    page.keyboard.press("z")
    assert read_answer(page) == "4"


def test_a_reloaded_drawing_is_undone_stroke_by_stroke(page: Page) -> None:
    draw_with_mouse(page, FOUR)
    page.wait_for_url("**drawing=*.*")
    page.reload()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "4")
    page.click("#undo")
    read_answer(page)
    page.wait_for_url(re.compile("drawing=[^.]+$"))
    page.click("#undo")
    assert read_answer(page) == ""


def test_keys_work_where_a_list_has_the_focus_unless_they_choose_from_it(page: Page) -> None:
    page.locator("#model").focus()
    page.keyboard.press("3")
    expect(page.locator("#view-softmax")).to_be_visible()
    open_view(page, "weights")
    page.locator("#pair-first").focus()
    page.keyboard.press("5")
    expect(page.locator("#pair-first")).to_have_value("5")
    expect(page.locator("#view-weights")).to_be_visible()


def test_a_key_that_is_held_down_acts_once(page: Page) -> None:
    page.keyboard.down("p")
    page.keyboard.down("p")
    page.keyboard.up("p")
    expect(page.locator("nav")).to_be_hidden()


def test_going_back_changes_the_view_and_keeps_the_drawing(page: Page) -> None:
    draw_with_mouse(page, ONE)
    read_answer(page)
    open_view(page, "softmax")
    page.keyboard.press("c")
    draw_with_mouse(page, FOUR)
    page.keyboard.press("1")
    page.go_back()
    expect(page.locator("#view-softmax")).to_be_visible()
    assert read_answer(page) == "4"
    assert page.url.count(".") > 2


def test_a_model_is_not_compared_with_itself(page: Page) -> None:
    open_view(page, "weights")
    page.select_option("#beside", "tutorial")
    page.select_option("#model", "tutorial")
    expect(page.locator("#beside")).to_have_value("")
    expect(page.locator("#weights-beside")).to_be_hidden()


def test_a_pen_whose_pad_is_cleared_goes_on_with_a_new_stroke(page: Page) -> None:
    page.mouse.move(*on_screen(page, (0.2, 0.2)))
    page.mouse.down()
    page.mouse.move(*on_screen(page, (0.8, 0.2)), steps=5)
    page.keyboard.press("c")
    page.mouse.move(*on_screen(page, (0.5, 0.3)))
    page.mouse.move(*on_screen(page, (0.5, 0.9)), steps=5)
    page.mouse.up()
    assert read_answer(page) == "1"
    page.wait_for_url(re.compile("drawing=[^.]+$"))
