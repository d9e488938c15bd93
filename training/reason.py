"""Why a training failed, as everyone in the room may read it: what went wrong, without paths.

A server shows the reason to whoever asks for its trainings. Paths tell the names of people and how
their machines are laid out; those belong in the terminal of whoever trains.
"""

import os
import re

from training.data import DataError

MAX_CHARACTERS = 300

# How much of an error's text is looked at; TensorFlow's may have thousands of lines.
_MAX_TEXT = 2_000

# Stands where a path stood.
OMITTED = "…"

# What has a slash and is no path.
_WORDS = r"(?:I/O|input/output|read/write|and/or|either/or|TCP/IP|n/a)"

# Neither white space nor what ends a path in a sentence or in a list.
_PLAIN = r"[^\s\"'`<>|;,()\[\]{}]"

# Where a path begins: a root, a home, a drive, a share, a URL of a file, or a folder and its slash.
_START = (
    rf"(?:file:|~|(?:[A-Za-z]:)?[\\/]|[A-Za-z]:(?=\w)(?=[^\s:]*[\\/])|(?:(?!{_PLAIN}*://)"
    rf"[^\s\"'`<>|;,()\[\]{{}}:=\\/]+)[\\/])"
)

_PATHS = (
    # In quotes it may have spaces, and the other quote: whatever has a slash or is a home.
    re.compile(r"(?<![A-Za-z0-9])'[^'\n]*[\\/][^'\n]*'|(?<![A-Za-z0-9])'~[^'\n]*'"),
    re.compile(r"\"[^\"\n]*[\\/][^\"\n]*\"|\"~[^\"\n]*\""),
    re.compile(r"`[^`\n]*[\\/][^`\n]*`|`~[^`\n]*`"),
    # Without quotes its end is not known: it goes on over single words to the last slash before a
    # mark that ends a clause.
    re.compile(
        rf"(?<![\w.…-])(?!{_WORDS}\b)(?!https?://){_START}"
        rf"(?:(?:{_PLAIN}| (?! ))*[\\/])?{_PLAIN}*",
        re.IGNORECASE,
    ),
)


def public_reason(error: BaseException) -> str | None:
    """Return what an error says, without file system paths, or None where it says nothing."""
    if isinstance(error, DataError):
        return "MNIST could not be read or fetched: the terminal of the training says why."
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = str(error.strerror)
        # The system's own words have no paths, but may have a slash.
        if error.errno is not None and text == os.strerror(error.errno):
            return text
    # What the error itself knows as a path, though it may not look like one.
    for known in (getattr(error, "filename", None), getattr(error, "filename2", None)):
        if isinstance(known, str | bytes | os.PathLike) and (path := os.fsdecode(known)):
            text = text.replace(repr(path), OMITTED).replace(path, OMITTED)
    return without_paths(text[:_MAX_TEXT])[:MAX_CHARACTERS] or None


def without_paths(text: str) -> str:
    """Return a text with whatever looks like a path of POSIX or Windows left out."""
    for pattern in _PATHS:
        text = pattern.sub(OMITTED, text)
    return re.sub(rf"{OMITTED}(?:[\s:]*{OMITTED})+", OMITTED, text).strip()
