"""What an application's views share: the models, their artifacts, sample digits, and the room."""

from dataclasses import dataclass

from flask import Flask, current_app
from werkzeug.exceptions import NotFound, ServiceUnavailable

from server.regression.model import Model
from server.room.room import Room
from server.storage.model_artifacts import ModelArtifacts
from server.storage.model_store import ModelStore
from server.storage.sample_digits import SampleDigits

_EXTENSION = "evidence"


@dataclass(frozen=True)
class Context:
    """The models, their artifacts, the sample digits, and the room, if the server has one."""

    store: ModelStore
    artifacts: ModelArtifacts
    digits: SampleDigits
    room: Room | None = None


def set_context(app: Flask, context: Context) -> None:
    """Give an application its context."""
    app.extensions[_EXTENSION] = context


def context_of(app: Flask) -> Context:
    """Return the context of an application."""
    context: Context = app.extensions[_EXTENSION]
    return context


def get_context() -> Context:
    """Return the context of the application that handles the current request."""
    return context_of(current_app)


def find_model(name: str | None) -> Model:
    """Return the model of that name, or the default one.

    :raise NotFound: there is no such model
    :raise ServiceUnavailable: there is no model at all
    """
    store = get_context().store
    model = store.find(name)
    if model is not None:
        return model
    if name is None:
        raise ServiceUnavailable("No model is ready. `python -m training` creates one.")
    raise NotFound(f"There is no model {name!r}. Accepted: {', '.join(store.models)}.")
