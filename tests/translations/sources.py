"""The messages in the page's templates and scripts, collected as pybabel does."""

import tomllib
from functools import lru_cache

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir

from tests.support.serving import ROOT


@lru_cache
def source_messages() -> Catalog:
    """Return all messages of the page, without translations."""
    catalog = Catalog()
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    patterns = [(one["pattern"], one["method"]) for one in mappings]
    options = {one["pattern"]: one for one in mappings}
    for path, line, message, comments, _context in extract_from_dir(ROOT, patterns, options):
        catalog.add(message, locations=[(path, line)], auto_comments=comments)
    return catalog
