"""What clients send as a drawing: whatever it is, it is read as it stands or refused by name.

Python's own json is the oracle for what a text says.
"""

import json
from contextlib import suppress
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from server.regression.shapes import PIXELS
from server.web.common.drawing import (
    MalformedDrawingError,
    NotADrawingError,
    parse_bytes,
    parse_json,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
INTENSITIES = st.floats(0, 1) | st.sampled_from([0, 1, -0.0, 5e-324, 1e-45, 0.1 + 0.2])

# Numbers as they can be written, most of them out of range or no JSON at all.
WRITTEN_NUMBERS = st.from_regex(
    r"-?[0-9]{1,4}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)


def check(body: bytes) -> bool:
    """Tell whether a body is accepted; where it is, the pixels are the numbers that it says.

    :raise AssertionError: they are not, or are no intensities
    """
    try:
        pixels, name = parse_json(body)
    except (MalformedDrawingError, NotADrawingError) as refusal:
        # The problem that is made of it is sent as UTF-8.
        return not str(refusal).encode()
    said = json.loads(body)
    assert pixels.shape == (PIXELS,)
    assert pixels.dtype == np.float32
    assert ((pixels >= 0) & (pixels <= 1)).all()
    assert pixels.tolist() == np.array(said["pixels"], np.float64).astype(np.float32).tolist()
    assert name == said.get("model")
    return True


def drawing(first: str = "0", rest: str = "") -> bytes:
    """Write a drawing: the first pixel as given, the others paper, and more after the pixels."""
    return f'{{"pixels": [{first}{", 0" * (PIXELS - 1)}]{rest}}}'.encode("utf-8", "surrogatepass")


@hypothesis.settings(max_examples=300)
@hypothesis.given(body=st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_and_any_json_are_read_or_refused(body: bytes) -> None:
    check(body)
    with suppress(NotADrawingError):
        parse_bytes(body)


@hypothesis.settings(max_examples=300)
@hypothesis.given(
    members=st.dictionaries(
        st.sampled_from(["pixels", "model"]) | st.text(max_size=8),
        JSON_VALUES | st.integers(783, 785).map(lambda count: [0.5] * count),
        max_size=3,
    )
)
def test_any_object_with_the_right_names_is_read_or_refused(members: dict[str, Any]) -> None:
    check(json.dumps(members).encode())


@hypothesis.settings(max_examples=100)
@hypothesis.given(
    pixels=numpy_st.arrays(np.float64, PIXELS, elements=INTENSITIES), name=st.none() | st.text()
)
def test_any_intensities_and_any_name_are_accepted(
    pixels: np.ndarray[Any, Any], name: str | None
) -> None:
    assert check(json.dumps({"pixels": pixels.tolist(), "model": name}).encode())


@hypothesis.settings(max_examples=500)
@hypothesis.given(number=WRITTEN_NUMBERS)
def test_any_number_is_read_as_python_reads_it_or_refused(number: str) -> None:
    accepted = check(drawing(number))
    with suppress(ValueError):
        assert accepted == (0 <= json.loads(number) <= 1)


@hypothesis.settings(max_examples=300)
@hypothesis.given(place=st.integers(0, 3_000), written=st.binary(max_size=4), gap=st.integers(0, 9))
def test_a_drawing_with_anything_written_over_it_is_read_or_refused(
    place: int, written: bytes, gap: int
) -> None:
    body = drawing(rest=', "model": "mönch"')
    check(body[:place] + written + body[place + gap :])


@hypothesis.settings(max_examples=50)
@hypothesis.given(body=st.binary(min_size=PIXELS, max_size=PIXELS))
def test_any_784_bytes_are_intensities(body: bytes) -> None:
    pixels = parse_bytes(body)
    assert (pixels.shape, pixels.dtype) == ((PIXELS,), np.float32)
    assert pixels.tolist() == [np.float32(byte / 255) for byte in body]


DEEP = "[" * 100_000

EDGES: list[Any] = [
    # what is sent, and whether it is accepted
    pytest.param(drawing("-0"), True, id="−0"),
    pytest.param(drawing("-0.0"), True, id="−0.0"),
    pytest.param(drawing("1"), True, id="1"),
    pytest.param(drawing("1.0000000000000001"), True, id="1 as a double"),
    pytest.param(drawing("1.0000000000000003"), False, id="the double after 1"),
    pytest.param(drawing("1e-400"), True, id="1e-400"),
    pytest.param(drawing("-1e-400"), True, id="-1e-400"),
    pytest.param(drawing("1e308"), False, id="1e308"),
    pytest.param(drawing("1e309"), False, id="1e309"),
    pytest.param(drawing("1e" + "9" * 10_000), False, id="exponent of 10,000 digits"),
    pytest.param(drawing("0." + "1" * 10_000), True, id="fraction of 10,000 digits"),
    pytest.param(drawing("1" * 10_000), False, id="integer of 10,000 digits"),
    pytest.param(drawing("1" * 10_000 + "e-10000"), True, id="10,000 digits, and back"),
    pytest.param(drawing("01"), False, id="01"),
    pytest.param(drawing("+1"), False, id="+1"),
    pytest.param(drawing(".5"), False, id=".5"),
    pytest.param(drawing("0x1"), False, id="0x1"),
    pytest.param(drawing("true"), False, id="true"),
    pytest.param(drawing('"1"'), False, id="string"),
    pytest.param(drawing("[0]"), False, id="list"),
    pytest.param(drawing("NaN"), False, id="NaN"),
    pytest.param(drawing("-Infinity"), False, id="−∞"),
    pytest.param(drawing(rest=', "pixels": []'), False, id="two lists, the last of which is none"),
    pytest.param(drawing(rest=f', "pixels": {[1] * PIXELS}'), True, id="two lists"),
    pytest.param(drawing(rest=', "model": "a", "model": "b"'), True, id="two names"),
    pytest.param(b"\xef\xbb\xbf" + drawing(), True, id="BOM"),
    pytest.param(drawing().decode().encode("utf-16"), False, id="UTF-16"),
    pytest.param(drawing("NaN").decode().encode("utf-16"), False, id="UTF-16 with NaN"),
    pytest.param(drawing().decode().encode("utf-32-le"), False, id="UTF-32"),
    pytest.param(drawing().replace(b"0", b"\xd9\xa0"), False, id="Arabic digits"),
    pytest.param(drawing(DEEP), False, id="deep"),
    pytest.param(drawing("NaN, " + DEEP), False, id="deep after NaN"),
    pytest.param(DEEP.encode(), False, id="nothing but depth"),
    pytest.param(b'{"a": ' * 100_000, False, id="deep objects"),
    pytest.param(drawing(rest=f', "model": {DEEP}'), False, id="a deep name"),
    pytest.param(drawing(rest=f', "more": {DEEP}{"]" * 100_000}'), False, id="a deep member more"),
    pytest.param(drawing(rest=', "model": "\\ud800"'), False, id="half a character, escaped"),
    pytest.param(drawing(rest=', "model": "\ud800"'), False, id="half a character"),
    pytest.param(drawing(rest=', "model": "?"').replace(b"?", b"\xff"), False, id="no UTF-8"),
    pytest.param(drawing(rest=', "?": 1').replace(b"?", b"\xff"), False, id="no UTF-8 as a name"),
    pytest.param(drawing(rest=', "model": "\\u0000"'), True, id="NUL, escaped"),
    pytest.param(drawing(rest=', "model": "\0"'), False, id="NUL"),
    pytest.param(drawing() + b"\0", False, id="NUL at the end"),
    pytest.param(drawing() + drawing(), False, id="two drawings"),
]


@pytest.mark.parametrize(("body", "accepted"), EDGES)
def test_bodies_at_the_limits_are_accepted_or_refused(body: bytes, accepted: bool) -> None:
    assert check(body) == accepted
