"""The page's translations: those in the page, and those for scripts that are loaded on demand."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from flask import Response
from werkzeug.exceptions import NotFound

from server.translations.catalogs import Messages, ScriptMessage, load_messages
from server.translations.languages import LANGUAGES, TAGS, Language, find_language
from server.web.common.blueprint import ApiBlueprint
from server.web.common.drawing import JSON
from server.web.common.query import CacheQuery
from server.web.common.responses import cached
from server.web.common.script_bundle import bundled_scripts
from server.web.routes.static_files import STATIC, bundled_files, static_version

MESSAGES_API = "/api/messages"

# The script of the room, which a server with a room loads at once.
ROOM_ENTRY = "page/room.js"

routes = ApiBlueprint("messages")


def first_messages(messages: Messages, *, has_room: bool) -> dict[str, ScriptMessage]:
    """Return the translations that scripts need at once, by the English message."""
    scripts = bundled_files()
    if has_room:
        scripts = [*scripts, *bundled_scripts(ROOM_ENTRY, STATIC)]
    return messages.of_scripts(_paths(scripts))


def messages_url(language: Language, version: str) -> str:
    """Return the URL, relative to the page's, of the translations for all other scripts.

    :param version: of the page's files
    """
    _, digest = encode_other_messages(language, version)
    return f"{MESSAGES_API[1:]}/{language.tag}?v={digest}"


@routes.api_route(
    f"{MESSAGES_API}/<tag>", query=CacheQuery, answer=JSON, errors=(404,), has_etag=True
)
def show_messages(query: CacheQuery, tag: str) -> Response:
    """Return the translations of a language for the scripts that are loaded on demand."""
    language = find_language(tag)
    if language is None:
        raise NotFound(f"There is no language {tag!r}. Accepted: {TAGS}.")
    body, digest = encode_other_messages(language, static_version())
    return cached(Response(body, content_type=JSON), digest, query.v)


@lru_cache(maxsize=len(LANGUAGES))
def encode_other_messages(language: Language, _version: str) -> tuple[bytes, str]:
    """Return the translations for the scripts outside the bundle, as JSON, and their digest."""
    messages = load_messages(language)
    bundled = messages.of_scripts(_paths(bundled_files()))
    scripts = (path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js"))
    every = messages.of_scripts(_paths(scripts))
    body = msgspec.json.encode({name: every[name] for name in every if name not in bundled})
    return body, hashlib.sha256(body).hexdigest()[:16]


def _paths(scripts: Iterable[str]) -> set[str]:
    """Return the paths of scripts as the catalogues have them."""
    return {f"static/{name}" for name in scripts}
