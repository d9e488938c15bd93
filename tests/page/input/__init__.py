"""Pen, mouse, touch and keys, and what becomes of strokes."""
