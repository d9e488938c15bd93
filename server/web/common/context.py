"""What an application's views share, such as the models and the room."""

from dataclasses import dataclass

from flask import Flask, current_app

from server.regression.model import Model
from server.room.room import Room
from server.storage.model_artifacts import ModelArtifacts
from server.storage.model_store import ModelStore
from server.storage.sample_digits import SampleDigits
from server.translations.languages import Language
from server.web.common.problems import NoModelError, UnknownModelError

_EXTENSION = "evidence"


@dataclass(frozen=True)
class Context:
    """The models, their artifacts, the sample digits and, if set, the room and the language.

    `language` is the page's for visitors who have not chosen one; without it, their browser's.
    """

    store: ModelStore
    artifacts: ModelArtifacts
    digits: SampleDigits
    room: Room | None = None
    language: Language | None = None


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

    :raise UnknownModelError: there is no such model
    :raise NoModelError: there is no model at all
    """
    store = get_context().store
    model = store.find(name)
    if model is not None:
        return model
    if name is None or not store.models:
        raise NoModelError("No model is ready. `python -m training` creates one.")
    raise UnknownModelError(f"There is no model {name!r}. Accepted: {', '.join(store.models)}.")
