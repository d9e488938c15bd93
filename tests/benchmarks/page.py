"""The page in headless Chromium: pen to bars, the first view's bytes, many strokes, many hours."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page

from tests.benchmarks.ratios import Ratio
from tests.browser import launch_browser
from tests.support.digits import FOUR, Stroke
from tests.support.pen import on_screen
from tests.support.serving import serve

# How often a digit is drawn for the pen's latency, and the moves of each of its lines.
LATENCY_DRAWINGS = 20
STEPS = 4

# A pen moves at any moment of a frame: the longest pause between two moves, in seconds.
PAUSE_SECONDS = 0.03

# How many rounds each of two loads has, in turns.
ROUNDS = 5

# The pad full of strokes, one stroke of many points, and how often the pen then moves.
MANY_STROKES = 1000
MANY_POINTS = 10_000
MOVES = 40

# An hour of drawing without a break: a digit every three seconds.
MINUTES = 60
DRAWINGS_A_MINUTE = 20

# More than the page keeps for undo.
KEPT_DRAWINGS = 120

# What the page holds, as Chromium counts it: the figure's name, ours, its size and unit.
HELD = (
    ("JSHeapUsedSize", "heap", 1e6, "MB"),
    ("Nodes", "nodes", 1, ""),
    ("JSEventListeners", "listeners", 1, ""),
)

# Within so much, nothing is said to have changed; the aim is half of it.
CHANGE = 0.1

# What is polled for as long as the page is open.
POLLED = "/api/training"

# How long nothing may be asked, but what is polled, until the first view counts as loaded.
QUIET_SECONDS = 1.0

# Notes for each move over `surface` when it happened and when the bars that include it had been
# painted. A request for a prediction includes all moves that came before it. A change of the bars
# is painted in the frame that is being made, or else in the next one; a message that a frame's
# callback sends arrives when the frame has been made. What the screen then takes is left out.
PROBE = """
([surface, bars]) => {
  const times = (window.latencies = []);
  let moves = [];
  let lastMove = 0;
  let answered = Infinity;
  let isInFrame = false;

  const requestFrame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => requestFrame((now) => {
    isInFrame = true;
    callback(now);
    // After the observer, which what the callback changed has put in line before.
    queueMicrotask(() => (isInFrame = false));
  });
  const fetch = window.fetch.bind(window);
  window.fetch = async (resource, options) => {
    if (!String(resource).includes("/api/predict")) return fetch(resource, options);
    const asked = performance.now();
    const response = await fetch(resource, options);
    answered = asked;
    return response;
  };
  window.WebSocket = class extends WebSocket {
    constructor(...address) {
      super(...address);
      // Before the page's own listener.
      this.addEventListener("message", () => (answered = this.asked));
    }
    send(drawing) {
      this.asked = performance.now();
      super.send(drawing);
    }
  };
  const paintedAfter = (shown) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      for (const move of shown) times.push(performance.now() - move);
    };
    channel.port2.postMessage(null);
  };

  addEventListener("DOMContentLoaded", () => {
    // Chromium reports a move at once, and again with the next frame.
    const note = (event) => {
      // Without a button the pen is up.
      if (!event.buttons) return;
      const events = event.getCoalescedEvents();
      for (const { timeStamp } of events.length ? events : [event]) {
        if (timeStamp <= lastMove) continue;
        lastMove = timeStamp;
        moves.push(timeStamp);
      }
    };
    for (const type of ["pointerrawupdate", "pointermove"]) {
      document.querySelector(surface).addEventListener(type, note, { capture: true });
    }
    new MutationObserver(() => {
      const shown = moves.filter((move) => move <= answered);
      moves = moves.filter((move) => move > answered);
      if (!shown.length) return;
      if (isInFrame) paintedAfter(shown);
      else requestFrame(() => paintedAfter(shown));
    }).observe(document.querySelector(bars), {
      subtree: true, attributes: true, attributeFilter: ["data-probability"],
    });
  });
}
"""

# The least that a page can do: the move itself sets one bar.
FLOOR = """<!doctype html><canvas id="pad" width="300" height="300"></canvas>
<p id="rows"><span data-probability=""></span></p>
<script>
  const bar = document.querySelector("span");
  document.querySelector("#pad").addEventListener("pointermove", ({ clientX }) => {
    bar.dataset.probability = clientX;
    bar.textContent = clientX;
  });
</script>"""

# Draws digits of two strokes as fast as the page shows them, every third one with an undo.
DRAW_ON = """
async (drawings) => {
  const pad = document.querySelector("#pad");
  const box = pad.getBoundingClientRect();
  const send = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "pen", isPrimary: true, button: 0, buttons: 1, bubbles: true,
    clientX: box.left + x * box.width, clientY: box.top + y * box.height,
  }));
  const frame = () => new Promise(requestAnimationFrame);
  const draw = async (x) => {
    send("pointerdown", x, 0.2);
    for (let move = 1; move <= 12; move++) {
      send("pointermove", x + 0.1 * Math.sin(move), 0.2 + 0.05 * move);
      if (move % 6 === 0) await frame();
    }
    send("pointerup", x, 0.8);
    await frame();
  };
  for (let drawing = 0; drawing < drawings; drawing++) {
    await draw(0.3);
    await draw(0.6);
    if (drawing % 3 === 0) {
      document.querySelector("#undo").click();
      await draw(0.7);
    }
    document.querySelector("#clear").click();
    await frame();
  }
}
"""

# Fills the pad with strokes, each of some points, without waiting for any.
FILL = """
([strokes, points]) => {
  const pad = document.querySelector("#pad");
  const box = pad.getBoundingClientRect();
  const send = (type, share) => pad.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, pointerType: "pen", isPrimary: true, button: 0, buttons: 1, bubbles: true,
    clientX: box.left + (0.5 + 0.4 * Math.cos(90 * share)) * box.width,
    clientY: box.top + (0.5 + 0.4 * Math.sin(70 * share)) * box.height,
  }));
  for (let stroke = 0; stroke < strokes; stroke++) {
    send("pointerdown", stroke / strokes);
    for (let point = 1; point < points; point++) {
      send("pointermove", (stroke + point / points) / strokes);
    }
    if (stroke < strokes - 1) send("pointerup", (stroke + 1) / strokes);
  }
}
"""


def measure() -> list[Ratio]:
    """Measure all; takes some five minutes."""
    with serve() as url, launch_browser() as browser:
        return [
            *pen_to_bars(browser, url),
            *first_view(browser, url),
            *many_strokes(browser, url),
            *hour(browser, url),
        ]


@contextmanager
def opened(browser: Browser, url: str, *, probe: bool = False) -> Iterator[Page]:
    """Open the page in a desktop window of its own, with the models there."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        if probe:
            page.add_init_script(f'({PROBE})(["#pad", "#rows"])')
        page.goto(url)
        page.wait_for_selector("#model option", state="attached")
        yield page


def pen_to_bars(browser: Browser, url: str) -> list[Ratio]:
    """Time each move of a mouse to the frame with the bars that include it."""
    with opened(browser, url, probe=True) as page:
        ours = latencies(page, lambda: page.click("#clear"))
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(f'({PROBE})(["#pad", "#rows"])')
        page.route(url, lambda route: route.fulfill(body=FLOOR, content_type="text/html"))
        page.goto(url)
        floor = latencies(page, lambda: None)
    name = "pen move to new bars"
    return [
        Ratio(f"{name}, p50 : 1 ms", median(ours), 1, "ms", 17, 8),
        Ratio(f"{name}, p95 : 1 ms", percentile95(ours), 1, "ms", 33, 17),
        Ratio(
            f"{name}, p50 : a bar that the move itself sets",
            median(ours),
            median(floor),
            "ms",
            2,
            1,
        ),
    ]


def latencies(page: Page, clear: Callable[[], None]) -> list[float]:
    """Draw digits by hand; return the milliseconds of each move."""
    moments = random.Random(0)
    for _ in range(LATENCY_DRAWINGS):
        for stroke in FOUR:
            draw_slowly(page, stroke, lambda: time.sleep(moments.uniform(0, PAUSE_SECONDS)))
        clear()
    times: list[float] = page.evaluate("latencies")
    if len(times) < LATENCY_DRAWINGS * STEPS:
        raise RuntimeError(f"only {len(times)} moves were answered")
    return times


def draw_slowly(page: Page, stroke: Stroke, pause: Callable[[], None]) -> None:
    """Draw one stroke with the mouse, and pause before each move."""
    points = [on_screen(page, point) for point in stroke]
    page.mouse.move(*points[0])
    page.mouse.down()
    for (x0, y0), (x1, y1) in pairwise(points):
        for step in range(1, STEPS + 1):
            pause()
            share = step / STEPS
            page.mouse.move(x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    page.mouse.up()


def first_view(browser: Browser, url: str) -> list[Ratio]:
    """Count what the first view brings over the wire, and what a second visit does."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        first = traffic(page, session, lambda: page.goto(url))
        # Another page in between: the browser's cache is asked, not what the tab has.
        page.goto("about:blank")
        second = traffic(page, session, lambda: page.goto(url))
    return [
        Ratio("first view, over the wire : 1 kB", first[0] / 1000, 1, "kB", 250, 80),
        Ratio("first view, requests : 1", first[1], 1, "", 30, 15),
        Ratio(
            "second visit, over the wire : first", second[0] / 1000, first[0] / 1000, "kB", 1, 0.1
        ),
    ]


def traffic(page: Page, session: CDPSession, visit: Callable[[], Any]) -> tuple[int, int]:
    """Return the bytes, headers too, and the requests until W is shown and nothing more is asked.

    What is polled counts once; what comes from the browser's cache without asking, not at all.
    """
    asked: dict[str, str] = {}
    from_cache: set[str] = set()
    sizes: dict[str, int] = {}
    last = time.monotonic()

    def ask(event: dict[str, Any]) -> None:
        nonlocal last
        path = urlsplit(event["request"]["url"])
        if path.scheme == "data" or (path.path == POLLED and POLLED in asked.values()):
            return
        asked[event["requestId"]] = path.path
        last = time.monotonic()

    def finish(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.requestWillBeSent", ask)
    session.on("Network.requestServedFromCache", lambda event: from_cache.add(event["requestId"]))
    session.on("Network.loadingFinished", finish)
    session.send("Network.enable")
    visit()
    page.wait_for_function("() => document.querySelector('#rows .bias').textContent")
    while time.monotonic() < last + QUIET_SECONDS or asked.keys() - sizes.keys() - from_cache:
        page.wait_for_timeout(100)
    session.send("Network.disable")
    sent = [request for request in asked if request not in from_cache and sizes[request]]
    return sum(sizes[request] for request in sent), len(sent)


def many_strokes(browser: Browser, url: str) -> list[Ratio]:
    """Compare the work of moves on a full pad with those on an empty one."""
    loads = {"few": [1, 2], "many strokes": [MANY_STROKES, 4], "many points": [1, MANY_POINTS]}
    works: dict[str, list[float]] = {}
    with opened(browser, url) as page:
        session = open_session(page)
        for _ in range(ROUNDS):
            for name, load in loads.items():
                page.mouse.move(*on_screen(page, (0.5, 0.5)))
                page.evaluate(FILL, load)
                page.wait_for_timeout(1000)
                # The last stroke goes on: whose end it is does not matter to the pad.
                works.setdefault(name, []).append(work(session, partial(scribble, page)))
                page.evaluate(
                    """() => document.querySelector("#pad").dispatchEvent(
                         new PointerEvent("pointerup", { pointerId: 1, pointerType: "pen" }))"""
                )
                page.click("#clear")
    few = works["few"]
    return [
        compare_work("a move after 1,000 strokes : after 1", works["many strokes"], few),
        compare_work("a move after 10,000 points : after 2", works["many points"], few),
    ]


def scribble(page: Page) -> None:
    """Let the pen that is down move."""
    page.evaluate(
        """async (moves) => {
          const pad = document.querySelector("#pad");
          const box = pad.getBoundingClientRect();
          for (let move = 0; move < moves; move++) {
            pad.dispatchEvent(new PointerEvent("pointermove", {
              pointerId: 1, pointerType: "pen", isPrimary: true, buttons: 1, bubbles: true,
              clientX: box.left + (0.2 + 0.01 * move) * box.width,
              clientY: box.top + 0.5 * box.height,
            }));
            await new Promise(requestAnimationFrame);
          }
        }""",
        MOVES,
    )


def hour(browser: Browser, url: str) -> list[Ratio]:
    """Compare minutes after an hour's drawing with minutes before: work, memory, what is held."""
    with opened(browser, url) as page:
        session = open_session(page)
        draw_minute = partial(page.evaluate, DRAW_ON, DRAWINGS_A_MINUTE)
        # What is drawn first is compiled, and fills what undo can get back.
        page.evaluate(DRAW_ON, KEPT_DRAWINGS)
        before, first = [work(session, draw_minute) for _ in range(ROUNDS)], held(session)
        page.evaluate(DRAW_ON, MINUTES * DRAWINGS_A_MINUTE)
        after, last = [work(session, draw_minute) for _ in range(ROUNDS)], held(session)
    name = "after an hour"
    return [
        compare_work(f"{name}, the same minute's work : before", after, before),
        *(
            unchanged(f"{name}, {what} : before", last[key] / size, first[key] / size, unit)
            for key, what, size, unit in HELD
        ),
    ]


def open_session(page: Page) -> CDPSession:
    """Let Chromium count the page's work, in the time that its main thread has the processor."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return session


def work(session: CDPSession, act: Callable[[], None]) -> float:
    """Return the milliseconds that the page's main thread works while something is done."""
    before = metrics(session)
    act()
    return 1000 * (metrics(session)["TaskDuration"] - before["TaskDuration"])


def held(session: CDPSession) -> dict[str, float]:
    """Return what the page holds once all garbage is collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    return metrics(session)


def metrics(session: CDPSession) -> dict[str, float]:
    """Return Chromium's figures of the page."""
    found = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in found}


def compare_work(name: str, ours: list[float], theirs: list[float]) -> Ratio:
    """Compare the work of two loads, round by round."""
    low, _, high = quantiles(our / their for our, their in zip(ours, theirs, strict=True))
    return unchanged(name, median(ours), median(theirs), "ms", (low, high))


def unchanged(
    name: str, ours: float, theirs: float, unit: str, spread: tuple[float, float] | None = None
) -> Ratio:
    """Compare what should not have grown."""
    return Ratio(name, ours, theirs, unit, 1 + CHANGE, 1 + CHANGE / 2, spread)


def percentile95(values: list[float]) -> float:
    """Return what nineteen in twenty do not exceed."""
    return quantiles(values, n=20)[-1]
