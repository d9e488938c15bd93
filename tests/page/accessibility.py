"""Whether a page is accessible: what axe-core finds, and what is cut off."""

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page, ViewportSize

SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "tablet": {"width": 820, "height": 1180},
    "laptop": {"width": 1280, "height": 800},
    "projector": {"width": 1920, "height": 1080},
}

# The report has no more than what is wrong; collecting what is right as well takes longer.
RUN_AXE = """
async (rules) => {
  const runOnly = rules.length ? { runOnly: rules } : {};
  const { violations } = await axe.run({ resultTypes: ["violations"], ...runOnly });
  return { violations };
}
"""

# The hidden views and dialogs have nine tenths of the document's elements, and axe computes the
# style of each. While it runs on what is shown, they are empty.
RUN_AXE_ON_WHAT_IS_SHOWN = f"""
async (rules) => {{
  const hidden = document.querySelectorAll(".view[hidden], dialog:not([open])");
  const contents = [...hidden].map((element) => [...element.childNodes]);
  hidden.forEach((element) => element.replaceChildren());
  try {{
    return await ({RUN_AXE})(rules);
  }} finally {{
    hidden.forEach((element, index) => element.replaceChildren(...contents[index]));
  }}
}}
"""

# All others read the document and its layout, which are the same in the dark scheme.
RULES_OF_COLOURS = ("color-contrast", "link-in-text-block")


def complaints(page: Page, program: str = RUN_AXE, rules: tuple[str, ...] = ()) -> str:
    """Return axe-core's report; empty if it finds nothing.

    :param rules: those to check; without any, all
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    results = AxeResults(page.evaluate(program, rules))
    return "" if results.violations_count == 0 else results.generate_report()


def check(page: Page, what: str, program: str = RUN_AXE) -> None:
    """Check a page with axe-core in both schemes, and that nothing is cut.

    :param what: to find a failure by
    :raise AssertionError: something is wrong
    """
    for scheme, rules in (("light", ()), ("dark", RULES_OF_COLOURS)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert complaints(page, program, rules) == "", f"{what}, {scheme}"
        assert widest(page) <= page.viewport_size["width"], what  # type: ignore[index]


def check_what_is_shown(page: Page, what: str) -> None:
    """Check what is not hidden. All views must be loaded: see `load_all_views`."""
    check(page, what, RUN_AXE_ON_WHAT_IS_SHOWN)


def widest(page: Page) -> float:
    """Return how far to the right anything reaches that is not scrolled to on purpose."""
    return reach(page)[1]


def reach(page: Page) -> tuple[float, float]:
    """Return how far to the left and right anything reaches that is not scrolled to on purpose."""
    least, most = page.evaluate(
        """() => {
          const boxes = [...document.body.querySelectorAll("*")]
            .filter((element) => !element.closest(".scrolled *, dialog, .visually-hidden"))
            .map((element) => element.getBoundingClientRect())
            .filter((box) => box.width && box.height);
          return [
            Math.min(...boxes.map((box) => Math.ceil(box.left))),
            Math.max(...boxes.map((box) => Math.floor(box.right))),
          ];
        }"""
    )
    return least, most
