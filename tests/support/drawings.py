"""People's drawings in files: a JSON object per line, gzipped or not."""

import gzip
import json
from pathlib import Path
from typing import Any

_GZIP_MAGIC = b"\x1f\x8b"


def read_drawings(path: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the drawings of a file, each with its `label`, `hand` and `strokes`.

    :param limit: return only so many, the first ones
    """
    content = path.read_bytes()
    if content.startswith(_GZIP_MAGIC):
        content = gzip.decompress(content)
    return [json.loads(line) for line in content.splitlines()[:limit]]
