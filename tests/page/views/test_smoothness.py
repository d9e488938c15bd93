"""That the page stays smooth: it loads what it needs, and each move costs what is new."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.web.routes.page import VIEWS
from tests.support.digits import FOUR, SEVEN, Stroke
from tests.support.page import open_view
from tests.support.pen import draw_with_mouse, on_screen, read_answer

SPIRAL: Stroke = [
    (0.5 + 0.002 * turn * math.cos(turn), 0.5 + 0.002 * turn * math.sin(turn))
    for turn in range(200)
]

# Draws one stroke of many points at once.
DRAW_POINTS = """
(count) => {
  const pad = document.querySelector("#pad");
  const box = pad.getBoundingClientRect();
  const send = (type, share) => pad.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "pen", isPrimary: true, button: 0, buttons: 1, bubbles: true,
    clientX: box.left + (0.5 + 0.2 * Math.cos(400 * share)) * box.width,
    clientY: box.top + (0.5 + 0.4 * Math.sin(300 * share)) * box.height,
  }));
  send("pointerdown", 0);
  for (let point = 1; point < count; point++) send("pointermove", point / count);
  send("pointerup", 1);
}
"""

STROKES_IN_ADDRESS = """async () => {
  const { readAddress } = await import("/static/state/address.js");
  return readAddress(location.hash).strokes.map((stroke) => stroke.map(({ x, y }) => [x, y]));
}"""

PAD = """() => {
  const pad = document.querySelector("#pad");
  // A copy: the browser warns of a canvas that is drawn on and read again and again.
  const context = new OffscreenCanvas(pad.width, pad.height).getContext("2d");
  context.drawImage(pad, 0, 0);
  const { data } = context.getImageData(0, 0, pad.width, pad.height);
  return [...data].filter((_, index) => index % 4 === 3);
}"""

SENT = """() => {
  const context = document.querySelector("#sent").getContext("2d");
  return [...context.getImageData(0, 0, 28, 28).data];
}"""

MODULES = """() => performance.getEntriesByType("resource")
  .map(({ name }) => new URL(name).pathname.replace(/^.static.v-[^/]*./, ""))
  .filter((name) => name.endsWith(".js"))"""

# Whether the modules that a view would import are those of the bundle.
IS_SHARED = """async () => {
  const { src } = document.querySelector("script[src]");
  const bundle = await import(src);
  const dom = await import(new URL("../components/dom.js", src));
  return dom.find === bundle.find;
}"""

STYLES = """() => [...document.styleSheets]
  .map(({ href }) => new URL(href).pathname.replace(/^.static.v-[^/]*./, ""))"""

# The selectors at the top level of each view's style file, by the view.
OWN_RULES = """() => Object.fromEntries([...document.styleSheets].flatMap(({ href, cssRules }) => {
  const [, view] = href.match(/views.(.*).css$/) ?? [];
  return view ? [[view, [...cssRules].map((rule) => rule.selectorText)]] : [];
}))"""


def strokes_in_address(page: Page) -> Any:
    page.wait_for_url("**drawing**")
    return page.evaluate(STROKES_IN_ADDRESS)


def test_the_first_view_needs_one_script_whose_modules_the_other_views_share(page: Page) -> None:
    # The browser may report where the mouse of an earlier page was, which loads the other views.
    page.add_init_script(
        "addEventListener('pointermove', (event) => event.stopImmediatePropagation(), true)"
    )
    page.reload()
    page.wait_for_selector("#model option", state="attached")
    assert page.evaluate(MODULES) == ["page/bundle.js"]
    assert page.evaluate(STYLES) == ["style.css", "page.css", "print.css"]
    open_view(page, "softmax")
    loaded = page.evaluate(MODULES)
    assert "views/softmax.js" in loaded
    # The first key that is pressed loads all views, some of which need this module.
    shared = [name for name in loaded if name.startswith(("numbers/", "state/"))]
    assert shared in ([], ["numbers/axis.js"])
    assert page.evaluate(IS_SHARED)


LOGIN_PAGE = "<!doctype html><title>Log in</title>"


@pytest.mark.parametrize("file", ["views/softmax.js", "views/softmax.css", "components/shared.css"])
@pytest.mark.parametrize("fail", [Route.abort, lambda route: route.fulfill(body=LOGIN_PAGE)])
def test_a_view_is_shown_once_its_script_and_styles_are_here_and_asked_for_until_then(
    browser: Browser, server_url: str, file: str, fail: Callable[[Route], None]
) -> None:
    view = "#view-softmax"
    with browser.new_context() as context:
        page = context.new_page()
        page.route(f"**/{file}", lambda route: fail(route))
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        page.keyboard.press("3")
        expect(page.locator("#problem")).to_contain_text("cannot be reached")
        expect(page.locator(view)).to_have_attribute("aria-busy", "true")
        expect(page.locator(view)).to_be_hidden()
        page.unroute(f"**/{file}")
        expect(page.locator(f"{view}[aria-busy=false]")).to_be_visible()
        expect(page.locator("#odds")).to_contain_text("Draw a digit")
        expect(page.locator("#problem")).to_be_empty()
        styles = page.evaluate(STYLES)
        assert styles[:4] == ["style.css", "page.css", "print.css", "components/shared.css"]
        assert styles.count("views/softmax.css") == 1
        # What was tried in vain before is there once, not twice.
        draw_with_mouse(page, SEVEN)
        read_answer(page)
        page.locator("#steps .add[value='1']").first.click()
        expect(page.locator("#odds")).to_contain_text("+1 took the odds of 0")


def test_a_view_looks_the_same_whichever_view_was_opened_before(page: Page) -> None:
    """All rules in the style file of a view apply in it only."""
    for number, view in enumerate(VIEWS, 1):
        page.keyboard.press(str(number))
        expect(page.locator(f"#view-{view}[aria-busy=false]")).to_be_visible()
    own = page.evaluate(OWN_RULES)
    assert sorted(own) == sorted(set(VIEWS) - {"draw"})
    for view, selectors in own.items():
        assert selectors == [f":where(#view-{view})"]


def test_who_has_begun_to_draw_can_see_all_views_without_the_server(
    browser: Browser, server_url: str
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        with page.expect_response("**/views/guide.js"):
            draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        page.route("**/*", lambda route: route.abort())
        page.keyboard.press("2")
        expect(page.locator("#numbers td.inked").first).to_be_visible()


def test_a_mouse_s_moves_are_kept_once_each(page: Page) -> None:
    """Chromium tells of each twice: at once, and with the next frame."""
    path = [(0.2 + 0.05 * move, 0.5) for move in range(12)]
    page.mouse.move(*on_screen(page, path[0]))
    page.mouse.down()
    for point in path[1:]:
        page.mouse.move(*on_screen(page, point))
    page.mouse.up()
    [stroke] = strokes_in_address(page)
    assert [x for x, _ in stroke] == pytest.approx([x for x, _ in path], abs=0.003)


def test_between_two_frames_the_first_move_of_a_pen_is_asked_about_and_all_others_together(
    page: Page,
) -> None:
    asked: list[bytes | str | None] = []
    page.on("request", lambda sent: asked.append(sent.post_data_buffer))
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: asked.append(sent)))
    page.evaluate(
        """() => {
          const pad = document.querySelector("#pad");
          const box = pad.getBoundingClientRect();
          const send = (type, share) => pad.dispatchEvent(new PointerEvent(type, {
            pointerId: 1, pointerType: "pen", isPrimary: true, button: 0, buttons: 1,
            clientX: box.left + share * box.width, clientY: box.top + 0.5 * box.height,
          }));
          send("pointerdown", 0.1);
          for (let move = 1; move < 50; move++) send("pointermove", 0.1 + 0.015 * move);
        }"""
    )
    read_answer(page)
    drawings = [drawing for drawing in asked if isinstance(drawing, bytes)]
    assert len(drawings) == 2
    # A dot first, and the whole line in the end.
    ink = [sum(value > 0 for value in body) for body in drawings]
    assert ink[0] > 300 > ink[1]


def test_ink_painted_move_by_move_equals_ink_painted_in_one_go(page: Page) -> None:
    draw_with_mouse(page, [*FOUR, [(0.9, 0.9)]])
    read_answer(page)
    by_moves = page.evaluate(PAD)
    page.evaluate("() => { dispatchEvent(new Event('resize')); }")
    fast_path = page.evaluate(PAD)
    assert sum(fast_path) > 0
    apart = [abs(a - b) for a, b in zip(by_moves, fast_path, strict=True)]
    # Only where the edges of two pieces overlap.
    assert sum(apart) < 0.01 * sum(fast_path)


def test_undone_and_cleared_ink_is_painted_over(page: Page) -> None:
    draw_with_mouse(page, FOUR[:1])
    read_answer(page)
    first = page.evaluate(PAD)
    draw_with_mouse(page, FOUR[1:])
    page.click("#undo")
    undone = page.evaluate(PAD)
    assert sum(abs(a - b) for a, b in zip(first, undone, strict=True)) < 0.01 * sum(first)
    page.click("#clear")
    assert sum(page.evaluate(PAD)) == 0


def test_pixels_made_move_by_move_are_those_of_the_whole_drawing(page: Page) -> None:
    """Through growing strokes, another stroke, one taken away, and a drawing of its own."""
    apart = page.evaluate(
        """async ([spiral, four]) => {
          const module = "/static/numbers/rasterizer.js";
          const { createRasterizer, strokesToPicture } = await import(module);
          const toPoints = (stroke) => stroke.map(([x, y]) => ({ x, y }));
          const toPicture = createRasterizer();
          const [points, others] = [toPoints(spiral), four.map(toPoints)];
          const growing = [];
          const drawings = [...points.map(() => [growing]), [growing, ...others], others,
                            others.slice(0, 1), [], [growing]];
          const states = [];
          for (const [index, strokes] of drawings.entries()) {
            if (index < points.length) growing.push(points[index]);
            const [one, whole] = [toPicture(strokes), strokesToPicture(strokes)];
            states.push(JSON.stringify(one) === JSON.stringify(whole));
          }
          return states.indexOf(false);
        }""",
        [SPIRAL, FOUR],
    )
    assert apart == -1


@pytest.mark.parametrize(
    ("points", "part"),
    [pytest.param(5000, "drawing", id="drawing"), pytest.param(5001, "image", id="picture")],
)
def test_a_drawing_of_too_many_points_is_shared_as_the_picture_of_it(
    page: Page, points: int, part: str
) -> None:
    page.evaluate(DRAW_POINTS, points)
    digit = read_answer(page)
    sent = page.evaluate(SENT)
    page.wait_for_url(f"**{part}=**")
    assert len(page.evaluate("location.hash")) < 31_000
    page.reload()
    page.wait_for_selector("#answer:not([data-digit=''])")
    assert read_answer(page) == digit
    assert page.evaluate(SENT) == sent


def test_an_address_of_too_many_points_says_so(page: Page) -> None:
    page.evaluate("() => { location.hash = `drawing=${'YAAWZm'.repeat(5001)}`; }")
    expect(page.locator("#problem")).to_contain_text("more than 5,000 points")
