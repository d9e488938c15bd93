"""The README's pictures, taken of the real page."""
