"""What the README's pictures show."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.pictures.files import still_png
from tests.pictures.film import Film, middle_of, smooth
from tests.support.digits import Stroke
from tests.support.page import open_page, place_of
from tests.support.pen import draw_with_mouse, read_answer

# GitHub shows a README's pictures 830 to 1,000 px wide: at this size text stays legible.
WINDOW = {"width": 1200, "height": 900}

# Pixels of the still picture per CSS pixel.
STILL_SCALE = 1.5

# In fractions of the pad's side. The first stroke is read as a 1, then as a 6.
FOUR: list[Stroke] = [
    [
        (0.37, 0.15),
        (0.33, 0.31),
        (0.27, 0.5),
        (0.29, 0.56),
        (0.45, 0.55),
        (0.6, 0.54),
        (0.75, 0.52),
    ],
    [(0.61, 0.22), (0.59, 0.45), (0.57, 0.66), (0.55, 0.88)],
]

# Row and column of pixels of the model's input: along the ink of the drawing.
POINTED = [(4, 11), (9, 8), (14, 7), (15, 14), (10, 17), (22, 13)]


# The time on the page's clock.
START = datetime(2026, 1, 1, tzinfo=UTC)

# The pages of both pictures.
PAGE = {"viewport": WINDOW, "color_scheme": "light"}


def take_still(browser: Browser, url: str) -> bytes:
    """Return a PNG of a drawing with its answer, and one pixel of it pointed at."""
    options = PAGE | {"device_scale_factor": STILL_SCALE, "reduced_motion": "reduce"}
    with open_page(browser, url, **options) as page:
        draw_with_mouse(page, [smooth(stroke) for stroke in FOUR])
        read_answer(page)
        expect(page.locator("#answer-why")).to_contain_text("leads")
        page.mouse.move(*place_of(page, "#seen", *POINTED[-1]))
        expect(page.locator("#pixel")).not_to_be_empty()
        png = page.screenshot()
    return still_png(Image.open(io.BytesIO(png)).convert("RGB"))


@contextmanager
def open_film_page(browser: Browser, url: str) -> Iterator[Page]:
    """Open the page and stop its clock, which the film advances."""
    with open_page(browser, url, **PAGE, reduced_motion="no-preference") as page:
        # The same time for every film, because the page's frames begin at multiples of 16 ms.
        page.clock.install(time=START)
        page.clock.pause_at(START + timedelta(seconds=1))
        yield page


def film_use(browser: Browser, url: str) -> Film:
    """Return a film: a digit is drawn, explained, changed until it is another, and learned."""
    with open_film_page(browser, url) as page:
        film = Film(page, (560, 420))
        film.hold(500)
        draw(film, page)
        point_at_pixels(film, page)
        change_its_mind(film, page)
        replay_training(film, page)
    return film


def draw(film: Film, page: Page) -> None:
    """Draw the digit, and watch how it becomes the model's input."""
    for stroke, frames in zip(FOUR, (14, 10), strict=True):
        film.draw(stroke, frames)
    expect(page.locator("#answer-why")).to_contain_text("leads")
    film.hold(2000)


def point_at_pixels(film: Film, page: Page) -> None:
    """Move along the ink: every row shows the pixel's weight and its contribution."""
    for row, column in POINTED:
        film.move(place_of(page, "#seen", row, column), frames=2)
    film.hold(800)


def change_its_mind(film: Film, page: Page) -> None:
    """Apply the fewest changes of pixels that change the answer."""
    open_view(film, page, "change")
    film.click(page.locator("#flip"))
    film.hold(1900)


def replay_training(film: Film, page: Page) -> None:
    """Drag the slider back to the first step, and slowly to the last."""
    open_view(film, page, "training")
    slider = page.locator("#at")
    expect(slider).to_be_enabled()
    box = slider.bounding_box()
    assert box is not None
    _, y = middle_of(slider)
    film.move((box["x"] + box["width"] - 8, y))
    film.press()
    film.move((box["x"], y), frames=4)
    film.hold(300)
    film.move((box["x"] + box["width"], y), frames=22)
    film.release()
    film.hold(1700)


def open_view(film: Film, page: Page, view: str) -> None:
    """Open a view by its tab."""
    film.click(page.locator(f"nav [data-view={view}]"))
    expect(page.locator(f"#view-{view}[aria-busy=false]")).to_be_visible()
    film.hold(500)
