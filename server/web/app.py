"""The Flask application: its settings, headers and blueprints."""

import mimetypes
from pathlib import Path

from flask import Flask

from server.room.room import Room
from server.storage.model_artifacts import ModelArtifacts
from server.storage.model_file import MODELS
from server.storage.model_store import ModelStore
from server.storage.sample_digits import load_digits
from server.translations.languages import Language
from server.translations.templates import enable_translations
from server.web.common.context import Context, set_context
from server.web.common.problems import register_error_handlers
from server.web.common.responses import gzipped
from server.web.common.security import add_security_headers
from server.web.routes import messages, page, prediction, service, trainings
from server.web.routes import models as model_routes
from server.web.routes import room as room_routes
from server.web.routes.static_files import STATIC, register_static_files

TEMPLATES = Path(__file__).parents[2] / "templates"

# 784 numbers written as long as a double can be take 20 kB; the rest is room for white space.
MAX_BODY_BYTES = 256 * 1024


def create_app(
    models: Path = MODELS,
    store: ModelStore | None = None,
    room: Room | None = None,
    language: Language | None = None,
) -> Flask:
    """Return the WSGI application that serves the page and the models of a directory.

    :param store: of the same directory, to share it with another part of the process
    :param room: where drawings are stored; without one, none are
    :param language: the page's; by default each browser's
    """
    # The Windows registry may map .js to text/plain, and browsers refuse such modules.
    mimetypes.add_type("text/javascript", ".js")
    app = Flask(__name__, static_folder=STATIC, template_folder=TEMPLATES)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    enable_translations(app.jinja_env)
    # The redirect would contain the server's own address, which a reverse proxy may hide.
    app.url_map.merge_slashes = False
    store = store or ModelStore(models)
    set_context(app, Context(store, ModelArtifacts(models), load_digits(), room, language))
    register_error_handlers(app)
    register_static_files(app)
    for module in (page, messages, prediction, model_routes, trainings, service):
        app.register_blueprint(module.routes)
    if room is not None:
        app.register_blueprint(room_routes.routes)
    # Flask calls these in reverse order of registration: compression first, then the headers.
    app.after_request(add_security_headers)
    app.after_request(gzipped)
    return app
