"""What makes a page hard to read, found in the browser: colliding texts, and what is too wide."""

from collections.abc import Sequence

from playwright.sync_api import Page

from tests.page.accessibility import reach

# CSS pixels. 320 is also 1,280 at a zoom of 400 %. The layout changes after 384, 640, 1008, 1168.
WIDTHS = (320, 360, 384, 385, 390, 640, 641, 820, 960, 1008, 1009, 1024, 1168, 1169, 1280, 1920)
SIZES = tuple((width, 800) for width in WIDTHS)

PHONES = ((320, 800), (390, 844))

# The windows of projectors.
PROJECTORS = ((1024, 768), (1280, 800), (1920, 1080))

# A wide font and a narrow one. Which one a machine has as its sans serif cannot be known.
FONTS = ("DejaVu Sans", "DejaVu Sans Condensed")

# Texts that overlap by more than this, in CSS pixels, collide.
TOLERANCE = 1.5

# The pairs of texts that overlap: the boxes of their lines, because an element may be larger.
OVERLAPS = """
(tolerance) => {
  const isSeen = (element) =>
    element.checkVisibility({ opacityProperty: true }) &&
    !element.matches("option, svg") &&
    getComputedStyle(element).clipPath === "none";
  const boxes = [];
  const walker = document.createTreeWalker(
    document.body,
    NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT,
    (node) =>
      node instanceof Text || isSeen(node) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT,
  );
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!(node instanceof Text) || !node.data.trim()) continue;
    if (!node.parentElement.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) boxes.push({ text: node.data.trim(), node, box });
  }
  boxes.sort((one, other) => one.box.top - other.box.top);
  const overlaps = [];
  boxes.forEach((one, index) => {
    for (let next = index + 1; next < boxes.length; next++) {
      const other = boxes[next];
      if (other.box.top > one.box.bottom) break;
      if (one.node === other.node) continue;
      const [a, b] = [one.box, other.box];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // Lines are higher than their letters.
      const isLine = down > 0.35 * Math.min(a.height, b.height);
      if (across > tolerance && isLine) overlaps.push(`${one.text} | ${other.text}`);
    }
  });
  return overlaps;
}
"""

# Whether the page has to be scrolled sideways.
IS_WIDER = "() => document.documentElement.scrollWidth > innerWidth"


def find_faults(page: Page, sizes: Sequence[tuple[int, int]] = SIZES) -> list[str]:
    """Return what collides, is wider than a window of any of these sizes, or cut at its edges."""
    faults = []
    for font in FONTS:
        page.evaluate("font => document.documentElement.style.setProperty('--sans', font)", font)
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            found = page.evaluate(OVERLAPS, TOLERANCE)
            least, most = reach(page)
            if page.evaluate(IS_WIDER) or least < 0 or most > width:
                found.append(f"from {least:.0f} to {most:.0f} px")
            faults += [f"{font}, {width} px: {fault}" for fault in found]
    return faults
