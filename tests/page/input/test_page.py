"""The page as a person uses it, in a real browser with real pointer events."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from server.storage.model_store import DEFAULT_MODEL
from tests.support.digits import FOUR, ONE, SEVEN, Stroke
from tests.support.page import wait_for_event, wait_for_frames
from tests.support.pen import draw_with_finger, draw_with_mouse, on_screen, read_answer, send_touch

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def phone(browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page on a phone."""
    with browser.new_context(
        viewport=PHONE, device_scale_factor=3, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        yield page


def probabilities(page: Page) -> list[float]:
    return [
        float(row.get_attribute("data-probability") or "nan")
        for row in page.locator("[data-class]").all()
    ]


def evidence(page: Page) -> list[float]:
    texts = page.locator("[data-class] .evidence").all_text_contents()
    return [float(text.replace("−", "-")) for text in texts]


def test_a_digit_drawn_with_the_mouse_is_read_and_explained(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    assert read_answer(page) == "7"
    chances = probabilities(page)
    assert len(chances) == 10
    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert max(chances) == chances[7]
    assert page.get_attribute("#answer", "data-sure") == "true"
    assert max(evidence(page)) == evidence(page)[7]
    expect(page.locator("#answer-words")).to_contain_text(f"{chances[7] * 100:.1f}%")


@pytest.mark.parametrize(
    "scribble",
    [
        pytest.param([[(0.5, 0.5)]], id="dot"),
        pytest.param([[(0.2, 0.5), (0.8, 0.5)]], id="dash"),
        pytest.param([[(0.1 + 0.08 * i, 0.2 if i % 2 else 0.8) for i in range(11)]], id="zigzag"),
    ],
)
def test_the_page_is_not_sure_about_scribbles(page: Page, scribble: list[Stroke]) -> None:
    draw_with_mouse(page, scribble)
    read_answer(page)
    assert page.get_attribute("#answer", "data-sure") == "false"
    words = page.locator("#answer-words").inner_text()
    assert re.fullmatch(r"Not sure: this does not look like the \ds the model learned from", words)
    distance = re.compile(r"Distance \d+\.\d\d, limit 1\.")
    expect(page.locator("#answer-why")).to_contain_text(distance)


def test_both_models_read_the_same_drawing(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    assert read_answer(page) == "7"
    before = evidence(page)
    page.select_option("#model", "tutorial")
    assert read_answer(page) == "7"
    assert evidence(page) != before
    expect(page.locator("#normalization")).to_contain_text("No normalization")


def test_the_page_shows_the_pixels_that_it_sends(page: Page) -> None:
    page.select_option("#model", "tutorial")
    with page.expect_request(lambda request: "placement" in request.url) as sending:
        draw_with_mouse(page, SEVEN)
    read_answer(page)
    shown = page.locator("#sent").evaluate(
        """(canvas) => [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data]
             .filter((_, index) => index % 4 === 3)"""
    )
    assert sending.value.post_data_buffer == bytes(shown)


def test_a_digit_drawn_with_a_finger_is_read_on_a_phone(phone: Page) -> None:
    draw_with_finger(phone, FOUR)
    assert read_answer(phone) == "4"


def test_a_vertical_stroke_on_a_phone_does_not_scroll_the_page(phone: Page) -> None:
    assert phone.evaluate("document.documentElement.scrollHeight > innerHeight")
    draw_with_finger(phone, [[(0.5, 0.9), (0.5, 0.5), (0.5, 0.1)]])
    assert read_answer(phone) == "1"
    assert phone.evaluate("scrollY") == 0


def test_nothing_is_wider_than_the_phone(phone: Page) -> None:
    draw_with_finger(phone, SEVEN)
    read_answer(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_a_second_finger_does_not_draw(phone: Page) -> None:
    touch = phone.context.new_cdp_session(phone)
    pen = [on_screen(phone, (0.5, y / 10)) for y in range(1, 10)]
    palm = [on_screen(phone, (0.9, 0.9 - y / 100)) for y in range(9)]
    send_touch(touch, "touchStart", [pen[0]])
    send_touch(touch, "touchStart", [pen[0], palm[0]])
    for first, second in zip(pen, palm, strict=True):
        send_touch(touch, "touchMove", [first, second])
    send_touch(touch, "touchEnd", [])
    assert read_answer(phone) == "1"
    phone.wait_for_url(re.compile("drawing=[^.]+$"))


def test_the_probabilities_move_while_the_pen_does(page: Page) -> None:
    page.mouse.move(*on_screen(page, ONE[0][0]))
    page.mouse.down()
    for point in ONE[0][1:]:
        page.mouse.move(*on_screen(page, point), steps=4)
    page.wait_for_selector("[data-class='1'].answered")
    page.wait_for_selector("#answer[aria-busy=false]")
    # The pen is still down: what explains the answer is not asked for.
    expect(page.locator("main")).to_have_attribute("data-fresh", "false")
    page.mouse.up()
    expect(page.locator("main")).to_have_attribute("data-fresh", "true")


def test_a_pen_that_leaves_the_pad_and_comes_back_draws_one_stroke(page: Page) -> None:
    draw_with_mouse(page, [[(0.5, 0.1), (0.5, 0.9), (1.3, 0.9), (0.5, 0.85)]])
    read_answer(page)
    page.click("#undo")
    assert read_answer(page) == ""


def test_a_right_click_does_not_draw(page: Page) -> None:
    page.locator("#pad").click(button="right")
    assert read_answer(page) == ""


def test_clearing_takes_the_answer_away(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    assert read_answer(page) == "7"
    page.click("#clear")
    assert read_answer(page) == ""
    assert page.get_attribute("[data-class='7']", "data-probability") == ""
    assert page.locator("#seen").is_hidden()
    expect(page.locator("#hint")).to_be_visible()


@pytest.mark.parametrize("undo", ["button", "z", "Control+z"])
def test_undo_takes_the_last_stroke_back(page: Page, undo: str) -> None:
    draw_with_mouse(page, ONE)
    assert read_answer(page) == "1"
    before = probabilities(page)
    draw_with_mouse(page, [[(0.1, 0.5), (0.9, 0.5)]])
    read_answer(page)
    assert probabilities(page) != before
    if undo == "button":
        page.click("#undo")
    else:
        page.keyboard.press(undo)
    assert read_answer(page) == "1"
    assert probabilities(page) == before


@pytest.mark.parametrize("key", ["c", "Escape"])
def test_a_key_clears(page: Page, key: str) -> None:
    draw_with_mouse(page, ONE)
    read_answer(page)
    page.keyboard.press(key)
    assert read_answer(page) == ""


def test_another_address_shows_its_drawing_without_a_reload(page: Page) -> None:
    draw_with_mouse(page, SEVEN)
    page.wait_for_url("**drawing**")
    seven = page.evaluate("location.hash")
    page.locator("#clear").click()
    draw_with_mouse(page, ONE)
    assert read_answer(page) == "1"
    page.wait_for_function("seven => location.hash !== seven", arg=seven)
    page.evaluate("address => { location.hash = address; }", seven)
    expect(page.locator("#answer")).to_have_attribute("data-digit", "7")
    expect(page.locator("#problem")).to_be_empty()


def test_a_pen_that_leaves_the_pad_far_is_kept_within_what_an_address_can_hold(page: Page) -> None:
    draw_with_mouse(page, [[(0.5, 0.5), (0.5, 1.7)]])
    page.wait_for_url("**drawing**")
    y = page.evaluate(
        """async () => {
          const { readAddress } = await import("/static/state/address.js");
          return readAddress(location.hash).strokes[0].at(-1).y;
        }"""
    )
    assert y == pytest.approx(1.5, abs=1e-4)


def test_the_page_asks_its_own_server_alone(browser: Browser, server_url: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        urls: list[str] = []
        page.on("request", lambda request: urls.append(request.url))
        page.goto(server_url)
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        assert len(urls) > 5
        assert [url for url in urls if not url.startswith((server_url, "data:"))] == []


def test_a_late_answer_to_a_cleared_drawing_is_dropped(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/predict*", lambda route: held.append(route))
    draw_with_mouse(page, SEVEN)
    wait_for_event(page, lambda: held)
    page.click("#clear")
    assert len(held) == 1
    with page.expect_response("**/api/predict*"):
        # What was held goes on its way.
        page.unroute("**/api/predict*")
    wait_for_frames(page)
    assert read_answer(page) == ""
    assert set(page.locator(".percent").all_text_contents()) == {""}


def test_one_prediction_is_requested_at_a_time(page: Page) -> None:
    held: list[Route] = []
    page.route("**/api/predict*", lambda route: held.append(route))
    draw_with_mouse(page, FOUR)
    wait_for_event(page, lambda: held)
    # Another request would be sent with the next frame.
    wait_for_frames(page, 3)
    assert len(held) == 1
    page.unroute("**/api/predict*")
    assert read_answer(page) == "4"


def test_the_page_answers_again_by_itself_when_the_server_is_back(
    browser: Browser, server_url: str
) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        page.route("**/api/predict*", lambda route: route.abort())
        draw_with_mouse(page, SEVEN)
        expect(page.locator("#problem")).to_contain_text("cannot be reached")
        assert page.get_attribute("#answer", "aria-busy") == "true"
        page.unroute("**/api/predict*")
        assert read_answer(page) == "7"
        expect(page.locator("#problem")).to_have_text("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("density", [1, 3])
def test_ink_is_painted_sharply_and_stands_out(
    browser: Browser, server_url: str, scheme: str, density: int
) -> None:
    with browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        device_scale_factor=density,
    ) as context:
        page = context.new_page()
        page.goto(server_url)
        draw_with_mouse(page, ONE)
        width, painted, ink, paper = page.locator("#pad").evaluate(
            """(pad) => {
              const middle = pad.getContext("2d").getImageData(pad.width / 2, pad.height / 2, 1, 1);
              return [pad.width / pad.clientWidth, [...middle.data.slice(0, 3)],
                      getComputedStyle(pad).color,
                      getComputedStyle(pad.parentElement).backgroundColor];
            }"""
        )
        assert width == pytest.approx(density, rel=0.01)
        assert painted == [int(number) for number in re.findall(r"\d+", ink)]
        assert ink != paper


def test_a_tap_is_painted_where_it_was(page: Page) -> None:
    draw_with_mouse(page, [[(0.25, 0.75)]])
    read_answer(page)
    alpha = page.evaluate("""() => {
      const pad = document.querySelector("#pad");
      const [x, y] = [pad.width * 0.25, pad.height * 0.75];
      return pad.getContext("2d").getImageData(x, y, 1, 1).data[3];
    }""")
    assert alpha == 255


@pytest.mark.parametrize("model", ["normalized", "tutorial"])
def test_every_prediction_is_asked_for_with_the_digest_of_the_model_that_the_page_knows(
    page: Page, server_url: str, model: str
) -> None:
    listed = page.request.get(f"{server_url}/api/models").json()["models"]
    digests = {one["name"]: one["digest"] for one in listed}
    page.select_option("#model", model)
    queries: list[dict[str, list[str]]] = []
    page.on(
        "request",
        lambda sent: "predict" in sent.url and queries.append(parse_qs(urlsplit(sent.url).query)),
    )
    draw_with_mouse(page, SEVEN)
    assert read_answer(page) == "7"
    # Another normalization than the chosen model's is requested as well.
    page.keyboard.press("4")
    other = "tutorial" if model == "normalized" else "normalized"
    page.select_option("#beside", other)
    outline = page.locator("#weights-beside .outline path").first
    expect(outline).to_have_attribute("d", re.compile("M"))
    # The first model with that normalization is asked.
    asked = {query["model"][0] for query in queries}
    assert asked == {model, "tutorial" if model == "normalized" else DEFAULT_MODEL}
    for query in queries:
        assert query["v"] == [digests[query["model"][0]]]
