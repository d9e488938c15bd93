"""The models of one directory, by name."""

from pathlib import Path

from server.regression.model import Model
from server.storage.model_file import load_model
from server.storage.watched_directory import WatchedDirectory

DEFAULT_MODEL = "pooled"

# The maximum age of a directory scan for a live prediction, in seconds: one scan per request would
# cost a single connection 5 % of its throughput.
MAX_SCAN_AGE = 1.0


class ModelStore:
    """Finds models by name in a `directory` of model files, and follows changes of the files.

    The files are loaded in the constructor, so that the first request does not wait for them.
    """

    def __init__(self, directory: Path, max_scan_age: float = MAX_SCAN_AGE) -> None:
        self.directory = directory
        self._files = WatchedDirectory(directory, load_model, "Model")
        self._max_scan_age = max_scan_age
        self._files.scan()

    @property
    def models(self) -> dict[str, Model]:
        """The current models by name, the default one first."""
        return _default_first(self._files.scan())

    def find(self, name: str | None = None) -> Model | None:
        """Return the current model of that name, or the default one; None if there is none."""
        return _find(self.models, name)

    def find_recent(self, name: str | None = None) -> Model | None:
        """Return the same as `find`, but checked for changes at most `max_scan_age` seconds ago.

        Also None if a file has changed: then `find` loads it, which takes too long for an event
        loop.
        """
        models = self._files.recent(self._max_scan_age)
        return None if models is None else _find(_default_first(models), name)


def _default_first(models: dict[str, Model]) -> dict[str, Model]:
    default = models.get(DEFAULT_MODEL)
    return models if default is None else {DEFAULT_MODEL: default} | models


def _find(models: dict[str, Model], name: str | None) -> Model | None:
    return next(iter(models.values()), None) if name is None else models.get(name)
