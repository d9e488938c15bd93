"""Drawings: some digits made up for the tests, and people's in files."""

import gzip
import json
from pathlib import Path
from typing import Any

_GZIP_MAGIC = b"\x1f\x8b"

Stroke = list[tuple[float, float]]

# Digits as points in fractions of the pad's side.
SEVEN: list[Stroke] = [[(0.25, 0.2), (0.5, 0.2), (0.75, 0.2), (0.6, 0.5), (0.45, 0.85)]]
ONE: list[Stroke] = [[(0.5, 0.15), (0.5, 0.4), (0.5, 0.6), (0.5, 0.85)]]
FOUR: list[Stroke] = [
    [(0.35, 0.15), (0.28, 0.35), (0.25, 0.5), (0.5, 0.5), (0.75, 0.5)],
    [(0.62, 0.2), (0.62, 0.5), (0.62, 0.85)],
]


def read_drawings(path: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the drawings of a file, each with its `label`, `hand` and `strokes`.

    :param limit: return only so many, the first ones
    """
    content = path.read_bytes()
    if content.startswith(_GZIP_MAGIC):
        content = gzip.decompress(content)
    return [json.loads(line) for line in content.splitlines()[:limit]]
