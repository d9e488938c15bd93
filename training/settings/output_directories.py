"""The directories of a training's outputs, checked before the training: none replaces another."""

import argparse
import os
import re
from pathlib import Path

from server.storage.evaluation import EVALUATIONS
from server.storage.history import HISTORIES, TRAININGS

# The folder of the reports in a models directory.
REPORTS = "reports"


class OutputDirectoryError(Exception):
    """A directory of the outputs cannot be used; the message says what is accepted."""


def check_output_directories(options: argparse.Namespace, name: str) -> None:
    """Check the directories of the outputs.

    An export replaces its directory, so no other output may be written to it or below it.

    :param name: the model's name
    :raise OutputDirectoryError: a directory is a file, or an export would replace another output
    """
    for option in ("models", "report", "tensorboard", "export"):
        path = getattr(options, option)
        if path is not None and path.exists() and not path.is_dir():
            raise OutputDirectoryError(
                f"--{option} needs a directory, but {str(path)!r} is a file."
            )
    if options.export is None:
        return
    export = _resolve(options.export)
    for option, directory in _other_directories(options):
        # TensorBoard's runs are the directories NAME, NAME-2 and so on.
        is_run = (
            option == "--tensorboard"
            and directory == export.parent
            and re.fullmatch(rf"{re.escape(name)}(-\d+)?", export.name) is not None
        )
        if is_run or export in (directory, *directory.parents):
            raise OutputDirectoryError(
                f"--export needs a directory of its own, but {option} writes to "
                f"{str(export if is_run else directory)!r}."
            )


def _other_directories(options: argparse.Namespace) -> list[tuple[str, Path]]:
    """Return the options of all outputs but the export, with the directories that they write to."""
    models = _resolve(options.models)
    directories = [("--models", models / folder) for folder in (HISTORIES, EVALUATIONS, TRAININGS)]
    directories.append(("--report", _resolve(options.report or models / REPORTS)))
    if options.tensorboard is not None:
        directories.append(("--tensorboard", _resolve(options.tensorboard)))
    return directories


def _resolve(path: Path) -> Path:
    # Path.resolve raises RuntimeError for a symbolic link to itself.
    return Path(os.path.realpath(path))
