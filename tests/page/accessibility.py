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
RUN_AXE = (
    "async () => ({ violations: (await axe.run({ resultTypes: ['violations'] })).violations })"
)


def complaints(page: Page) -> str:
    """Return axe-core's report; empty if it finds nothing."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    results = AxeResults(page.evaluate(RUN_AXE))
    return "" if results.violations_count == 0 else results.generate_report()


def widest(page: Page) -> float:
    """Return how far to the right anything reaches that is not scrolled to on purpose."""
    found: float = page.evaluate(
        """() => Math.max(...[...document.body.querySelectorAll("*")]
             .filter((element) => !element.closest(".scrolled *, dialog, .visually-hidden"))
             .map((element) => element.getBoundingClientRect())
             .filter((box) => box.width && box.height)
             .map((box) => Math.floor(box.right)))"""
    )
    return found
