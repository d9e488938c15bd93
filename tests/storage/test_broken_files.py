"""Files of models, histories and evaluations that are broken in every way a file can be.

Whatever a file holds, reading it ends in an ArchiveError that says what is wrong, or in the numbers
that were written; and a server goes on with what it loaded before.
"""

import io
import json
import os
import random
import struct
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from server.regression.prediction import predict
from server.regression.shapes import DIGITS, PIXELS
from server.storage.archive import MAX_BYTES, ArchiveError, Layout, pack, unpack
from server.storage.evaluation import load_evaluation
from server.storage.history import load_history, save_history
from server.storage.model_file import MODELS, load_model, unpack_model
from server.storage.model_store import ModelStore
from server.storage.training_monitor import describe_training
from server.web.app import create_app
from server.web.common.weight_files import replay_bytes
from tests.support.factories import (
    make_card,
    make_evaluation,
    make_history,
    save_evaluation,
    save_small_model,
    write_archive,
)
from tests.support.limits import no_more_files, without_privileges
from tests.support.serving import serve
from tests.support.sockets import send
from tests.support.waiting import wait_until

LOADERS: dict[str, Callable[[Path], Any]] = {
    "tutorial.npz": load_model,
    "history/tutorial.npz": load_history,
    "evaluation/normalized.npz": load_evaluation,
}
MEGABYTE = 1024 * 1024


class Note(msgspec.Struct):
    """A card that is short."""

    words: str


LAYOUT: Layout = {"few": ((3,), np.float32), "more": (("n", 2), np.int8)}


def tiny_archive(compressed: bool) -> bytes:
    """Make an archive so small that everything can be tried on it."""
    arrays = {"few": np.array([0, 1, 2], np.float32), "more": np.ones((2, 2), np.int8)}
    return pack(arrays, Note("kept"), compressed=compressed)


def reads_as_written(content: bytes) -> bool:
    """Tell whether an archive reads as the tiny one does; it is refused where not.

    :raise AssertionError: it reads as something else
    """
    try:
        arrays, card = unpack(content, LAYOUT, Note)
    except ArchiveError:
        return False
    assert arrays["few"].tolist() == [0, 1, 2]
    assert arrays["more"].tolist() == [[1, 1], [1, 1]]
    assert card == Note("kept")
    return True


@pytest.mark.parametrize("compressed", [False, True])
def test_every_truncation_of_a_small_archive_is_refused(compressed: bool) -> None:
    content = tiny_archive(compressed)
    assert reads_as_written(content)
    assert not any(reads_as_written(content[:length]) for length in range(len(content)))


@pytest.mark.parametrize("compressed", [False, True])
def test_every_flipped_bit_of_a_small_archive_is_refused_or_changes_nothing(
    compressed: bool,
) -> None:
    content = tiny_archive(compressed)
    harmless = 0
    for place in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        harmless += reads_as_written(bytes(flipped))
    # Dates and attributes, which tell nothing.
    assert harmless < 8 * len(content) / 2


def boundaries(content: bytes) -> Iterator[int]:
    """Give where each part of an archive begins: members, their data, directory and end."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        yield archive.start_dir
        for member in archive.infolist():
            name, extra = struct.unpack_from("<HH", content, member.header_offset + 26)
            data = member.header_offset + 30 + name + extra
            yield from (member.header_offset, data, data + 128, data + member.compress_size)
    yield content.rindex(b"PK\x05\x06")


@pytest.mark.parametrize("name", LOADERS)
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path, name: str) -> None:
    content = (MODELS / name).read_bytes()
    lengths = set(range(0, len(content), 997)) | set(range(len(content) - 600, len(content)))
    lengths |= {start + away for start in boundaries(content) for away in range(-2, 3)}
    path = tmp_path / Path(name).name
    for length in sorted(lengths & set(range(len(content)))):
        path.write_bytes(content[:length])
        with pytest.raises(ArchiveError, match=r"\.npz: not a valid \.npz file"):
            LOADERS[name](path)


@pytest.mark.parametrize("name", LOADERS)
def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / Path(name).name
    content = (MODELS / name).read_bytes()
    whole = numbers(LOADERS[name](MODELS / name))
    chance = random.Random(0)
    refused = 0
    for _ in range(500):
        flipped = bytearray(content)
        flipped[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            loaded = numbers(LOADERS[name](path))
        except ArchiveError:
            refused += 1
        else:
            assert loaded == whole
    # Nearly all of a file is numbers, which the archive's checksums guard.
    assert refused > 475


def numbers(loaded: Any) -> dict[str, Any]:
    """Give all that was loaded but the digest, arrays as bytes."""
    parts = vars(loaded) | vars(getattr(loaded, "familiarity", loaded))
    return {
        name: part.tobytes() if isinstance(part, np.ndarray) else part
        for name, part in parts.items()
        if name not in ("digest", "familiarity")
    }


def as_member(array: np.ndarray[Any, Any]) -> bytes:
    """Write an array as a member of an archive."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def archive_with(good: Path, **members: bytes) -> bytes:
    """Return a good archive's content with some members replaced by others."""
    packed = io.BytesIO()
    with zipfile.ZipFile(good) as whole, zipfile.ZipFile(packed, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, members.get(name.removesuffix(".npy"), whole.read(name)))
    return packed.getvalue()


def card_of(text: bytes) -> bytes:
    return as_member(np.frombuffer(text, np.uint8))


def claimed(shape: str, kind: str = "<f4") -> bytes:
    """Return an array's head without its numbers."""
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode()


CARD = msgspec.json.encode(make_card())
BROKEN_MEMBERS = [
    pytest.param({"card": b"no array"}, "card is not an array", id="no array"),
    pytest.param({"bias": b""}, "bias is not an array", id="nothing"),
    pytest.param({"card": as_member(np.array("text"))}, "card has shape", id="text"),
    pytest.param({"card": card_of(b"\xff\xfe")}, "card: JSON is malformed", id="no JSON"),
    pytest.param(
        {"card": card_of(CARD.replace(b'"sgd"', b'"\xff"'))}, "can't decode", id="no UTF-8"
    ),
    pytest.param(
        {"card": card_of(CARD.replace(b'"sgd"', b'"\\ud800"'))}, "surrogate", id="half a character"
    ),
    pytest.param(
        {"card": card_of(CARD[:-1] + b',"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}")},
        "recursion",
        id="deeply nested",
    ),
    pytest.param({"card": card_of(CARD.replace(b"0.5", b"1e999"))}, "out of range", id="1e999"),
    pytest.param({"card": card_of(CARD.replace(b"0.5", b"NaN"))}, "malformed", id="card with NaN"),
    pytest.param({"bias": claimed("(10,)")}, "not a valid .npz file (EOF", id="no numbers"),
    pytest.param({"weights": claimed("(784000000000, 10)")}, "not a valid", id="28 TB"),
    pytest.param({"weights": claimed("(50000000, 10)")}, "(EOF", id="2 GB"),
    pytest.param({"weights": claimed("(-784, -10)")}, "(EOF", id="negative lengths"),
    pytest.param({"weights": claimed("(1,)", "|V2000000000")}, "(EOF", id="one of 2 GB"),
    pytest.param({"weights": claimed("(10**9,)")}, "not a valid", id="a shape that is code"),
    pytest.param({"weights": as_member(np.zeros((10, 784), np.float32))}, "shape", id="transposed"),
    pytest.param(
        {"weights": as_member(np.zeros((784, 10), ">f4"))}, "not float32", id="bytes' order"
    ),
    *(
        pytest.param(
            {name: as_member(np.full(shape, value, kind))},
            f"{name} is not finite",
            id=f"{name} {value}",
        )
        for name, shape, kind in (
            ("weights", (784, 10), np.float32),
            ("bias", 10, np.float32),
            ("means", (11, 588), np.float32),
            ("axes", (11, 588, 45), np.float16),
            ("limits", 11, np.float32),
        )
        for value in (np.nan, np.inf, -np.inf)
    ),
    *(
        pytest.param(
            {name: as_member(np.full(shape, -3e38, np.float32))},
            f"{name} is not within ±1e+06",
            id=f"{name} −3e38",
        )
        for name, shape in (("weights", (784, 10)), ("bias", 10), ("means", (11, 588)))
    ),
    *(
        pytest.param(
            {"limits": as_member(np.full(11, limit, np.float32))},
            "limits are not",
            id=f"limit {limit}",
        )
        for limit in (0, -1, 1e-45)
    ),
]


@pytest.mark.parametrize(("members", "message"), BROKEN_MEMBERS)
def test_an_invalid_member_is_refused_with_the_reason(
    good_files: dict[str, Path], members: dict[str, bytes], message: str
) -> None:
    content = archive_with(good_files["model"], **members)
    with pytest.raises(ArchiveError) as refusal:
        unpack_model("broken", content)
    assert message in str(refusal.value)


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Fail where more memory is used on the way than a server has to spare for a file."""
    tracemalloc.start(1)
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 48 * MEGABYTE


def lying_bomb(method: int) -> bytes:
    """Make an archive that says it unpacks to a kilobyte, and would to a hundred megabytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name in ("weights", "bias", "means", "axes", "limits", "card"):
            with archive.open(f"{name}.npy", "w") as member:
                member.write(b"\x93NUMPY\x01\x00")
                for _ in range(100 if name == "weights" else 0):
                    member.write(bytes(MEGABYTE))
    content = bytearray(file.getvalue())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 1_024)
    return bytes(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_to_more_than_it_says_takes_no_memory(method: int) -> None:
    bomb = lying_bomb(method)
    assert len(bomb) < MAX_BYTES
    with bounded_memory(), pytest.raises(ArchiveError):
        unpack_model("bomb", bomb)


def test_a_crowd_of_members_is_refused_in_few_words() -> None:
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<H", 1) + bytes(16) + b"a"
    count = (MAX_BYTES - 100) // len(entry)
    end = b"PK\x05\x06" + struct.pack("<IHHIIH", 0, 0, 0, count * len(entry), 0, 0)
    with pytest.raises(ArchiveError, match="contains") as refusal:
        unpack_model("crowd", entry * count + end)
    assert len(str(refusal.value)) < 300


@pytest.fixture(scope="module")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the path of a small good file of each kind."""
    directory = tmp_path_factory.mktemp("good")
    write_archive(directory / "model.npz")
    return {
        "model": directory / "model.npz",
        "history": save_history(directory, make_history("history")),
        "evaluation": save_evaluation(directory, make_evaluation("evaluation", "digest")),
    }


def use_model(path: Path) -> list[Any]:
    """Give the numbers of answers to any drawing."""
    model = load_model(path)
    answers = [predict(model, np.full(PIXELS, ink, np.float32)) for ink in (0, 0.5, 1)]
    return [
        number
        for answer in answers
        for number in (*answer.probabilities, *answer.evidence, answer.distance)  # type: ignore[misc]
    ]


def use_history(path: Path) -> list[Any]:
    history = load_history(path)
    count = len(history.steps)
    floats = np.frombuffer(replay_bytes(history), "<f4", 11 * count + PIXELS * DIGITS)
    assert len(replay_bytes(history)) == 4 * len(floats) + count * PIXELS * DIGITS
    curves = json.loads(msgspec.json.encode(describe_training(history)))["curves"].values()
    return [*floats, *chain.from_iterable(curves)]


def use_evaluation(path: Path) -> list[Any]:
    answer = json.loads(msgspec.json.encode(load_evaluation(path).answer()))
    figures = [[example["probability"], example["loss"]] for example in answer["misread"]]
    return [answer["accuracy"], answer["loss"], *chain.from_iterable(figures + answer["confusion"])]


USES = {"model": use_model, "history": use_history, "evaluation": use_evaluation}


def check_use(path: Path, kind: str) -> None:
    """Check that a file is refused, or that all that is made of it is finite numbers."""
    with suppress(ArchiveError):
        assert np.isfinite(USES[kind](path)).all()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def changed_member(draw: st.DrawFn, name: str, array: np.ndarray[Any, Any]) -> bytes:
    """Give bytes, another array, or the same one with other facts or numbers in it."""
    way = draw(st.sampled_from(["bytes", "array", "facts" if name == "card" else "numbers"]))
    if way == "bytes":
        return draw(st.binary(max_size=300))
    if way == "facts":
        card = json.loads(array.tobytes())
        changes = draw(st.dictionaries(st.sampled_from(sorted(card)), JSON_VALUES, max_size=2))
        return card_of(json.dumps(card | changes).encode())
    dtype = array.dtype
    if way == "array":
        dtype = draw(numpy_st.scalar_dtypes())
        return as_member(draw(numpy_st.arrays(dtype, numpy_st.array_shapes(min_dims=0))))
    changed = array.copy()
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, changed.size - 1))
        changed.flat[place] = draw(numpy_st.from_dtype(dtype))
    return as_member(changed)


@pytest.mark.parametrize("kind", USES)
@hypothesis.settings(max_examples=200)
@hypothesis.given(data=st.data())
def test_whatever_its_members_are_a_file_is_refused_or_sound(
    good_files: dict[str, Path], kind: str, data: st.DataObject
) -> None:
    good = good_files[kind]
    with np.load(good) as archive:
        arrays = dict(archive)
    names = data.draw(st.sets(st.sampled_from(sorted(arrays)), min_size=1, max_size=2))
    members = {name: data.draw(changed_member(name, arrays[name])) for name in sorted(names)}
    path = good.with_name(f"changed-{good.name}")
    path.write_bytes(archive_with(good, **members))
    check_use(path, kind)


@pytest.mark.parametrize("kind", USES)
@hypothesis.settings(max_examples=200)
@hypothesis.given(data=st.data())
def test_whatever_is_written_over_a_file_it_is_refused_or_sound(
    good_files: dict[str, Path], kind: str, data: st.DataObject
) -> None:
    content = good_files[kind].read_bytes()
    start = data.draw(st.integers(0, len(content)))
    # The directory at the end is where a few bytes do most.
    if data.draw(st.booleans()):
        start = len(content) - start % 700
    written, gap = data.draw(st.binary(max_size=40)), data.draw(st.integers(0, 40))
    path = good_files[kind].with_name(f"overwritten-{kind}.npz")
    path.write_bytes(content[:start] + written + content[start + gap :])
    check_use(path, kind)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def make_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def lie_over_many_lines(path: Path) -> None:
    """Put a member there whose refusal by NumPy has several lines."""
    long_head = b"\x93NUMPY\x02\x00" + struct.pack("<I", 20_000) + b" " * 20_000
    path.write_bytes(archive_with(path, weights=long_head))


FAULTS: list[Any] = [
    pytest.param(lambda path: path.write_bytes(b""), "not a valid .npz file", id="empty"),
    pytest.param(truncate, "not a valid .npz file", id="truncated"),
    pytest.param(
        lambda path: write_archive(path, bias=np.full(DIGITS, np.nan, np.float32)),
        "bias is not finite everywhere",
        id="NaN",
    ),
    pytest.param(make_directory, "not a regular file", id="directory"),
    pytest.param(make_pipe, "not a regular file", id="pipe"),
    pytest.param(lambda path: make_link(path, "nowhere"), "No such file", id="dangling link"),
    pytest.param(lambda path: make_link(path, path.name), "symbolic link", id="link to itself"),
    pytest.param(lambda path: make_link(path, "/dev/zero"), "not a regular file", id="device"),
    pytest.param(
        lambda path: path.write_bytes(lying_bomb(zipfile.ZIP_BZIP2)),
        "uses a compression method",
        id="bomb",
    ),
    pytest.param(lie_over_many_lines, "Header info length", id="many lines"),
]


@pytest.mark.parametrize(("break_file", "message"), FAULTS)
def test_a_file_that_breaks_is_said_in_one_line_and_the_last_good_one_goes_on(
    models: Path,
    caplog: pytest.LogCaptureFixture,
    break_file: Callable[[Path], None],
    message: str,
) -> None:
    store = ModelStore(models)
    good = store.find("small")
    break_file(models / "small.npz")
    for _ in range(3):
        assert store.find("small") is good
    (record,) = caplog.records
    line = record.getMessage()
    assert line.startswith("Model not loaded, previous one kept: small.npz: ")
    assert message in line
    assert "\n" not in line
    assert len(line) < 400


@pytest.fixture
def open_models() -> Iterator[Path]:
    """Give a directory of a model that all users can reach, as pytest's own they cannot."""
    with tempfile.TemporaryDirectory() as directory:
        models = Path(directory)
        save_small_model(models)
        models.chmod(0o777)
        yield models


def test_a_file_without_permission_is_taken_up_as_soon_as_there_is_some(
    open_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ModelStore(open_models)
    path = save_small_model(open_models, favourite=7)
    path.chmod(0)
    with without_privileges():
        assert favourite(store) == 0
    (record,) = caplog.records
    assert "small.npz: Permission denied" in record.getMessage()
    path.chmod(0o644)
    with without_privileges():
        assert favourite(store) == 7


def test_a_directory_without_permission_loses_nothing(
    open_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = ModelStore(open_models)
    open_models.chmod(0)
    with without_privileges():
        for _ in range(3):
            assert favourite(store) == 0
    (record,) = caplog.records
    assert "Model files not readable, previous ones kept" in record.getMessage()
    open_models.chmod(0o755)
    save_small_model(open_models, favourite=7)
    assert favourite(store) == 7


def test_where_no_more_files_can_be_opened_the_models_go_on(models: Path) -> None:
    store = ModelStore(models)
    save_small_model(models, favourite=7)
    with no_more_files():
        assert favourite(store) == 0
    assert favourite(store) == 7


def favourite(store: ModelStore) -> int:
    model = store.find("small")
    assert model is not None
    return int(model.bias.argmax())


@pytest.mark.parametrize("directory", ["history", "evaluation", "training"])
def test_broken_artifacts_leave_the_models_answers_as_they_are(
    models: Path, directory: str
) -> None:
    path = models / directory / "small.npz"
    path.parent.mkdir()
    client = create_app(models).test_client()
    before = client.post("/api/predict", json={"pixels": [0] * PIXELS}).get_json()
    for content in (b"", lying_bomb(zipfile.ZIP_BZIP2), (models / "small.npz").read_bytes()):
        path.write_bytes(content)
        for url in ("/api/training", "/api/histories", "/api/models"):
            assert client.get(url).status_code == 200
        assert client.get("/api/models/small/evaluation").status_code == 404
        assert client.post("/api/predict", json={"pixels": [0] * PIXELS}).get_json() == before


def test_a_running_server_answers_on_while_its_model_breaks_and_comes_back(
    models: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = models / "small.npz"
    with serve("--models", str(models)) as url:
        for break_file in (truncate, make_pipe):
            break_file(path)
            deadline = time.monotonic() + 1.4
            while time.monotonic() < deadline:
                assert answered_digit(url) == 0
                time.sleep(0.05)
            path.unlink()
            save_small_model(models)
        save_small_model(models, favourite=7)
        wait_until(lambda: answered_digit(url) == 7)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("Model not loaded, previous one kept: small.npz: " in line for line in lines)


def answered_digit(url: str) -> int:
    """Ask a server about paper, which a small model reads as its favourite."""
    head = b"POST /api/predict?fields=doubt HTTP/1.1\r\nContent-Length: 784\r\n"
    kind = b"Content-Type: application/octet-stream\r\n\r\n"
    status, _, body = send(url, head + kind + bytes(PIXELS))
    assert status == 200
    digit: int = json.loads(body)["digit"]
    return digit
