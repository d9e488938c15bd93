"""The models of one directory, as they are asked for."""

from pathlib import Path

from server.file_store import FileStore
from server.model import Model, load_model

DEFAULT_MODEL = "normalized"

# Looking for changed files costs some 20 µs; once a second is soon enough for a person.
CHECK_SECONDS = 1.0


class ModelStore:
    """Looks models up by name in a directory of model files, and follows them as they change."""

    def __init__(self, directory: Path, check_seconds: float = CHECK_SECONDS) -> None:
        self._store = FileStore(directory, load_model, "Model", check_seconds)
        # They are read now, so that the first visitor need not wait for it.
        self._store.files  # noqa: B018

    @property
    def models(self) -> dict[str, Model]:
        """The models by name, the default one first."""
        files = self._store.files
        default = files.get(DEFAULT_MODEL)
        return files if default is None else {DEFAULT_MODEL: default} | files

    def look_again(self) -> None:
        """Look at the files the next time that somebody asks, however soon that is."""
        self._store.look_again()

    def find(self, name: str | None = None) -> Model | None:
        """Return the model of that name, or the default one; None where there is none."""
        models = self.models
        return next(iter(models.values()), None) if name is None else models.get(name)
