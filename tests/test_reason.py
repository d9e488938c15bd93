"""What everyone may read of why a training failed."""

import errno
import time
from pathlib import Path

import pytest
import tensorflow as tf

from server.archive import ArchiveError
from server.history import load_history
from tests.test_record import record
from training.cluster_config import ClusterError
from training.data import DataError
from training.reason import MAX_CHARACTERS, public_reason, without_paths
from training.regression import DivergedError

SECRETS = ("alice", "smith", "secret", "models", "My Docs", "server1", "/", "\\")

PATHS = [
    "/home/alice/secret/models/a.npz",
    "/home/alice",
    "/secret",
    "models/secret/a.npz",
    "./secret",
    "../secret/a",
    "~/secret",
    "~alice/secret",
    "~alice",
    "C:\\Users\\alice\\a.npz",
    "c:/Users/alice/a.npz",
    "D:secret\\a.npz",
    "models\\secret\\a.npz",
    "\\\\server1\\share\\alice\\a.npz",
    "\\\\?\\C:\\Users\\alice",
    "//server1/share/alice",
    "file:///home/alice/My%20Docs/a.npz",
    "FILE:///C:/Users/alice",
    "/home/alice smith/My Docs/a.npz",
    "C:\\Users\\alice smith\\My Docs\\a.npz",
    "$HOME/secret",
    "%USERPROFILE%\\secret",
    "/home/alice/naïve/Ünïcode/a.npz",
]


def check(said: str | None) -> str:
    assert said is not None
    for secret in SECRETS:
        assert secret not in said
    return said


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "sentence",
    [
        "{}: cannot be written",
        "cannot write {}",
        "cannot write {}; no room",
        "failed ({})",
    ],
)
def test_no_path_is_left(path: str, sentence: str) -> None:
    said = check(without_paths(sentence.format(path)))
    assert "cannot" in said or "failed" in said


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("quotes", ["''", '""', "``"])
def test_no_quoted_path_is_left(path: str, quotes: str) -> None:
    said = check(without_paths(f"cannot write {quotes[0]}{path}{quotes[1]}: no room left"))
    assert said.startswith("cannot write ")
    assert said.endswith("no room left")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/home/alice/models"),
            "Permission denied",
        ),
        (
            OSError(errno.EXDEV, "Invalid cross-device link", "/secret/a", None, "/home/alice/b"),
            "Invalid cross-device link",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "secret"), "No such file"),
        (OSError(errno.EIO, "Input/output error", "/home/alice"), "Input/output error"),
        (OSError(errno.EIO, "secret: full", "secret"), ": full"),
        (OSError("[Errno 28] No space left on device: '/home/alice/x y'"), "No space left"),
        (ArchiveError("a.npz: not a whole .npz file (cannot read '/home/alice/a')"), "a.npz: not"),
        (ArchiveError("/home/alice/models/a.npz: not a regular file"), "not a regular file"),
        (ValueError("embedded null byte in C:\\Users\\alice"), "embedded null byte"),
        (ClusterError("Worker 0 cannot listen on 10.0.0.1:2222"), "cannot listen on 10.0.0.1:2222"),
        (DataError("--data /home/alice: it is not a directory."), "MNIST could not be read"),
        (DivergedError("The loss became nan within 3 steps."), "The loss became nan within 3"),
        (
            tf.errors.NotFoundError(None, None, "/home/alice/secret/variables; No such file"),
            "No such file",
        ),
        (
            tf.errors.UnknownError(
                None,
                None,
                "{{function_node __wrapped__SaveV2}} Failed to rename: /home/alice/.tmp to: "
                "/home/alice/secret.index : Permission denied [Op:SaveV2] name: ",
            ),
            "Failed to rename",
        ),
    ],
)
def test_a_reason_says_what_failed_and_not_where(error: BaseException, reason: str) -> None:
    said = public_reason(error)
    assert said is not None
    assert reason in said
    for secret in ("alice", "secret", "models", "/home", "C:"):
        assert secret not in said


@pytest.mark.parametrize(
    "text",
    [
        "The loss ended at 2.50, above the 2.30 of guessing: the learning rate is too high.",
        "Worker 1 cannot listen on [::1]:2222 or join the others: in use.",
        "an I/O error, read/write and/or input/output",
        "'con' cannot name a model: use 1 to 64 of a-z, 0-9, '_', '-' and '.'",
        "it isn't 1.5, and 'normalized' wasn't trained (exit code -9)",
    ],
)
def test_what_is_no_path_is_left_as_it_is(text: str) -> None:
    assert without_paths(text) == text


def test_a_reason_is_short_and_none_where_there_is_none() -> None:
    assert len(str(public_reason(ValueError("word " * 1_000)))) <= MAX_CHARACTERS
    assert public_reason(KeyboardInterrupt()) is None


def test_a_long_text_takes_no_long_time() -> None:
    for text in ("a " * 10**6, "a" * 10**6, "/" * 10**6, "'/" * 10**6, "a/ " * 10**6):
        start = time.monotonic()
        public_reason(ValueError(text))
        assert time.monotonic() - start < 2


def test_a_record_has_the_reason_without_the_path(tmp_path: Path) -> None:
    def fail() -> None:
        with record(tmp_path):
            raise OSError(errno.ENOSPC, "No space left on device", "/home/alice/models/a.npz")

    with pytest.raises(OSError, match="/home/alice"):
        fail()
    card = load_history(tmp_path / "training" / "mine.npz").card
    assert (card.outcome, card.reason) == ("failed", "No space left on device")
