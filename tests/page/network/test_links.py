"""Addresses that chats and mail programs have changed: what can be read is shown, or said."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.digits import FOUR, SEVEN
from tests.support.page import shown_strokes
from tests.support.pen import draw_with_mouse, read_answer


@pytest.fixture(scope="module")
def link(browser: Browser, server_url: str) -> str:
    """Return the fragment of a page with a model, a view and a drawing of two strokes, a 4."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(server_url)
        page.wait_for_selector("#model option", state="attached")
        page.select_option("#model", "tutorial")
        draw_with_mouse(page, FOUR)
        assert read_answer(page) == "4"
        page.keyboard.press("3")
        page.wait_for_url("**view=softmax*drawing=*.*")
        return str(page.evaluate("location.hash"))


UNHARMED = {
    "HTML": lambda link: link.replace("&", "&amp;"),
    "HTML in capitals": lambda link: link.replace("&", "&AMP;"),
    "HTML, by number": lambda link: link.replace("&", "&#38;"),
    "HTML, by hexadecimal number": lambda link: link.replace("&", "&#x26;"),
    "HTML twice": lambda link: link.replace("&", "&amp;amp;"),
    "HTML thrice": lambda link: link.replace("&", "&amp;amp;amp;"),
    "HTML, the signs too": lambda link: link.replace("&", "&amp;").replace("=", "&#x3D;"),
    "HTML, the signs by number": lambda link: link.replace("=", "&#61;"),
    "HTML, the signs by name": lambda link: link.replace("=", "&equals;"),
    "HTML, the first sign": lambda link: f"#&#35;{link[1:]}",
    "HTML without a semicolon": lambda link: link.replace("&", "&amp"),
    "JSON": lambda link: link.replace("&", "\\u0026"),
    "JSON, the signs too": lambda link: link.replace("&", "\\u0026").replace("=", "\\u003d"),
    "percent-encoded, the first sign": lambda link: f"#%23{link[1:]}",
    "percent-encoded": lambda link: link.replace("&", "%26").replace("=", "%3D"),
    "percent-encoded twice": lambda link: link.replace("&", "%2526").replace("=", "%253D"),
    "ampersands percent-encoded": lambda link: link.replace("&", "%26"),
    "HTML, percent-encoded": lambda link: link.replace("&", "%26amp%3B"),
    "quoted-printable": lambda link: link.replace("=", "=3D"),
    "quoted-printable in small letters": lambda link: link.replace("=", "=3d"),
    "quoted-printable ampersands": lambda link: link.replace("=", "=3D").replace("&", "=26"),
    "wrapped by a space": lambda link: link[:-20] + "%20" + link[-20:],
    "wrapped by a line": lambda link: link[:-20] + "%0D%0A" + link[-20:],
    "wrapped by quoted-printable": lambda link: link[:-20] + "=%0A" + link[-20:],
    "wrapped by a line of a quotation": lambda link: link[:-20] + "%0A%3E%20" + link[-20:],
    "wrapped by a plus": lambda link: link[:-20] + "+" + link[-20:],
    "a name wrapped by a line": lambda link: link.replace("drawing", "draw%0D%0Aing"),
    "a name wrapped by a zero-width space": lambda link: link.replace(
        "drawing", "draw%E2%80%8Bing"
    ),
    "names in capitals": lambda link: link.replace("view=", "View=").replace("model=", "MODEL="),
    "a parenthesis at the start": lambda link: link.replace("#", "#("),
    "marks of the direction": lambda link: link[:-9] + "%E2%81%A8" + link[-9:] + "%E2%81%A9",
    "a Mongolian separator": lambda link: link[:-9] + "%E1%A0%8E" + link[-9:],
    "a space at the end": lambda link: link + "%20",
    "quoted-printable space at the end": lambda link: link + "=20",
    "an ampersand at the end": lambda link: link + "&amp;",
    "a zero-width space": lambda link: link[:-9] + "%E2%80%8B" + link[-9:],
}


def follow(page: Page, link: str) -> None:
    """Go from an empty page to what a link shows."""
    page.evaluate("() => { location.hash = 'view=draw'; }")
    expect(page.locator("#answer")).to_have_attribute("data-digit", "")
    page.evaluate("link => { location.hash = link; }", link)
    expect(page.locator("#view-softmax")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "4")
    expect(page.locator("#model")).to_have_value("tutorial")


def test_an_address_that_was_escaped_or_wrapped_is_read_whole(page: Page, link: str) -> None:
    for change in UNHARMED.values():
        follow(page, change(link))
        expect(page.locator("#problem")).to_be_empty()


def test_a_page_opens_with_a_damaged_address(page: Page, server_url: str, link: str) -> None:
    page.goto("about:blank")
    page.goto(f"{server_url}/{link.replace('&', '&amp;')})")
    expect(page.locator("#view-softmax")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "4")
    expect(page.locator("#problem")).to_have_text(ENDS[")"])
    assert len(shown_strokes(page)) == 2


@pytest.mark.parametrize("place", ["?language=de%23", "?language=de%2523", "?%23", "%23"])
def test_a_fragment_whose_sign_was_escaped_becomes_the_fragment(
    page: Page, server_url: str, link: str, place: str
) -> None:
    page.goto("about:blank")
    page.goto(f"{server_url}/{place}{link[1:]}")
    expect(page.locator("#view-softmax")).to_be_visible()
    expect(page.locator("#answer")).to_have_attribute("data-digit", "4")
    expect(page.locator("#problem")).to_be_empty()
    query = "?language=de" if "language" in place else ""
    expect(page).to_have_url(f"{server_url}/{query}{link}")
    assert page.locator("html").get_attribute("lang") == ("de" if query else "en")


CUT = "The drawing in the address is cut off."

ENDS = {
    ".": CUT,
    "...": CUT,
    "…": CUT,
    ".)": CUT,
    ")": "The address ends in “)”, which does not belong to it.",
    ",": "The address ends in “,”, which does not belong to it.",
    ";": "The address ends in “;”, which does not belong to it.",
    ":": "The address ends in “:”, which does not belong to it.",
    "!": "The address ends in “!”, which does not belong to it.",
    "?": "The address ends in “?”, which does not belong to it.",
    ">": "The address ends in “>”, which does not belong to it.",
    "]": "The address ends in “]”, which does not belong to it.",
    "}": "The address ends in “}”, which does not belong to it.",
    "'": "The address ends in “'”, which does not belong to it.",
    '"': 'The address ends in “"”, which does not belong to it.',
    "”": "The address ends in “””, which does not belong to it.",
    "»": "The address ends in “»”, which does not belong to it.",
    "*": "The address ends in “*”, which does not belong to it.",
    "**": "The address ends in “**”, which does not belong to it.",
    "_": "The address ends in “_”, which does not belong to it.",
    "~": "The address ends in “~”, which does not belong to it.",
    "`": "The address ends in “`”, which does not belong to it.",
    "|": "The address ends in “|”, which does not belong to it.",
    "),": "The address ends in “),”, which does not belong to it.",
    "%": "The address ends in “%”, which does not belong to it.",
    "&utm_source=chat": "The address has an unknown part “utm_source”.",
    "&constructor=1": "The address has an unknown part “constructor”.",
    "&ink=no": "The address has “no” where it needs 0 or 1.",
}


def test_characters_after_an_address_are_reported_and_the_drawing_is_shown(
    page: Page, link: str
) -> None:
    for end, words in ENDS.items():
        follow(page, link + end)
        expect(page.locator("#problem")).to_have_text(words)
        expect(page.locator("#problem")).to_be_visible()


def test_any_last_part_is_read_whatever_follows_it(page: Page) -> None:
    for part in ("view=weights", "model=tutorial", "step=3", "added=0,1,2,3,4,5,6,7,8,9"):
        for end in (")", ",", ">", "_", "*", ".)"):
            found, problems = page.evaluate(
                """async ([part, end]) => {
                  const main = document.querySelector("script[type=module]").src;
                  const module = new URL("../state/address.js", main);
                  const { readAddress, writeAddress } = await import(module);
                  const exists = (_kind, name) => ["weights", "tutorial"].includes(name);
                  const { problems, ...state } =
                    readAddress(`#drawing=gAAgAA&${part}${end}`, exists);
                  return [writeAddress({ ...state, picture: null }), problems];
                }""",
                [part, end],
            )
            assert part.replace(",", "%2C") in found[1:].split("&")
            assert problems == [f"The address ends in “{end}”, which does not belong to it."]


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_of_a_truncated_drawing_the_strokes_that_can_be_read_are_shown(
    page: Page, server_url: str, link: str, kept: float
) -> None:
    start = link.index("drawing=") + len("drawing=")
    code = link[start:]
    length = int(kept * len(code))
    # In the middle of a point.
    length -= (length - (code.find(".") + 1 if length > code.find(".") else 0)) % 6 - 3
    cut = code[:length]
    page.goto("about:blank")
    page.goto(f"{server_url}/{link[:start]}{cut}")
    expect(page.locator("#problem")).to_have_text(CUT)
    page.wait_for_selector("#answer:not([data-digit=''])")
    strokes = shown_strokes(page)
    assert [len(stroke) for stroke in strokes] == [len(part) // 6 for part in cut.split(".")]


def test_of_a_drawing_with_other_characters_the_strokes_around_them_are_shown(page: Page) -> None:
    page.evaluate("() => { location.hash = 'drawing=gAAgAA.gAAgAAoA(oAA.oAAgAAoAAoAA'; }")
    expect(page.locator("#problem")).to_have_text("The drawing in the address has a “(”.")
    assert [len(stroke) for stroke in shown_strokes(page)] == [1, 1, 2]


def test_a_truncated_image_is_shown_as_far_as_it_goes(page: Page) -> None:
    page.evaluate("() => { location.hash = `image=${'DA'.repeat(400)}`; }")
    expect(page.locator("#problem")).to_have_text(
        "The image in the address does not have 28 × 28 pixels."
    )
    page.wait_for_selector("#answer:not([data-digit=''])")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("view=none&", "There is no view “none”; this is the first one."),
        ("model=none&", "There is no model “none” here; this is the default one."),
        ("beside=none&", "There is no model “none” here to compare with."),
        (
            "model=none&view=none&",
            "There is no view “none”; this is the first one. There is no "
            "model “none” here; this is the default one.",
        ),
        ("nonsense&", "The address has an unknown part “nonsense”."),
        (
            "temperature=hot&step=99&",
            "The address has “hot” instead of a number from 0.1 to 10. The "
            "guide has no step 99; this is the first one.",
        ),
    ],
)
def test_a_missing_name_in_an_address_affects_only_its_own_part(
    page: Page, address: str, words: str
) -> None:
    draw_with_mouse(page, SEVEN)
    read_answer(page)
    page.wait_for_url("**drawing=*")
    drawing = page.evaluate("location.hash").split("drawing=")[1]
    page.keyboard.press("c")
    read_answer(page)
    page.evaluate("hash => { location.hash = hash; }", f"{address}drawing={drawing}")
    expect(page.locator("#problem")).to_have_text(words)
    expect(page.locator("#answer")).to_have_attribute("data-digit", "7")
    # Until something is changed.
    page.keyboard.press("z")
    expect(page.locator("#problem")).to_be_empty()


@pytest.mark.parametrize(
    ("parts", "shown", "words"),
    [
        ("run=tutorial)", "tutorial", ENDS[")"]),
        ("run=tuto%E2%80%8Brial", "tutorial", ""),
        ("run=tutorial&at=9", "tutorial", ""),
        ("compared=normalized,tutorial)", "pooled", ENDS[")"]),
    ],
)
def test_names_of_trainings_are_repaired(page: Page, parts: str, shown: str, words: str) -> None:
    page.evaluate("hash => { location.hash = hash; }", f"view=training&model=pooled&{parts}")
    expect(page.locator("#view-training .learned canvas:not(.empty)").first).to_be_visible()
    expect(page.locator("#run option:checked")).to_have_text(shown)
    expect(page.locator("#problem")).to_have_text(words)


@pytest.mark.parametrize(
    ("parts", "kept"),
    [
        ("run=nonsense", ""),
        ("run=nonsense&at=9", "&at=9"),
        ("compared=tutorial,nonsense", "&compared=tutorial"),
    ],
)
def test_unknown_names_of_trainings_are_reported_when_the_trainings_are_known(
    page: Page, parts: str, kept: str
) -> None:
    page.evaluate("hash => { location.hash = hash; }", f"view=training&model=pooled&{parts}")
    expect(page.locator("#problem")).to_have_text("There is no training “nonsense” here.")
    expect(page.locator("#run option:checked")).to_have_text("pooled")
    page.wait_for_url(lambda url: url.endswith(f"#view=training&model=pooled{kept}"))
    # Writing the address is not another choice, which would remove the message.
    expect(page.locator("#problem")).to_have_text("There is no training “nonsense” here.")
