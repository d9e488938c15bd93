"""The models of one directory, by name."""

from pathlib import Path

from server.regression.model import Model
from server.storage.model_file import load_model
from server.storage.watched_directory import WatchedDirectory

DEFAULT_MODEL = "normalized"

# How old the last scan may be for a live prediction, in seconds: with one scan per request a single
# connection would get a twentieth fewer answers.
MAX_SCAN_AGE = 1.0


class ModelStore:
    """Finds models by name in a directory of model files, and follows changes of the files.

    The files are loaded at once, so that the first visitor does not wait for it.
    """

    def __init__(self, directory: Path, max_scan_age: float = MAX_SCAN_AGE) -> None:
        self._store = WatchedDirectory(directory, load_model, "Model")
        self._max_scan_age = max_scan_age
        self._store.scan()

    @property
    def models(self) -> dict[str, Model]:
        """The models as their files are now, by name, the default one first."""
        return _default_first(self._store.scan())

    def find(self, name: str | None = None) -> Model | None:
        """Return the model of that name, or the default one, as its file is now, or None."""
        return _find(self.models, name)

    def find_recent(self, name: str | None = None) -> Model | None:
        """Return the same as `find`, but from a scan that may be `max_scan_age` seconds old."""
        return _find(_default_first(self._store.recent(self._max_scan_age)), name)


def _default_first(models: dict[str, Model]) -> dict[str, Model]:
    default = models.get(DEFAULT_MODEL)
    return models if default is None else {DEFAULT_MODEL: default} | models


def _find(models: dict[str, Model], name: str | None) -> Model | None:
    return next(iter(models.values()), None) if name is None else models.get(name)
