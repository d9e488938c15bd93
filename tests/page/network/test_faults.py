"""The page where things go wrong: servers that stop, bad networks, lost pens, odd browsers.

Whatever happens, the drawing stays, no answer to another drawing is shown as if it were this one's,
and all goes on by itself as soon as it can.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from server.storage.history import TRAININGS, save_history
from server.storage.model_file import load_model
from tests.page.conditions import GUARDS, IMPATIENT, busy
from tests.support.digits import FOUR, ONE, SEVEN
from tests.support.factories import make_card, make_history, save_model, save_small_model
from tests.support.page import (
    collect_console_messages,
    is_inked,
    open_page,
    open_view,
    strokes_of,
    wait_for_event,
    wait_for_frames,
)
from tests.support.pen import draw_with_finger, draw_with_mouse, on_screen, read_answer, send_touch
from tests.support.serving import serve

WINDOW: ViewportSize = {"width": 1280, "height": 800}
UPRIGHT: ViewportSize = {"width": 390, "height": 844}
ACROSS: ViewportSize = {"width": 844, "height": 390}


PREDICTIONS = "**/api/predict*"


@pytest.fixture
def hurried(browser: Browser, server_url: str) -> Iterator[Page]:
    """Open a page that waits for little; its console may complain, but no script may fail."""
    with browser.new_context(viewport=WINDOW) as context:
        context.add_init_script(IMPATIENT)
        page = context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        yield page
        assert failures == []


@pytest.fixture
def phone(browser: Browser, server_url: str) -> Iterator[Page]:
    options = {"viewport": UPRIGHT, "has_touch": True, "is_mobile": True}
    with open_page(browser, server_url, **options) as page:
        yield page


def test_a_server_that_stops_and_starts_again_costs_nothing_but_time(browser: Browser) -> None:
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        with serve() as url:
            page.goto(url)
            page.wait_for_selector("#model option", state="attached")
            draw_with_mouse(page, FOUR[:1])
            read_answer(page)
        expect(page.locator("#problem")).to_contain_text("cannot be reached. Your drawing is kept")
        draw_with_mouse(page, FOUR[1:])
        assert is_inked(page, FOUR[1][1])
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "true")
        with serve("--port", str(urlsplit(url).port)):
            assert read_answer(page) == "4"
            expect(page.locator("#problem")).to_be_empty()
        assert len(strokes_of(page)) == 2


def test_a_busy_server_is_asked_again_when_it_says_and_for_the_last_drawing_alone(
    browser: Browser, server_url: str
) -> None:
    with browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        asked: dict[str, list[float]] = {"/api/predict": [], "/api/training": []}

        def refuse(route: Route) -> None:
            asked[urlsplit(route.request.url).path].append(time.monotonic())
            busy(route, "2")

        for path in asked:
            page.route(f"**{path}*", refuse)
        draw_with_mouse(page, ONE)
        expect(page.locator("#problem")).to_contain_text("The server is busy")
        page.click("#clear")
        # The pen does not wait for the server.
        for stroke in FOUR:
            draw_with_mouse(page, [stroke])
            assert is_inked(page, stroke[1])
        expect(page.locator("#answer")).to_have_attribute("aria-busy", "true")
        drawings: list[bytes | None] = []
        page.on(
            "request",
            lambda request: "predict" in request.url and drawings.append(request.post_data_buffer),
        )
        wait_for_event(page, lambda: min(map(len, asked.values())) >= 2)
        for path, times in asked.items():
            assert times[1] - times[0] >= 2
            page.unroute(f"**{path}*")
        assert read_answer(page) == "4"
        expect(page.locator("#problem")).to_be_empty()
        assert len(set(drawings)) == 1


DELAYS = {
    # what failed: from so many ms on, up to so many
    "new ProblemError(503, 'as long as it says', 3)": (3_000, 4_500),
    "new ProblemError(503, 'but not for ever', 1e9)": (10_000, 15_000),
    "new ProblemError(503, 'it does not say', 0)": (1_000, 1_500),
    "new ProblemError(503, 'in the past', -5)": (1_000, 1_500),
    "new TypeError('not there')": (1_000, 1_500),
}


def test_pages_wait_as_long_as_they_are_told_and_not_all_the_same(page: Page) -> None:
    for failure, (least, most) in DELAYS.items():
        delays = page.evaluate(
            f"""async () => {{
              const {{ ProblemError, retryDelay }} = await import("/static/network/http.js");
              return Array.from({{ length: 100 }}, () => retryDelay({failure}));
            }}"""
        )
        assert least <= min(delays) <= max(delays) <= most
        assert max(delays) - min(delays) > (most - least) / 2


LOGIN = "<html><script>alert('Accept our terms')</script>" + "Log in! " * 4_000

PORTALS = [
    # status, content type, body
    (200, "text/html", LOGIN),
    (200, "application/json", LOGIN),
    (200, "application/json", ""),
    (200, "application/json", "null"),
    (200, "application/json", '{"login": "here"}'),
    (401, "text/html", LOGIN),
    (404, "text/html", LOGIN),
    (511, "application/json", '{"detail": "log in"}'),
    (503, "application/problem+json", LOGIN),
    (502, "text/plain", "Bad gateway"),
]


def stand_in(page: Page, pattern: str, status: int, content_type: str, body: str) -> None:
    """Answer in the server's place."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type=content_type, body=body)

    page.route(pattern, answer)


def test_responses_of_a_captive_portal_are_treated_as_failures(hurried: Page) -> None:
    for number, portal in enumerate(PORTALS):
        digit, strokes = ("7", SEVEN) if number % 2 else ("1", ONE)
        stand_in(hurried, "**/api/**", *portal)
        draw_with_mouse(hurried, strokes)
        expect(hurried.locator("#problem")).to_contain_text("cannot be reached")
        expect(hurried.locator("#answer")).to_have_attribute("aria-busy", "true")
        hurried.unroute("**/api/**")
        assert read_answer(hurried) == digit
        expect(hurried.locator("#problem")).to_be_empty()
        hurried.click("#clear")


@pytest.mark.parametrize("portal", [PORTALS[0], PORTALS[4], PORTALS[6]])
def test_a_page_that_opens_behind_a_portal_gets_its_models_and_weights_later(
    hurried: Page, portal: tuple[int, str, str]
) -> None:
    for pattern in ("**/api/models", "**/weights.bin*"):
        stand_in(hurried, pattern, *portal)
    hurried.reload()
    for pattern in ("**/api/models", "**/weights.bin*"):
        expect(hurried.locator("#problem")).to_contain_text("cannot be reached")
        hurried.unroute(pattern)
    expect(hurried.locator("#problem")).to_be_empty()
    draw_with_mouse(hurried, SEVEN)
    assert read_answer(hurried) == "7"
    expect(hurried.locator("[data-class='7'] .bias")).not_to_be_empty()


def test_an_answer_that_is_lost_without_a_word_is_asked_for_again(hurried: Page) -> None:
    lost: list[Route] = []
    hurried.route(PREDICTIONS, lambda route: lost.append(route))
    draw_with_mouse(hurried, SEVEN)
    expect(hurried.locator("#problem")).to_contain_text("cannot be reached")
    hurried.unroute(PREDICTIONS)
    assert read_answer(hurried) == "7"


# A network that delays answers, loses some, and brings the busy server's refusals. Every fifth
# answer over a WebSocket is lost, and the socket closed. The first probability of an answer is the
# ink that was asked about, and the page is watched at every frame.
BAD_NETWORK = """
  let seed = 20;
  const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const ask = window.fetch;
  window.asked = { delayed: 0, lost: 0, refused: 0, live: 0, closed: 0 };
  const inkOf = (drawing) => drawing.reduce((sum, value) => sum + value) / 1e6;
  window.fetch = async (path, options) => {
    const response = await ask(path, options);
    if (!path.includes("/api/predict")) return response;
    await new Promise((resolve) => setTimeout(resolve, 250 * chance() ** 2));
    const fate = chance();
    asked[fate < 0.25 ? "lost" : fate < 0.45 ? "refused" : "delayed"]++;
    if (fate < 0.25) throw new TypeError("lost");
    if (fate < 0.45) return new Response('{"detail": "busy"}', { status: 503,
      headers: { "Content-Type": "application/problem+json", "Retry-After": "1" } });
    const answer = await response.json();
    answer.probabilities[0] = inkOf(options.body);
    return Response.json(answer);
  };
  window.WebSocket = class extends WebSocket {
    addEventListener(type, listener) {
      super.addEventListener(type, type !== "message" ? listener : ({ data }) => {
        const answer = JSON.parse(data);
        answer.probabilities[0] = this.ink;
        setTimeout(() => {
          const isLost = chance() < 0.2;
          asked[isLost ? "closed" : "live"]++;
          if (isLost) this.close();
          else listener({ data: JSON.stringify(answer) });
        }, 100 * chance() ** 2);
      });
    }
    send(drawing) {
      this.ink = inkOf(drawing);
      super.send(drawing);
    }
  };
  window.seen = { right: 0, busy: 0, stale: [] };
  const look = () => {
    requestAnimationFrame(look);
    const answer = document.querySelector("#answer");
    if (!answer?.dataset.digit && answer?.ariaBusy !== "true") return;
    if (answer.ariaBusy === "true") return seen.busy++;
    const sent = document.querySelector("#sent");
    const { data } = sent.getContext("2d").getImageData(0, 0, 28, 28);
    const ink = sent.hidden ? 0 : data.reduce((sum, value, at) => sum + (at % 4 === 3) * value, 0);
    const shown = document.querySelector("[data-class='0']").dataset.probability;
    if (Number(shown) === ink / 1e6) seen.right++;
    else seen.stale.push([shown, ink / 1e6]);
  };
  requestAnimationFrame(look);
"""

# How often each must have happened. A busy machine shows fewer frames, and asks less often.
ENOUGH = {"delayed": 6, "lost": 2, "refused": 2, "live": 6, "closed": 2, "right": 21, "busy": 21}
MAX_ROUNDS = 40


def test_no_answer_to_another_drawing_is_ever_shown_as_this_ones(
    browser: Browser, server_url: str
) -> None:
    with browser.new_context(viewport=WINDOW, reduced_motion="reduce") as context:
        context.add_init_script(IMPATIENT)
        context.add_init_script(BAD_NETWORK)
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        for number in range(MAX_ROUNDS):
            draw_with_mouse(page, [ONE, SEVEN, FOUR][number % 3])
            wait_for_frames(page, 3 * number)
            page.keyboard.press("cz"[number % 2])
            wait_for_frames(page, 4)
            draw_with_mouse(page, [[(0.1, 0.1 * number), (0.9, 0.1 * number)]])
            read_answer(page)
            wait_for_frames(page, 3)
            page.keyboard.press("zc"[number % 2])
            read_answer(page)
            asked, seen = page.evaluate("[asked, seen]")
            assert seen["stale"] == []
            counts = {**asked, "right": seen["right"], "busy": seen["busy"]}
            if all(counts[name] >= count for name, count in ENOUGH.items()):
                break
        else:
            pytest.fail(f"not enough has been seen: {counts}")


def test_a_pen_that_is_taken_away_ends_its_stroke_and_the_next_one_draws(page: Page) -> None:
    page.evaluate(
        'addEventListener("pointerdown", ({ pointerId }) => { window.pointer = pointerId; })'
    )
    page.mouse.move(*on_screen(page, ONE[0][0]))
    page.mouse.down()
    for point in ONE[0][1:]:
        page.mouse.move(*on_screen(page, point), steps=4)
    page.evaluate('document.querySelector("#pad").releasePointerCapture(pointer)')
    page.mouse.move(*on_screen(page, (0.9, 0.9)))
    assert read_answer(page) == "1"
    expect(page.locator("main")).to_have_attribute("data-fresh", "true")
    page.mouse.up()
    draw_with_mouse(page, [[(0.1, 0.1), (0.2, 0.1)]])
    first, second = strokes_of(page)
    assert max(point["x"] for point in first) < 0.6
    assert len(second) == 5


def test_a_touch_that_is_cancelled_ends_its_stroke_and_the_next_one_draws(phone: Page) -> None:
    touch = phone.context.new_cdp_session(phone)
    send_touch(touch, "touchStart", [on_screen(phone, ONE[0][0])])
    for point in ONE[0][1:]:
        send_touch(touch, "touchMove", [on_screen(phone, point)])
    send_touch(touch, "touchCancel", [])
    assert read_answer(phone) == "1"
    draw_with_finger(phone, [[(0.1, 0.1), (0.2, 0.1)]])
    assert [len(stroke) for stroke in strokes_of(phone)] == [4, 2]


def test_a_phone_that_is_turned_in_the_middle_of_a_stroke_keeps_what_was_drawn(
    phone: Page,
) -> None:
    touch = phone.context.new_cdp_session(phone)
    upper, lower = ONE[0][:2], ONE[0][2:]
    send_touch(touch, "touchStart", [on_screen(phone, upper[0])])
    send_touch(touch, "touchMove", [on_screen(phone, upper[1])])
    phone.set_viewport_size(ACROSS)
    phone.evaluate("scrollTo(0, 0)")
    for point in lower:
        send_touch(touch, "touchMove", [on_screen(phone, point)])
    send_touch(touch, "touchEnd", [])
    assert read_answer(phone) == "1"
    assert is_inked(phone, (0.5, 0.3))
    (stroke,) = strokes_of(phone)
    drawn = [(point["x"], point["y"]) for point in stroke]
    for point in ONE[0]:
        assert any(near == pytest.approx(point, abs=0.02) for near in drawn)


def test_a_tab_that_sleeps_in_the_middle_of_a_stroke_answers_when_it_wakes(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    # As browsers do in a tab that is not looked at: frames are held, and it is said to be hidden.
    page.evaluate(
        """() => {
          window.isAsleep = false;
          // How often a timer of half a second, as that of the look at what is trained, has ended.
          window.looks = 0;
          const wait = setTimeout;
          window.setTimeout = (action, ms, ...rest) =>
            wait((...values) => { looks += ms === 500; action(...values); }, ms, ...rest);
          const next = requestAnimationFrame;
          const held = [];
          window.requestAnimationFrame = (action) => isAsleep ? held.push(action) : next(action);
          window.wake = () => { isAsleep = false; held.splice(0).forEach(next); };
          Object.defineProperty(document, "hidden", { get: () => isAsleep });
          addEventListener("pointerdown", ({ pointerId }) => { window.pointer = pointerId; });
        }"""
    )
    page.mouse.move(*on_screen(page, ONE[0][0]))
    page.mouse.down()
    page.mouse.move(*on_screen(page, ONE[0][1]), steps=4)
    looks = page.evaluate("() => { isAsleep = true; return looks; }")
    # The first look of a page that sleeps comes after all that it asked for before.
    page.wait_for_function("before => looks > before", arg=looks)
    asked.clear()
    looks = page.evaluate("looks")
    for point in ONE[0][2:]:
        page.mouse.move(*on_screen(page, point), steps=4)
    page.wait_for_function("before => looks > before", arg=looks)
    assert not any("/api/training" in url for url in asked)
    page.evaluate('document.querySelector("#pad").releasePointerCapture(pointer)')
    page.mouse.move(1, 1)
    page.evaluate("wake()")
    assert read_answer(page) == "1"
    page.mouse.up()
    with page.expect_request("**/api/training"):
        draw_with_mouse(page, [[(0.1, 0.5), (0.9, 0.5)]])
    read_answer(page)


def test_thousands_of_points_make_one_stroke(page: Page) -> None:
    count = 5_000
    page.locator("#pad").evaluate(
        """(pad, count) => {
          const box = pad.getBoundingClientRect();
          const send = (type, fraction) => pad.dispatchEvent(new PointerEvent(type, {
            pointerId: 7, isPrimary: true, bubbles: true,
            clientX: box.left + box.width / 2, clientY: box.top + box.height * fraction }));
          send("pointerdown", 0.1);
          for (let point = 1; point < count; point++) {
            send("pointermove", 0.1 + 0.8 * Math.abs(Math.sin(point)));
          }
          send("pointerup", 0.9);
        }""",
        count,
    )
    assert read_answer(page) == "1"
    assert [len(stroke) for stroke in strokes_of(page)] == [count]
    page.click("#undo")
    assert read_answer(page) == ""


@pytest.mark.parametrize("guard", GUARDS)
def test_a_browser_that_guards_what_pages_read_draws_and_answers_the_same(
    page: Page, browser: Browser, server_url: str, guard: str
) -> None:
    with browser.new_context(viewport=WINDOW) as context:
        context.add_init_script(GUARDS[guard])
        guarded = context.new_page()
        complaints = collect_console_messages(guarded)
        guarded.goto(server_url)
        guarded.wait_for_selector("#model option", state="attached")
        sent = []
        for one in (page, guarded):
            is_whole = "**/api/predict*placement*"
            with one.expect_request(is_whole) as sending:
                draw_with_mouse(one, SEVEN)
            assert read_answer(one) == "7"
            sent.append(sending.value.post_data_buffer)
        assert sent[0] == sent[1]
        if guard == "refused":
            for view in ("pixels", "weights", "change", "training", "accuracy", "guide"):
                open_view(guarded, view)
            guarded.keyboard.press("s")
            guarded.click("#save-view")
            expect(guarded.locator("#share-result")).to_contain_text("could not make the picture")
        assert complaints == []


MARKUP = "<img src=x onerror=window.pwned=1>"


def test_markup_in_names_and_reasons_is_text(browser: Browser, tmp_path: Path) -> None:
    model = load_model(save_small_model(tmp_path))
    says: dict[str, object] = {"recipe": MARKUP, "optimizer": MARKUP, "created": MARKUP}
    save_model(tmp_path, "small", model.weights, model.bias, model.familiarity, make_card(**says))
    for name, outcome in (("one", "failed"), ("two", "running"), ("three", "diverged")):
        history = make_history(name, outcome=outcome, run=MARKUP + name, reason=MARKUP, **says)
        save_history(tmp_path / TRAININGS, history)
    with serve("--models", str(tmp_path)) as url, browser.new_context(viewport=WINDOW) as context:
        page = context.new_page()
        complaints = collect_console_messages(page)
        shown = ""
        markup = quote(MARKUP)
        for part in ("model", "view", "drawing", "label"):
            page.goto(f"{url}/#{part}={markup}")
            page.reload()
            page.wait_for_selector("#model option", state="attached")
            shown += page.locator("#problem").inner_text()
        page.goto(f"{url}/#run={quote(MARKUP + 'one')}")
        for view in ("weights", "training", "accuracy", "guide"):
            open_view(page, view)
            if view == "training":
                expect(page.locator("#run-reason")).to_contain_text(MARKUP)
            shown += page.locator("body").inner_text()
            assert page.locator("img[src=x]").count() == 0
        assert shown.count(MARKUP) > 5
        assert page.evaluate("window.pwned") is None
        assert complaints == []


FORBIDDEN = [
    "document.body.append(Object.assign(document.createElement('script'), { text: '1' }))",
    "document.body.setAttribute('onclick', '1')",
    "document.body.setAttribute('style', 'color: red')",
    "document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/x.png' }))",
    "fetch('http://127.0.0.1:9/').catch(() => 0)",
    "setTimeout('1')",
]


def test_violations_of_the_security_policy_are_collected_as_console_messages(
    browser: Browser, server_url: str
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        complaints = collect_console_messages(page)
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        for deed in FORBIDDEN:
            assert complaints == []
            page.evaluate(f"() => {{ {deed}; }}")
            wait_for_event(page, lambda: any("Security Policy" in said for said in complaints))
            complaints.clear()
