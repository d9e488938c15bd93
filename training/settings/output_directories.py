"""The directories and files of a training's outputs, checked before the training.

They can be written, and none replaces another.
"""

import argparse
import os
import re
from pathlib import Path

from server.storage.archive import FILE_SUFFIX
from server.storage.evaluation import EVALUATIONS
from server.storage.history import HISTORIES, TRAININGS
from server.system.atomic_write import is_writable

# The folder of the reports in a models directory.
REPORTS = "reports"


class OutputDirectoryError(Exception):
    """An output cannot be written to its directory; the message says what is accepted."""


def check_output_directories(options: argparse.Namespace, name: str) -> None:
    """Check the directories and files of the outputs.

    :param name: the model's name
    :raise OutputDirectoryError: a directory is a file or cannot be written, a file is a directory,
        or an export would replace another output
    """
    directories = _directories(options)
    for option, directory in directories:
        _check_directory(option, directory)
    files = _files(options, name)
    for option, path in files:
        if path.is_dir():
            raise OutputDirectoryError(
                f"{option} needs a file at {str(path)!r}, but this is a directory."
            )
    # TensorFlow takes no other paths.
    for option, directory in (("tensorboard", options.tensorboard), ("export", options.export)):
        if directory is not None and not _is_utf8(_resolve(directory)):
            raise OutputDirectoryError(
                f"--{option} needs a path that is valid UTF-8, but {str(directory)!r} is not."
            )
    if options.export is not None:
        _check_export(_resolve(options.export), directories + files, name)


def _check_export(export: Path, others: list[tuple[str, Path]], name: str) -> None:
    """Check the directory of an export, which replaces it.

    :param others: the options of all other outputs, and their directories and files
    :raise OutputDirectoryError: the directory is not writable, or another output would be written
        to it or below it
    """
    if export.is_dir() and export.is_mount():
        _check_directory("--export", export)
    else:
        _check_no_file("--export", export)
        _check_directory("--export", export.parent)
    for option, path in others:
        # TensorBoard's runs are the directories NAME, NAME-2 and so on.
        is_run = (
            option == "--tensorboard"
            and path == export.parent
            and re.fullmatch(rf"{re.escape(name)}(-\d+)?", export.name) is not None
        )
        if is_run or export in (path, *path.parents):
            raise OutputDirectoryError(
                f"--export needs a directory of its own, but {option} writes to "
                f"{str(export if is_run else path)!r}."
            )


def _directories(options: argparse.Namespace) -> list[tuple[str, Path]]:
    """Return the options of all outputs but the export, with the directories that they write to."""
    models = _resolve(options.models)
    directories = [
        ("--models", models / folder) for folder in ("", HISTORIES, EVALUATIONS, TRAININGS)
    ]
    directories.append(("--report", _resolve(options.report or models / REPORTS)))
    if options.tensorboard is not None:
        directories.append(("--tensorboard", _resolve(options.tensorboard)))
    return directories


def _files(options: argparse.Namespace, name: str) -> list[tuple[str, Path]]:
    """Return the options of the files that are replaced, with their paths."""
    models = _resolve(options.models)
    reports = _resolve(options.report or models / REPORTS)
    return [
        *(
            ("--models", models / folder / (name + FILE_SUFFIX))
            for folder in ("", HISTORIES, EVALUATIONS, TRAININGS)
        ),
        *(("--report", reports / (name + suffix)) for suffix in (".html", ".webp")),
    ]


def _check_directory(option: str, directory: Path) -> None:
    """Check that a directory can be written, or else created.

    :raise OutputDirectoryError: it is a file, is below a file, or there is no permission
    """
    _check_no_file(option, directory)
    existing = next(path for path in (directory, *directory.parents) if os.path.exists(path))  # noqa: PTH110 - Path.exists raises on some paths
    _check_no_file(option, existing)
    if not is_writable(existing):
        raise OutputDirectoryError(
            f"{option} needs a writable directory, but {str(existing)!r} is not writable."
        )


def _check_no_file(option: str, directory: Path) -> None:
    if os.path.exists(directory) and not directory.is_dir():  # noqa: PTH110 - as above
        raise OutputDirectoryError(f"{option} needs a directory, but {str(directory)!r} is a file.")


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _resolve(path: Path) -> Path:
    # Path.resolve raises RuntimeError for a symbolic link to itself.
    return Path(os.path.realpath(path))
