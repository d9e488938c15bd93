"""Shortcuts on the world's keyboards, the switch that turns them off, and Escape."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, expect

from server.web.routes.page import VIEWS
from tests.page.conditions import GUARDS
from tests.support.digits import ONE, SEVEN, Stroke
from tests.support.page import (
    collect_console_messages,
    open_page,
    open_view,
    strokes_of,
    wait_for_frames,
)
from tests.support.pen import draw_with_mouse, read_answer

ALT, CONTROL, META, SHIFT = 1, 2, 4, 8


@pytest.fixture
def keyboard(page: Page) -> CDPSession:
    return page.context.new_cdp_session(page)


def press(keyboard: CDPSession, key: str, code: str, modifiers: int = 0, repeats: int = 0) -> None:
    """Press a key as the browser gets it from a keyboard layout."""
    event = {"key": key, "code": code, "modifiers": modifiers}
    text = {"text": key} if len(key) == 1 and not modifiers & ~SHIFT else {}
    for number in range(1 + repeats):
        keyboard.send(
            "Input.dispatchKeyEvent",
            event | text | {"type": "keyDown", "autoRepeat": number > 0},
        )
    keyboard.send("Input.dispatchKeyEvent", event | {"type": "keyUp"})


DIALOGS = {"gallery": "g", "share": "s", "keys": "?"}

# Two strokes of two points each: this test draws them again for every key.
TWO_STROKES: list[Stroke] = [[(0.3, 0.2), (0.3, 0.8)], [(0.7, 0.2), (0.7, 0.8)]]


def percents(page: Page) -> list[str]:
    read_answer(page)
    return page.locator("[data-class] .percent").all_text_contents()


def begin_anew(page: Page) -> list[str]:
    """Draw two strokes in the first view, with nothing open over it; return what they answer."""
    page.evaluate(
        """() => {
          for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
          if (document.documentElement.classList.contains("projector")) {
            document.querySelector("#projector").click();
          }
          document.querySelector("nav [data-view=draw]").click();
          document.querySelector("#clear").click();
        }"""
    )
    draw_with_mouse(page, TWO_STROKES)
    return percents(page)


def happened(page: Page, before: list[str]) -> str:
    """Tell which shortcut acted, as the key that it has on a QWERTY keyboard; empty for none."""
    dialog, is_projected, view = page.evaluate(
        """() => [
          document.querySelector("dialog[open]")?.id,
          !document.querySelector("nav").checkVisibility(),
          document.querySelector("main").dataset.view,
        ]"""
    )
    if dialog:
        return DIALOGS[dialog]
    if is_projected:
        return "p"
    if view != "draw":
        return str(1 + list(VIEWS).index(view))
    now = percents(page)
    if now == before:
        return ""
    return "c" if set(now) == {""} else "z"


# By layout: key, code, modifiers, and the shortcut by its key on a QWERTY keyboard.
LAYOUTS: dict[str, list[tuple[str, str, int, str]]] = {
    # Russian, and with Shift or Caps Lock
    "Russian": [
        ("я", "KeyZ", 0, "z"),
        ("Я", "KeyZ", 0, "z"),
        ("С", "KeyC", SHIFT, "c"),
        ("п", "KeyG", 0, "g"),
        ("ы", "KeyS", 0, "s"),
        ("з", "KeyP", 0, "p"),
        (",", "Slash", SHIFT, "?"),
        ("?", "Digit7", SHIFT, "?"),
        ("я", "KeyZ", CONTROL, "z"),
        ("я", "KeyZ", META, "z"),
        ("Я", "KeyZ", CONTROL | SHIFT, ""),
        ("с", "KeyC", CONTROL, ""),
    ],
    # Greek
    "Greek": [
        ("ζ", "KeyZ", 0, "z"),
        ("ψ", "KeyC", 0, "c"),
        ("σ", "KeyS", 0, "s"),
        ("\u037e", "KeyQ", 0, "?"),
    ],
    # Hebrew
    "Hebrew": [
        ("ז", "KeyZ", 0, "z"),
        ("ב", "KeyC", 0, "c"),
        ("ז", "KeyZ", CONTROL, "z"),
    ],
    # Arabic: one key gives two characters, and digits and the question mark are others
    "Arabic": [
        ("ئ", "KeyZ", 0, "z"),
        ("ؤ", "KeyC", 0, "c"),
        ("لا", "KeyB", 0, ""),
        ("٣", "Digit3", 0, "3"),
        ("٣", "Numpad3", 0, "3"),
        ("؟", "Slash", SHIFT, "?"),
    ],
    # Persian, Devanagari, Thai, Korean, Georgian
    "other scripts": [
        ("ظ", "KeyZ", 0, "z"),
        ("۴", "Digit4", 0, "4"),
        ("४", "Digit4", 0, "4"),
        ("ๅ", "Digit1", 0, ""),
        ("ภ", "Digit4", 0, "4"),
        ("ฦ", "Slash", SHIFT, "?"),
        ("ฝ", "Slash", 0, ""),
        ("\u095f", "Slash", SHIFT, "?"),
        ("ㅋ", "KeyZ", 0, "z"),
        ("ზ", "KeyZ", 0, "z"),
    ],
    # AZERTY: digits with Shift and without, letters as printed, and its own punctuation
    "AZERTY": [
        ('"', "Digit3", 0, "3"),
        ("é", "Digit2", 0, "2"),
        ("_", "Digit8", 0, "8"),
        ("3", "Digit3", SHIFT, "3"),
        ("z", "KeyW", 0, "z"),
        ("w", "KeyZ", 0, ""),
        ("z", "KeyW", CONTROL, "z"),
        ("w", "KeyZ", CONTROL, ""),
        (",", "KeyM", 0, ""),
        ("?", "KeyM", SHIFT, "?"),
        ("§", "Slash", SHIFT, ""),
    ],
    # Czech and Lithuanian
    "Czech, Lithuanian": [
        ("š", "Digit3", 0, "3"),
        ("ę", "Digit3", 0, "3"),
    ],
    # QWERTZ
    "QWERTZ": [
        ("z", "KeyY", 0, "z"),
        ("y", "KeyZ", 0, ""),
        ("?", "Minus", SHIFT, "?"),
        ("_", "Slash", SHIFT, ""),
        ("ü", "BracketLeft", 0, ""),
    ],
    # Dvorak and Bépo
    "Dvorak, Bépo": [
        (";", "KeyZ", 0, ""),
        ("à", "KeyZ", 0, ""),
        ("c", "KeyI", 0, "c"),
    ],
    # QWERTY
    "QWERTY": [
        ("Z", "KeyZ", SHIFT, "z"),
        ("Z", "KeyZ", 0, "z"),
        ("Z", "KeyZ", CONTROL | SHIFT, ""),
        ("#", "Digit3", SHIFT, ""),
        ("3", "Numpad3", 0, "3"),
        ("PageDown", "Numpad3", 0, ""),
        ("z", "KeyZ", ALT, ""),
        ("ż", "KeyZ", CONTROL | ALT, ""),
    ],
    # Full-width characters of Chinese and Japanese input methods, but no other variants of letters
    "full-width": [
        ("ｚ", "KeyZ", 0, "z"),
        ("Ｚ", "KeyZ", SHIFT, "z"),
        ("３", "Digit3", 0, "3"),
        ("？", "Slash", SHIFT, "?"),
        ("²", "Backquote", 0, ""),
    ],
    # Input methods and dead keys
    "input methods": [
        ("Process", "KeyC", 0, ""),
        ("Dead", "KeyC", 0, ""),
        ("Unidentified", "KeyC", 0, ""),
    ],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_shortcut_is_the_key_that_is_printed_or_else_the_key_at_its_place(
    page: Page, keyboard: CDPSession, layout: str
) -> None:
    for key, code, modifiers, expected in LAYOUTS[layout]:
        before = begin_anew(page)
        press(keyboard, key, code, modifiers)
        assert happened(page, before) == expected, (key, code, modifiers)


def test_a_key_of_another_script_that_is_held_down_undoes_stroke_after_stroke(
    page: Page, keyboard: CDPSession
) -> None:
    before = begin_anew(page)
    press(keyboard, "я", "KeyZ", repeats=1)
    assert happened(page, before) == "c"


def hold_enter(keyboard: CDPSession) -> None:
    event = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
    for number in range(8):
        keyboard.send(
            "Input.dispatchKeyEvent", event | {"type": "keyDown", "autoRepeat": number > 0}
        )
    keyboard.send("Input.dispatchKeyEvent", event | {"type": "keyUp"})


def test_enter_that_is_held_down_presses_a_button_once(page: Page, keyboard: CDPSession) -> None:
    begin_anew(page)
    page.focus("#undo")
    hold_enter(keyboard)
    assert len(strokes_of(page)) == 1


def test_a_name_that_is_typed_in_a_list_chooses_and_does_nothing_else(page: Page) -> None:
    begin_anew(page)
    page.focus("#model")
    page.keyboard.type("normalized")
    expect(page.locator("#model")).to_have_value("normalized")
    assert len(strokes_of(page)) == 2


def test_shift_and_escape_is_left_to_the_browser(page: Page) -> None:
    begin_anew(page)
    page.keyboard.press("Shift+Escape")
    assert len(strokes_of(page)) == 2
    page.keyboard.press("Escape")
    expect(page.locator("#hint")).to_be_visible()


def test_pixels_are_edited_once_by_a_key_that_is_held_and_not_with_other_keys(
    page: Page, keyboard: CDPSession
) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "change")
    page.focus("#edit")
    page.keyboard.press("ArrowUp")
    marks = page.locator("#edit-marks")
    press(keyboard, " ", "Space", repeats=1)
    expect(marks).not_to_have_attribute("d", "")
    edited = marks.get_attribute("d")
    for modifiers in (ALT, CONTROL, META):
        press(keyboard, " ", "Space", modifiers)
        press(keyboard, "Enter", "Enter", modifiers)
    wait_for_frames(page)
    assert marks.get_attribute("d") == edited


def test_altgr_combinations_and_composed_characters_are_not_shortcuts(page: Page) -> None:
    """AltGr, which the protocol of the browser's tools cannot press."""
    before = begin_anew(page)
    page.evaluate(
        """() => {
          const options = { key: "ζ", code: "KeyZ", bubbles: true, modifierAltGraph: true };
          document.body.dispatchEvent(new KeyboardEvent("keydown", options));
          const composing = { key: "c", code: "KeyC", bubbles: true, isComposing: true };
          document.body.dispatchEvent(new KeyboardEvent("keydown", composing));
          const taken = { key: "c", code: "KeyC", bubbles: true, keyCode: 229 };
          document.body.dispatchEvent(new KeyboardEvent("keydown", taken));
          // As some browsers' forms do.
          document.body.dispatchEvent(new Event("keydown", { bubbles: true }));
        }"""
    )
    assert happened(page, before) == ""


@pytest.mark.parametrize(
    ("key", "code", "expected"),
    [
        ("c", "KeyC", ""),
        ("C", "KeyV", ""),
        ("z", "KeyZ", ""),
        ("?", "Digit7", "?"),
        ("3", "KeyE", "3"),
    ],
)
def test_with_altgr_digits_and_the_question_mark_are_shortcuts_and_letters_are_not(
    page: Page, key: str, code: str, expected: str
) -> None:
    before = begin_anew(page)
    page.evaluate(
        """(options) => {
          const altGr = { bubbles: true, modifierAltGraph: true };
          document.body.dispatchEvent(new KeyboardEvent("keydown", { ...options, ...altGr }));
        }""",
        {"key": key, "code": code},
    )
    assert happened(page, before) == expected


@pytest.mark.parametrize("space", ["\u00a0", "\u200c", "\u3000"])
def test_every_space_bar_puts_the_pen_down_and_edits_pixels(
    page: Page, keyboard: CDPSession, space: str
) -> None:
    page.locator("#pad").focus()
    press(keyboard, space, "Space", SHIFT)
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    press(keyboard, space, "Space", SHIFT)
    read_answer(page)
    assert len(strokes_of(page)) == 1
    open_view(page, "change")
    page.locator("#edit").focus()
    page.keyboard.press("ArrowUp")
    press(keyboard, space, "Space", SHIFT)
    expect(page.locator("#edit-marks")).to_have_attribute("d", re.compile(r"^M[^M]+$"))


def switch_off(page: Page) -> None:
    page.click("#open-keys")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.locator("#keys").get_by_role("button", name="Close").click()


def test_dictated_words_do_nothing_once_single_key_shortcuts_are_off(page: Page) -> None:
    before = begin_anew(page)
    switch_off(page)
    # A space would press the button that has the focus.
    page.keyboard.type("cats?zapping123456789я")
    assert happened(page, before) == ""
    for hint in ("#clear kbd", "nav a kbd"):
        expect(page.locator(hint).first).to_be_hidden()
    assert page.get_attribute("#undo", "aria-keyshortcuts") == "Control+Z"
    assert page.get_attribute("#projector", "aria-keyshortcuts") is None
    # What takes a modifier, or a focused element, stays.
    page.keyboard.press("Control+z")
    assert len(strokes_of(page)) == 1
    page.keyboard.press("Escape")
    assert strokes_of(page) == []
    page.locator("#pad").focus()
    for key in ["Space", *["ArrowDown"] * 5, "Space"]:
        page.keyboard.press(key)
    assert len(strokes_of(page)) == 1


def test_the_browser_remembers_that_single_key_shortcuts_are_off_until_they_are_on_again(
    page: Page,
) -> None:
    switch_off(page)
    page.reload()
    page.wait_for_selector("#model option", state="attached")
    page.keyboard.press("3")
    assert happened_view(page) == "draw"
    page.click("#open-keys")
    box = page.get_by_label("Single-key shortcuts")
    expect(box).not_to_be_checked()
    box.check()
    page.locator("#keys").get_by_role("button", name="Close").click()
    page.reload()
    page.wait_for_selector("#model option", state="attached")
    page.keyboard.press("3")
    assert happened_view(page) == "softmax"
    assert page.get_attribute("#undo", "aria-keyshortcuts") == "Z Control+Z"


def test_the_switch_acts_at_once_in_tabs_that_are_open(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#model option", state="attached")
    switch_off(other)
    expect(page.locator("html.no-single-keys")).to_be_attached()
    page.keyboard.press("c")
    assert len(strokes_of(page)) == 1


def happened_view(page: Page) -> str | None:
    wait_for_frames(page)
    return page.get_attribute("main", "data-view")


@pytest.mark.parametrize(
    "storage",
    [
        GUARDS["refused"],
        "Storage.prototype.getItem = Storage.prototype.setItem = () => { throw new Error('no'); };",
        "delete window.localStorage; Object.defineProperty(window, 'localStorage', {});",
    ],
)
def test_where_nothing_can_be_stored_the_switch_holds_until_the_page_is_left(
    browser: Browser, server_url: str, storage: str
) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.add_init_script(storage)
        page = context.new_page()
        complaints = collect_console_messages(page)
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        page.keyboard.press("2")
        assert happened_view(page) == "pixels"
        switch_off(page)
        page.keyboard.press("3")
        assert happened_view(page) == "pixels"
        assert complaints == []


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_the_list_of_keys_has_a_button_at_every_width(
    browser: Browser, server_url: str, width: int
) -> None:
    with browser.new_context(
        viewport={"width": width, "height": 800}, has_touch=width < 1000, is_mobile=width < 1000
    ) as context:
        page = context.new_page()
        page.goto(server_url)
        box = page.locator("#open-keys").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        page.click("#open-keys")
        expect(page.get_by_label("Single-key shortcuts")).to_be_visible()


@pytest.mark.parametrize("opener", ["#open-keys", "#open-share", "#open-gallery"])
@pytest.mark.parametrize("presses", [1, 2, 3])
def test_escape_in_a_dialog_closes_the_dialog_and_nothing_else(
    page: Page, opener: str, presses: int
) -> None:
    page.clock.install()
    draw_with_mouse(page, ONE)
    assert read_answer(page) == "1"
    page.click(opener)
    for _ in range(presses):
        page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert read_answer(page) == "1"
    # A while later it is the page that is meant.
    page.clock.fast_forward(800)
    page.keyboard.press("Escape")
    assert read_answer(page) == ""


def close_share(page: Page) -> None:
    page.click("#open-share")
    page.locator("#share").get_by_role("button", name="Close").click()


def choose_sample(page: Page) -> None:
    page.click("#open-gallery")
    page.get_by_role("button", name="A 1 of MNIST, number 2").click()


def choose_pixel(page: Page) -> None:
    page.locator(".pictures .map").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")


def leave_projector(page: Page) -> None:
    page.keyboard.press("p")
    page.keyboard.press("Escape")


def open_models(page: Page) -> None:
    page.click("#model")
    page.keyboard.press("Escape")


@pytest.mark.parametrize(
    "act", [close_share, choose_sample, choose_pixel, leave_projector, open_models]
)
def test_an_escape_just_after_something_was_closed_does_not_clear_the_drawing(
    page: Page, act: Callable[[Page], None]
) -> None:
    draw_with_mouse(page, ONE)
    read_answer(page)
    act(page)
    for _ in range(2):
        page.keyboard.press("Escape")
    assert read_answer(page) == "1"
    expect(page.locator("nav")).to_be_visible()


def test_an_escape_while_a_slider_is_dragged_does_not_clear_the_drawing(page: Page) -> None:
    draw_with_mouse(page, ONE)
    assert read_answer(page) == "1"
    open_view(page, "softmax")
    box = page.locator("#temperature").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.clock.install()
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 40, middle[1], steps=4)
    for _ in range(2):
        page.keyboard.press("Escape")
        page.clock.fast_forward(800)
    page.mouse.up()
    assert read_answer(page) == "1"
    # The slider keeps the focus.
    page.keyboard.press("Escape")
    assert read_answer(page) == ""


@pytest.mark.parametrize("size", [(1024, 768), (1280, 800), (1920, 1080)])
@pytest.mark.parametrize("view", VIEWS)
def test_projector_mode_has_a_button_for_the_keys_over_nothing_else(
    browser: Browser, server_url: str, size: tuple[int, int], view: str
) -> None:
    window: ViewportSize = {"width": size[0], "height": size[1]}
    with open_page(browser, f"{server_url}/#view={view}&projector=1", viewport=window) as page:
        expect(page.locator(f"#view-{view}[aria-busy=false]")).to_be_visible()
        page.click("#open-keys", trial=True)
        is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not is_wide
        header, main, *parts = page.evaluate(
            """() => ["header", "main", "#equation", "#projector", "#open-keys"].map((name) => {
              const { left, right, top, bottom } = document.querySelector(name)
                .getBoundingClientRect();
              return { left, right, top, bottom };
            })"""
        )
        assert header["bottom"] <= main["top"] + 1
        for part, following in pairwise(parts):
            assert part["right"] <= following["left"]
            assert part["top"] < following["bottom"]
        page.click("#open-keys")
        page.get_by_label("Single-key shortcuts").uncheck()


def test_escape_in_a_dialog_does_not_leave_projector_mode(page: Page) -> None:
    page.keyboard.press("p")
    page.keyboard.press("g")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#gallery")).to_be_hidden()
    expect(page.locator("nav")).to_be_hidden()
