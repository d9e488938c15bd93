"""The page's translations: those in the page, and those for scripts that are loaded on demand."""

import hashlib
from dataclasses import dataclass

import msgspec
from flask import Response
from werkzeug.exceptions import NotFound

from server.translations.catalogs import Messages, ScriptMessage, load_messages
from server.translations.languages import TAGS, find_language
from server.web.common.blueprint import ApiBlueprint
from server.web.common.drawing import JSON
from server.web.common.query import CacheQuery
from server.web.common.responses import cached, json_response
from server.web.routes.static_files import STATIC, bundled_files

MESSAGES_API = "/api/messages"

routes = ApiBlueprint("messages")


@dataclass(frozen=True)
class ScriptMessages:
    """The translations for scripts, by the English message: those of the bundle, and all others."""

    bundled: dict[str, ScriptMessage]
    others: dict[str, ScriptMessage]

    @property
    def digest(self) -> str:
        """A digest of the other messages."""
        return hashlib.sha256(msgspec.json.encode(self.others)).hexdigest()[:16]


def script_messages(messages: Messages) -> ScriptMessages:
    """Return the messages of a language that scripts use."""
    bundled = messages.of_scripts([f"static/{name}" for name in bundled_files()])
    paths = [f"static/{path.relative_to(STATIC).as_posix()}" for path in STATIC.rglob("*.js")]
    every = messages.of_scripts(paths)
    return ScriptMessages(bundled, {name: every[name] for name in every if name not in bundled})


@routes.api_route(f"{MESSAGES_API}/<tag>", query=CacheQuery, answer=JSON, errors=(404,))
def show_messages(query: CacheQuery, tag: str) -> Response:
    """Return the translations of a language for the scripts that are loaded on demand."""
    language = find_language(tag)
    if language is None:
        raise NotFound(f"There is no language {tag!r}. Accepted: {TAGS}.")
    messages = script_messages(load_messages(language))
    return cached(json_response(messages.others), messages.digest, query.v)
