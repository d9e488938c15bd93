"""What makes a page hard to read, found in the browser: colliding texts, and what is too wide."""

# Texts that overlap by more than this, in CSS pixels, collide.
TOLERANCE = 1.5

# The pairs of texts that overlap: the boxes of their lines, because an element may be larger.
OVERLAPS = """
(tolerance) => {
  const isClipped = (element) =>
    element && (getComputedStyle(element).clipPath !== "none" || isClipped(element.parentElement));
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const isHidden = !element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!node.data.trim() || isHidden || element.closest("option, svg")) continue;
    if (isClipped(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) boxes.push({ text: node.data.trim(), node, box });
  }
  const overlaps = [];
  boxes.forEach((one, index) => {
    for (const other of boxes.slice(index + 1)) {
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
