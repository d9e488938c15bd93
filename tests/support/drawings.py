"""People's drawings in files: a JSON object per line, gzipped or not."""

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

_GZIP_MAGIC = b"\x1f\x8b"


def read_drawings(path: Path, limit: int | None = None) -> list[dict[str, Any]]:
    """Return the drawings of a file, each with its `label`, `hand` and `strokes`.

    :param limit: return only so many, the first ones
    """
    with path.open("rb") as file:
        is_gzipped = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        lines = gzip.open(file) if is_gzipped else file
        return [json.loads(line) for line in islice(lines, limit)]
