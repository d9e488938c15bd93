"""The public reason of a failed training."""

import errno
from pathlib import Path

import pytest
import tensorflow as tf

from server.storage.archive import ArchiveError
from server.storage.history import load_history
from tests.training.outputs.records import record
from training.data.sources import DataError
from training.fitting.regression import DivergedError
from training.outputs.reason import public_reason
from training.settings.cluster_config import ClusterError

HERE = "/home/alice/my secret/a.npz"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device", HERE), "No space left on device."),
        (PermissionError(errno.EACCES, f"secret: {HERE}", "secret"), "Permission denied."),
        (OSError(errno.EXDEV, "Invalid link", HERE, None, "secret"), "Invalid cross-device link."),
        (OSError(f"[Errno 28] No space left on device: {HERE!r}"), "OSError."),
        (ArchiveError(f"{HERE}: not a regular file"), "ArchiveError."),
        (ValueError("embedded null byte in C:\\Users\\alice"), "ValueError."),
        (MemoryError(HERE), "There was not enough memory."),
        (ClusterError("worker 0 (alice.local:2222) is gone"), "The cluster could not be joined"),
        (DataError(f"--data {HERE}: it is not a directory."), "MNIST could not be read"),
        (DivergedError("The loss became nan at step 3."), "The loss became nan at step 3."),
        (tf.errors.NotFoundError(None, None, f"{HERE}/variables; secret"), "NotFoundError."),
    ],
)
def test_a_reason_has_the_cause_but_no_path(error: BaseException, reason: str) -> None:
    said = public_reason(error)
    assert said is not None
    assert said.startswith(reason)
    assert not any(word in said for word in ("alice", "secret", "npz", "/", "\\"))


def test_an_interruption_has_no_reason() -> None:
    assert public_reason(KeyboardInterrupt()) is None


def test_a_record_has_the_reason_without_the_path(tmp_path: Path) -> None:
    def fail() -> None:
        with record(tmp_path):
            raise OSError(errno.ENOSPC, "No space left on device", HERE)

    with pytest.raises(OSError, match="/home/alice"):
        fail()
    card = load_history(tmp_path / "training" / "mine.npz").card
    assert card.outcome == "failed"
    assert str(card.reason).startswith("No space left on device.")
    assert "alice" not in str(card.reason)
