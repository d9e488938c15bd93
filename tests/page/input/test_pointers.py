"""Pens, palms, fingers and mice: who draws, and when a stroke ends."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, expect

from tests.support.digits import FOUR, ONE, SEVEN, Stroke
from tests.support.page import (
    current_address,
    open_page,
    open_view,
    place_of,
    shown_strokes,
    strokes_of,
    wait_for_frames,
)
from tests.support.pen import (
    draw_with_finger,
    draw_with_mouse,
    draw_with_stylus,
    on_screen,
    read_answer,
    send_stylus,
    send_touch,
)

WINDOW: ViewportSize = {"width": 1280, "height": 800}
PALM = (0.9, 0.9)


@pytest.fixture
def tablet(browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page where there are a mouse, fingers and a pen."""
    with open_page(browser, server_url, viewport=WINDOW, has_touch=True) as page:
        yield page


@pytest.fixture
def device(tablet: Page) -> CDPSession:
    return tablet.context.new_cdp_session(tablet)


def now(page: Page) -> float:
    """Return the time of the page's events, in ms."""
    time: float = page.evaluate("performance.now()")
    return time


def lengths(page: Page) -> list[int]:
    return [len(stroke) for stroke in strokes_of(page)]


def test_a_pen_draws_while_a_palm_rests_and_the_palm_leaves_no_ink(
    tablet: Page, device: CDPSession
) -> None:
    send_touch(device, "touchStart", [on_screen(tablet, PALM)])
    draw_with_stylus(tablet, ONE)
    assert read_answer(tablet) == "1"
    assert lengths(tablet) == [4]
    send_touch(device, "touchEnd", [])
    tablet.click("#undo")
    assert read_answer(tablet) == ""
    tablet.keyboard.press("z")
    assert read_answer(tablet) == ""


@pytest.mark.parametrize("drawn", ["strokes", "a real digit", "strokes, cleared"])
def test_a_palm_changes_nothing_that_can_be_undone(
    tablet: Page, device: CDPSession, drawn: str
) -> None:
    if drawn == "a real digit":
        tablet.keyboard.press("g")
        tablet.get_by_role("button", name="A 4 of MNIST, number 2").click()
    else:
        draw_with_mouse(tablet, FOUR)
        read_answer(tablet)
    if drawn == "strokes, cleared":
        tablet.keyboard.press("c")
    send_touch(device, "touchStart", [on_screen(tablet, PALM)])
    send_touch(device, "touchMove", [on_screen(tablet, (0.8, 0.95))])
    draw_with_stylus(tablet, [[(0.1, 0.05), (0.9, 0.05)]])
    read_answer(tablet)
    tablet.keyboard.press("z")
    if drawn == "strokes, cleared":
        assert read_answer(tablet) == ""
        tablet.keyboard.press("z")
    assert read_answer(tablet) == "4"
    assert lengths(tablet) == ([] if drawn == "a real digit" else lengths(tablet)[:2])
    tablet.keyboard.press("z")
    if drawn != "a real digit":
        assert len(lengths(tablet)) == 1
    else:
        assert read_answer(tablet) == ""


def test_a_palm_whose_ink_was_cleared_does_not_come_back_with_undo(
    tablet: Page, device: CDPSession
) -> None:
    draw_with_mouse(tablet, ONE)
    read_answer(tablet)
    send_touch(device, "touchStart", [on_screen(tablet, PALM)])
    tablet.keyboard.press("c")
    draw_with_stylus(tablet, SEVEN)
    assert read_answer(tablet) == "7"
    tablet.keyboard.press("z")
    assert read_answer(tablet) == ""
    tablet.keyboard.press("z")
    assert read_answer(tablet) == "1"
    assert len(lengths(tablet)) == 1


def test_palms_that_arrive_while_a_pen_is_down_or_near_do_not_draw(
    tablet: Page, device: CDPSession
) -> None:
    upper, lower = FOUR
    send_stylus(device, "mouseMoved", on_screen(tablet, upper[0]))
    # While the pen hovers, ...
    send_touch(device, "touchStart", [on_screen(tablet, PALM)])
    send_touch(device, "touchMove", [on_screen(tablet, (0.8, 0.9))])
    send_touch(device, "touchEnd", [])
    send_stylus(device, "mousePressed", on_screen(tablet, upper[0]), buttons=1)
    for point in upper[1:]:
        # ... while it is down, ...
        send_touch(device, "touchStart", [on_screen(tablet, PALM)])
        send_stylus(device, "mouseMoved", on_screen(tablet, point), buttons=1)
        send_touch(device, "touchMove", [on_screen(tablet, (0.8, 0.9))])
        send_touch(device, "touchEnd", [])
    send_stylus(device, "mouseReleased", on_screen(tablet, upper[-1]))
    # ... and between two strokes.
    send_touch(device, "touchStart", [on_screen(tablet, PALM), on_screen(tablet, (0.9, 0.7))])
    send_touch(device, "touchMove", [on_screen(tablet, (0.8, 0.9)), on_screen(tablet, PALM)])
    draw_with_stylus(tablet, [lower])
    send_touch(device, "touchEnd", [])
    assert read_answer(tablet) == "4"
    assert lengths(tablet) == [len(upper), len(lower)]


def test_a_pen_that_comes_near_ends_what_a_palm_draws(tablet: Page, device: CDPSession) -> None:
    send_touch(device, "touchStart", [on_screen(tablet, PALM)])
    send_stylus(device, "mouseMoved", on_screen(tablet, (0.5, 0.5)))
    send_touch(device, "touchMove", [on_screen(tablet, (0.5, 0.1))])
    send_touch(device, "touchEnd", [])
    assert read_answer(tablet) == ""
    assert lengths(tablet) == []


def test_a_palm_that_the_system_cancels_when_the_pen_comes_leaves_no_ink(
    tablet: Page, device: CDPSession
) -> None:
    send_touch(device, "touchStart", [on_screen(tablet, PALM)])
    send_touch(device, "touchCancel", [])
    draw_with_stylus(tablet, ONE)
    assert read_answer(tablet) == "1"
    assert lengths(tablet) == [4]


def land(device: CDPSession, place: tuple[float, float], end: str) -> None:
    """Let a palm land, and the browser end its touch: "touchEnd" or "touchCancel"."""
    send_touch(device, "touchStart", [place])
    send_touch(device, end, [])


@pytest.mark.parametrize(
    "palms",
    [
        ["touchEnd"],
        ["touchEnd", "touchEnd"],
        ["touchCancel", "touchCancel"],
        ["touchCancel", "rests"],
        ["blur"],
        ["mouse"],
    ],
    ids=" ".join,
)
def test_palms_leave_no_ink_however_their_touch_ended(
    tablet: Page, device: CDPSession, palms: list[str]
) -> None:
    line: list[Stroke] = [[(0.1, 0.05), (0.9, 0.05)]]
    for number, end in enumerate(palms):
        place = on_screen(tablet, (0.9, 0.9 - 0.2 * number))
        if end.startswith("touch"):
            land(device, place, end)
            continue
        send_touch(device, "touchStart", [place])
        if end == "blur":
            tablet.evaluate("() => { dispatchEvent(new Event('blur')); }")
        elif end == "mouse":
            draw_with_mouse(tablet, line)
    draw_with_stylus(tablet, ONE)
    read_answer(tablet)
    drawn = [5, 4] if palms == ["mouse"] else [4]
    assert lengths(tablet) == drawn
    # Nothing of the palms can be undone either.
    for left in range(len(drawn) - 1, -1, -1):
        tablet.keyboard.press("z")
        assert lengths(tablet) == drawn[:left]


def test_what_a_finger_has_drawn_stays_when_a_pen_comes(tablet: Page) -> None:
    draw_with_finger(tablet, FOUR[:1])
    draw_with_stylus(tablet, FOUR[1:])
    assert read_answer(tablet) == "4"
    assert len(lengths(tablet)) == 2


def test_a_palm_on_the_pad_leaves_edits_and_added_evidence(
    tablet: Page, device: CDPSession
) -> None:
    draw_with_mouse(tablet, SEVEN)
    read_answer(tablet)
    open_view(tablet, "change")
    tablet.get_by_label("Fill", exact=True).check()
    tablet.mouse.click(*place_of(tablet, "#edit", 1, 1))
    open_view(tablet, "softmax")
    tablet.locator("#view-softmax tbody button").first.click()
    before = current_address(tablet)
    assert "&edits=" in before
    assert "&added=" in before
    land(device, on_screen(tablet, PALM), "touchEnd")
    send_stylus(device, "mouseMoved", on_screen(tablet, (0.5, 0.5)))
    read_answer(tablet)
    assert current_address(tablet) == before


@pytest.mark.parametrize("button", ["#edit-reset", "#flip"])
def test_a_palm_that_edited_pixels_does_not_bring_back_what_was_replaced(
    tablet: Page, device: CDPSession, button: str
) -> None:
    draw_with_mouse(tablet, SEVEN)
    read_answer(tablet)
    open_view(tablet, "change")
    tablet.get_by_label("Fill", exact=True).check()
    tablet.mouse.click(*place_of(tablet, "#edit", 1, 1))
    land(device, place_of(tablet, "#edit", 26, 26), "touchCancel")
    tablet.locator(button).click()
    marks = tablet.get_attribute("#edit-marks", "d")
    send_stylus(device, "mouseMoved", on_screen(tablet, (0.5, 0.5)))
    wait_for_frames(tablet)
    assert tablet.get_attribute("#edit-marks", "d") == marks


def test_a_finger_draws_again_when_the_pen_has_been_away(tablet: Page) -> None:
    tablet.clock.install()
    draw_with_stylus(tablet, FOUR[:1])
    tablet.clock.fast_forward(1100)
    draw_with_finger(tablet, FOUR[1:])
    assert read_answer(tablet) == "4"
    assert len(lengths(tablet)) == 2


def test_a_touch_that_never_ends_does_not_keep_the_mouse_from_drawing(
    tablet: Page, device: CDPSession
) -> None:
    send_touch(device, "touchStart", [on_screen(tablet, (0.5, 0.2))])
    draw_with_mouse(tablet, [[(0.5, 0.2), (0.5, 0.9)]])
    assert read_answer(tablet) == "1"
    assert lengths(tablet) == [1, 5]


def test_a_pen_that_is_never_lifted_does_not_keep_the_mouse_from_drawing(
    tablet: Page, device: CDPSession
) -> None:
    send_stylus(device, "mousePressed", on_screen(tablet, (0.5, 0.2)), buttons=1)
    # By the clock of the page's events, which Playwright's own clock would make too coarse.
    tablet.wait_for_function("since => performance.now() - since > 1000", arg=now(tablet))
    draw_with_mouse(tablet, [[(0.5, 0.2), (0.5, 0.9)]])
    assert read_answer(tablet) == "1"
    assert lengths(tablet) == [1, 5]


def test_a_palm_presses_no_button_while_a_pen_draws(tablet: Page, device: CDPSession) -> None:
    draw_with_mouse(tablet, ONE)
    before = lengths(tablet)
    start, *others = (on_screen(tablet, point) for point in SEVEN[0])
    send_stylus(device, "mousePressed", start, buttons=1)
    box = tablet.locator("#clear").bounding_box()
    assert box is not None
    send_touch(device, "touchStart", [(box["x"] + 20, box["y"] + 10)])
    send_touch(device, "touchEnd", [])
    for point in others:
        send_stylus(device, "mouseMoved", point, buttons=1)
    send_stylus(device, "mouseReleased", others[-1])
    assert lengths(tablet) == [*before, len(SEVEN[0])]
    # With the pen lifted, fingers press buttons.
    send_touch(device, "touchStart", [(box["x"] + 20, box["y"] + 10)])
    send_touch(device, "touchEnd", [])
    expect(tablet.locator("#hint")).to_be_visible()


def test_a_palm_leaves_no_edits_where_a_pen_edits_pixels(tablet: Page, device: CDPSession) -> None:
    draw_with_mouse(tablet, SEVEN)
    read_answer(tablet)
    open_view(tablet, "change")
    tablet.get_by_label("Fill", exact=True).check()
    send_touch(device, "touchStart", [place_of(tablet, "#edit", 26, 26)])
    send_stylus(device, "mouseMoved", place_of(tablet, "#edit", 1, 1))
    send_stylus(device, "mousePressed", place_of(tablet, "#edit", 1, 1), buttons=1)
    send_stylus(device, "mouseMoved", place_of(tablet, "#edit", 1, 2), buttons=1)
    send_touch(device, "touchMove", [place_of(tablet, "#edit", 26, 20)])
    send_stylus(device, "mouseReleased", place_of(tablet, "#edit", 1, 2))
    expect(tablet.locator("#edit-marks")).to_have_attribute("d", "M1 1h1v1h-1zM2 1h1v1h-1z")


def select_all(page: Page) -> None:
    page.keyboard.press("Control+a")


def select_by_mouse(page: Page) -> None:
    page.locator(".pictures").scroll_into_view_if_needed()
    words = page.locator("#sent ~ *, figcaption b").first.bounding_box()
    assert words is not None
    page.mouse.move(words["x"] + 1, words["y"] + 3)
    page.mouse.down()
    page.mouse.move(700, 60, steps=5)
    page.mouse.up()
    assert page.evaluate("getSelection().toString()")


@pytest.mark.parametrize("select", [select_all, select_by_mouse])
def test_drawing_on_the_pad_does_not_drag_a_selection(
    page: Page, select: Callable[[Page], None]
) -> None:
    select(page)
    strokes = [[(0.2, y), (0.5, y + 0.02), (0.8, y)] for y in (0.1, 0.3, 0.5, 0.7, 0.9)]
    draw_with_mouse(page, strokes)
    read_answer(page)
    assert lengths(page) == [9] * 5


def test_editing_pixels_does_not_drag_a_selection(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "change")
    page.get_by_label("Fill", exact=True).check()
    for row in (1, 3):
        select_all(page)
        page.mouse.move(*place_of(page, "#edit", row, 1))
        page.mouse.down()
        page.mouse.move(*place_of(page, "#edit", row, 10), steps=40)
        page.mouse.up()
    marks = page.get_attribute("#edit-marks", "d") or ""
    assert marks.count("M") == 20


@pytest.mark.parametrize(
    ("view", "picture"),
    [
        ("draw", ".frame.map"),
        ("draw", "[data-class='3'] .map"),
        ("pixels", "#numbers"),
        ("weights", "#weights-own .map"),
        ("weights", ".pair .map"),
        ("training", ".learned .map"),
        ("guide", "#guide-1 .map"),
    ],
)
def test_a_pressed_mouse_goes_on_choosing_pixels_whatever_is_selected(
    page: Page, view: str, picture: str
) -> None:
    open_view(page, view)
    page.locator(picture).first.scroll_into_view_if_needed()
    box = page.locator(picture).first.bounding_box()
    assert box is not None
    places = [
        (box["x"] + box["width"] * part, box["y"] + box["height"] * part)
        for part in (0.2, 0.3, 0.5, 0.8)
    ]
    select_all(page)
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    style = page.get_attribute("main", "style") or ""
    page.mouse.up()
    assert "--pixel-row: 22" in style
    assert "--pixel-column: 22" in style


@pytest.mark.parametrize(
    ("view", "element"),
    [
        ("accuracy", ".plot"),
        ("accuracy", ".confusion button"),
        ("softmax", "tbody button"),
        ("guide", "#guide-steps button"),
    ],
)
def test_what_is_pressed_and_moved_is_not_dragged_with_the_selection(
    page: Page, view: str, element: str
) -> None:
    open_view(page, view)
    page.evaluate(
        """() => {
          window.dragged = [];
          addEventListener("dragstart", ({ defaultPrevented }) => dragged.push(defaultPrevented));
        }"""
    )
    target = page.locator(f"#view-{view} {element}").first
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    select_all(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y, steps=6)
    page.mouse.up()
    assert False not in page.evaluate("dragged")


def test_a_slider_is_moved_whatever_is_selected(page: Page) -> None:
    open_view(page, "guide")
    page.locator("#guide-steps button").nth(2).click()
    slider = page.locator("#guide-count")
    slider.scroll_into_view_if_needed()
    select_all(page)
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=10)
    page.mouse.up()
    assert 350 < int(slider.input_value()) < 430


def test_nothing_on_the_page_that_is_drawn_on_starts_a_drag_or_a_selection(page: Page) -> None:
    page.evaluate(
        """() => {
          window.begun = [];
          for (const type of ["dragstart", "selectstart"]) {
            addEventListener(type, (event) => event.defaultPrevented || begun.push(type));
          }
        }"""
    )
    draw_with_mouse(page, SEVEN)
    page.locator("#pad").dblclick()
    read_answer(page)
    assert page.evaluate("begun") == []
    assert page.evaluate("getSelection().toString()") == ""


def test_a_press_on_the_pad_takes_the_focus_from_a_list(page: Page) -> None:
    page.locator("#model").focus()
    draw_with_mouse(page, ONE)
    assert page.evaluate("document.activeElement === document.body")
    page.mouse.move(*on_screen(page, (0.5, 0.5)))
    page.mouse.down()
    assert page.evaluate("document.activeElement.id") == "pad"
    page.mouse.up()


def test_a_pressed_picture_takes_the_keys(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "change")
    for picture in ("#edit", ".pictures .map"):
        page.locator(picture).click()
        assert page.evaluate("document.activeElement.matches('.map')")
        before = page.get_attribute("main", "style")
        page.keyboard.press("ArrowDown")
        assert page.get_attribute("main", "style") != before


def test_a_stroke_ends_when_its_button_is_released_while_another_is_down(page: Page) -> None:
    page.mouse.move(*on_screen(page, ONE[0][0]))
    page.mouse.down()
    page.mouse.move(*on_screen(page, ONE[0][-1]), steps=4)
    page.mouse.down(button="right")
    page.mouse.up()
    page.mouse.move(*on_screen(page, (0.9, 0.9)), steps=4)
    page.mouse.up(button="right")
    page.mouse.move(*on_screen(page, (0.1, 0.9)), steps=4)
    assert read_answer(page) == "1"
    # The press, four moves, and the other button's press, which is a move as well.
    assert lengths(page) == [6]
    draw_with_mouse(page, [[(0.1, 0.1), (0.2, 0.1)]])
    assert lengths(page) == [6, 5]


def test_a_button_that_is_pressed_while_another_is_down_draws(page: Page) -> None:
    start, end = on_screen(page, ONE[0][0]), on_screen(page, ONE[0][-1])
    page.mouse.move(*start)
    page.mouse.down(button="right")
    for _ in range(2):
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=4)
        page.mouse.up()
    page.mouse.up(button="right")
    page.mouse.move(*on_screen(page, (0.9, 0.9)), steps=4)
    assert read_answer(page) == "1"
    assert lengths(page) == [5, 5]


def test_a_mouse_that_comes_pressed_from_elsewhere_does_not_draw(page: Page) -> None:
    outside = page.locator("#answer").bounding_box()
    assert outside is not None
    page.mouse.move(outside["x"] + 4, outside["y"] + 4)
    page.mouse.down()
    page.mouse.move(*on_screen(page, (0.5, 0.5)), steps=5)
    page.mouse.up()
    assert shown_strokes(page) == []


@pytest.mark.parametrize("way", ["a move", "blur", "hidden"])
def test_a_stroke_whose_release_is_lost_ends(page: Page, way: str) -> None:
    # What the page adds later comes after these listeners, which are on the window as well.
    page.add_init_script(
        """for (const type of ["pointerup", "lostpointercapture"]) {
          addEventListener(type, (event) => {
            if (window.isLost) event.stopImmediatePropagation();
          }, { capture: true });
        }"""
    )
    page.reload()
    page.wait_for_selector("#model option", state="attached")
    page.evaluate("() => { window.isLost = true; }")
    page.mouse.move(*on_screen(page, ONE[0][0]))
    page.mouse.down()
    page.mouse.move(*on_screen(page, ONE[0][-1]), steps=4)
    if way == "a move":
        page.mouse.up()
        page.mouse.move(*on_screen(page, (0.9, 0.9)), steps=4)
    elif way == "blur":
        page.evaluate("() => { dispatchEvent(new Event('blur')); }")
        page.mouse.move(*on_screen(page, (0.9, 0.9)), steps=4)
    else:
        page.evaluate(
            """() => {
              Object.defineProperty(document, "hidden", { value: true, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
              delete document.hidden;
            }"""
        )
        page.mouse.move(*on_screen(page, (0.9, 0.9)), steps=4)
    assert read_answer(page) == "1"
    expect(page.locator("main")).to_have_attribute("data-fresh", "true")
    [stroke] = strokes_of(page)
    assert max(point["x"] for point in stroke) < 0.6
    page.mouse.up()


@pytest.mark.parametrize("key", ["?", "s", "g"])
def test_a_dialog_that_a_key_opens_ends_the_stroke(page: Page, key: str) -> None:
    page.mouse.move(*on_screen(page, ONE[0][0]))
    page.mouse.down()
    page.mouse.move(*on_screen(page, ONE[0][-1]), steps=4)
    page.keyboard.press(key)
    expect(page.locator("dialog[open]")).to_be_visible()
    page.mouse.move(*on_screen(page, (0.9, 0.9)), steps=4)
    page.mouse.up()
    assert read_answer(page) == "1"
    expect(page.locator("main")).to_have_attribute("data-fresh", "true")
    [stroke] = shown_strokes(page)
    assert max(point["x"] for point in stroke) < 0.6
    page.evaluate("() => document.querySelector('dialog[open]').close()")
    draw_with_mouse(page, [[(0.1, 0.9), (0.3, 0.9)]])
    assert len(shown_strokes(page)) == 2


def test_pixels_are_no_longer_edited_when_the_button_is_released_while_another_is_down(
    page: Page,
) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "change")
    page.get_by_label("Fill", exact=True).check()
    page.mouse.move(*place_of(page, "#edit", 1, 1))
    page.mouse.down()
    page.mouse.down(button="right")
    page.mouse.up()
    page.mouse.move(*place_of(page, "#edit", 1, 10), steps=20)
    page.mouse.up(button="right")
    expect(page.locator("#edit-marks")).to_have_attribute("d", "M1 1h1v1h-1z")


def test_a_fast_pen_leaves_no_gaps_in_the_pixels_that_it_edits(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "change")
    page.get_by_label("Fill", exact=True).check()
    page.mouse.move(*place_of(page, "#edit", 1, 2))
    page.mouse.down()
    page.mouse.move(*place_of(page, "#edit", 1, 8), steps=1)
    page.mouse.move(*place_of(page, "#edit", 3, 10), steps=1)
    page.mouse.up()
    row = "".join(f"M{column} 1h1v1h-1z" for column in range(2, 9))
    expect(page.locator("#edit-marks")).to_have_attribute("d", f"{row}M9 2h1v1h-1zM10 3h1v1h-1z")


def test_a_key_that_opens_another_view_ends_the_editing_of_pixels(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    open_view(page, "change")
    page.get_by_label("Fill", exact=True).check()
    page.mouse.move(*place_of(page, "#edit", 1, 1))
    page.mouse.down()
    open_view(page, "softmax")
    page.mouse.move(300, 300, steps=4)
    page.mouse.up()
    open_view(page, "change")
    expect(page.locator("#edit-marks")).to_have_attribute("d", "M1 1h1v1h-1z")


def test_a_browser_that_captures_no_pointer_draws_and_ends_strokes(page: Page) -> None:
    page.evaluate(
        """() => {
          Element.prototype.setPointerCapture = () => {
            throw new DOMException("Not allowed", "NotFoundError");
          };
        }"""
    )
    draw_with_mouse(page, SEVEN)
    # Lifted beside the pad.
    draw_with_mouse(page, [[(0.5, 0.95), (1.2, 0.95)]])
    page.mouse.move(*on_screen(page, (0.1, 0.1)), steps=4)
    read_answer(page)
    assert len(strokes_of(page)) == 2
    open_view(page, "change")
    page.get_by_label("Fill", exact=True).check()
    page.mouse.click(*place_of(page, "#edit", 1, 1))
    expect(page.locator("#edit-marks")).to_have_attribute("d", "M1 1h1v1h-1z")


def test_the_keyboard_s_pen_begins_no_stroke_while_the_mouse_draws(page: Page) -> None:
    page.mouse.move(*on_screen(page, (0.2, 0.2)))
    page.mouse.down()
    page.mouse.move(*on_screen(page, (0.2, 0.4)), steps=4)
    page.keyboard.press("Space")
    page.mouse.move(*on_screen(page, (0.2, 0.8)), steps=4)
    page.mouse.up()
    read_answer(page)
    (stroke,) = strokes_of(page)
    assert max(point["x"] for point in stroke) < 0.3


def test_the_first_stroke_of_the_mouse_does_not_show_the_keyboard_s_pen(page: Page) -> None:
    page.mouse.move(*on_screen(page, (0.3, 0.3)))
    page.mouse.down()
    page.mouse.move(*on_screen(page, (0.6, 0.6)))
    expect(page.locator("#pen")).to_be_hidden()
    page.mouse.up()
    page.locator("#pad").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#pen")).to_be_visible()
