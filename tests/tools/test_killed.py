"""TrainingMonitor that are killed without warning."""

from pathlib import Path

from tests.killed import kill_many


def test_a_killed_training_leaves_a_whole_model_and_readable_histories(tmp_path: Path) -> None:
    assert kill_many(tmp_path, rounds=2).total() == 2
