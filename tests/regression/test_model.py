"""The file of a model."""

import os
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from server.regression.regression import Regression
from server.regression.shapes import DIGITS, PIXELS
from server.storage.archive import MAX_BYTES, MAX_UNPACKED_BYTES, ArchiveError
from server.storage.model_file import load_model, pack_model, unpack_model
from server.storage.model_name import ModelNameError
from tests.support.factories import (
    make_card,
    make_familiarity,
    save_model,
    save_small_model,
    write_archive,
)


def test_a_saved_model_is_loaded_as_it_was(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    weights = random.normal(size=(PIXELS, DIGITS)).astype(np.float32)
    bias = random.normal(size=DIGITS).astype(np.float32)
    card = make_card(recipe="tutorial", data_sha256={"a": "b"})
    loaded = load_model(save_model(tmp_path, "mine", weights, bias, make_familiarity(), card))
    assert loaded.name == "mine"
    assert np.array_equal(loaded.weights, weights)
    assert np.array_equal(loaded.bias, bias)
    assert loaded.card == card


def card_bytes(**changes: object) -> NDArray[np.uint8]:
    return np.frombuffer(msgspec.json.encode(make_card(**changes)), np.uint8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"bias": None},
            "contains ['axes', 'card', 'limits', 'means', 'weights'], not ['axes'",
        ),
        ({"extra": np.zeros(1)}, "contains ['axes', 'bias', 'card', 'extra', 'limits'"),
        ({"limits": np.zeros(11, np.float32)}, "limits are not at least 1e-06 everywhere"),
        ({"axes": np.zeros((11, 588, 45), np.float32)}, "axes is float32, not float16"),
        (
            {"weights": np.zeros((10, 784), np.float32)},
            "weights has shape (10, 784), not (784, 10)",
        ),
        ({"weights": np.zeros((784, 10))}, "weights is float64, not float32"),
        ({"bias": np.full(10, np.nan, np.float32)}, "bias is not finite everywhere"),
        ({"bias": np.full(10, np.inf, np.float32)}, "bias is not finite everywhere"),
        (
            {"card": card_bytes(transformations="big")},
            "unknown transformations 'big'",
        ),
        ({"card": np.frombuffer(b"{}", np.uint8)}, "card: Object missing required field `recipe`"),
        ({"card": np.frombuffer(b"", np.uint8)}, "card: Input data was truncated"),
        ({"card": np.array([object()])}, "not a valid .npz file (Object arrays cannot be loaded"),
    ],
)
def test_a_file_that_holds_no_model_is_refused_with_what_is_wrong(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "broken.npz"
    write_archive(path, **changes)
    with pytest.raises(ArchiveError) as refusal:
        load_model(path)
    assert str(refusal.value).startswith("broken.npz: ")
    assert message in str(refusal.value)


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    (tmp_path / "directory.npz").mkdir()
    for name, message in [("none.npz", "No such file"), ("directory.npz", "not a regular file")]:
        with pytest.raises(ArchiveError, match=message):
            load_model(tmp_path / name)


WINDOWS_DEVICES = [
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
]


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "..", "a/b", "A", ".hidden", "x" * 65, "naïve", "a\n", "a ", "a.", "-a", "a\0b"),
        *(f"a{character}b" for character in '<>:"/\\|?*\x01\x7f'),
        *WINDOWS_DEVICES,
        *("con.x", "nul.tar.gz", "CON", "Com1", "lpt9.model", "con."),
    ],
)
def test_a_name_that_a_model_cannot_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelNameError, match="cannot name a model"):
        save_small_model(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a", "7", "x" * 64, "con-x", "console", "com", "com10", "a.con", "my.nul", "a-", "a_"]
)
def test_a_name_that_only_resembles_a_device_is_accepted(tmp_path: Path, name: str) -> None:
    assert save_small_model(tmp_path, name).name == f"{name}.npz"


def test_numbers_that_are_not_finite_are_refused_before_they_are_saved() -> None:
    weights = np.full((PIXELS, DIGITS), np.nan, np.float32)
    bias = np.zeros(DIGITS, np.float32)
    with pytest.raises(ArchiveError, match="weights is not finite everywhere"):
        unpack_model("nan", pack_model(Regression(weights, bias), make_familiarity(), make_card()))


def test_a_save_that_fails_on_the_way_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_small_model(tmp_path, "kept")
    before = path.read_bytes()

    def disk_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        save_small_model(tmp_path, "kept", favourite=5)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_path_that_is_not_a_file_and_a_decompression_bomb_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.npz"
    os.mkfifo(pipe)
    with pytest.raises(ArchiveError, match="not a regular file"):
        load_model(pipe)
    large = tmp_path / "large.npz"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ArchiveError, match=f"over {MAX_BYTES}"):
        load_model(large)
    bomb = tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("axes", "bias", "card", "limits", "means"):
            archive.writestr(f"{name}.npy", b"")
        archive.writestr("weights.npy", bytes(MAX_UNPACKED_BYTES + 1))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(ArchiveError, match="would unpack to"):
        load_model(bomb)
