"""What visitors do before the page has the models, and so has not shown its address yet."""

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from server.storage.model_store import DEFAULT_MODEL
from tests.support.digits import ONE, SEVEN
from tests.support.page import strokes_of
from tests.support.pen import draw_with_mouse, on_screen, read_answer

STROKE = "YAAWZmaAAWZmcAAWZmeAAWZmgAAWZmiAAWZmkAAWZmmAAWZm"
LINK = f"#view=softmax&drawing={STROKE}"


def open_without_models(page: Page, url: str) -> Callable[[], None]:
    """Open a page whose list of models is held back; return what lets it through."""
    held: list[Route] = []
    page.route("**/api/models", lambda route: held.append(route))
    page.goto("about:blank")
    page.goto(url)
    expect(page.locator("#view-draw")).to_be_visible()

    def let_models_through() -> None:
        # A request that waited for too long was sent again.
        held[-1].continue_()
        page.unroute("**/api/models")
        page.wait_for_selector("#model option", state="attached")

    return let_models_through


def test_a_link_s_drawing_is_shown_though_another_view_was_opened_before(
    page: Page, server_url: str
) -> None:
    let_models_through = open_without_models(page, f"{server_url}/{LINK}")
    page.locator("nav a[data-view=weights]").click()
    let_models_through()
    read_answer(page)
    expect(page.locator("main")).to_have_attribute("data-view", "weights")
    assert len(strokes_of(page)) == 1


def test_a_stroke_that_is_being_drawn_when_the_models_arrive_goes_on(
    page: Page, server_url: str
) -> None:
    let_models_through = open_without_models(page, f"{server_url}/#temperature=2")
    draw_with_mouse(page, SEVEN[:1])
    page.mouse.move(*on_screen(page, ONE[0][0]))
    page.mouse.down()
    page.mouse.move(*on_screen(page, ONE[0][1]), steps=4)
    let_models_through()
    for point in ONE[0][2:]:
        page.mouse.move(*on_screen(page, point), steps=4)
    page.mouse.up()
    read_answer(page)
    assert len(strokes_of(page)) == 2
    page.wait_for_url("**temperature=2**")


def test_a_drawing_of_a_link_replaces_what_was_drawn_before_and_can_be_undone(
    page: Page, server_url: str
) -> None:
    let_models_through = open_without_models(page, f"{server_url}/{LINK}")
    draw_with_mouse(page, SEVEN)
    let_models_through()
    read_answer(page)
    page.keyboard.press("z")
    assert read_answer(page) == "7"


def test_the_views_links_hold_the_drawing_that_the_page_was_opened_with(
    page: Page, server_url: str
) -> None:
    let_models_through = open_without_models(page, f"{server_url}/{LINK}")
    let_models_through()
    link = page.locator("nav a[data-view=pixels]")
    parts = ["view=pixels", f"model={DEFAULT_MODEL}", "check=-J", f"drawing={STROKE}"]
    expect(link).to_have_attribute("href", f"#{'&'.join(parts)}")
