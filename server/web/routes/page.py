"""The page."""

import hashlib
import re
from base64 import b64encode
from functools import lru_cache
from html import escape
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, redirect, render_template, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as BaseResponse

from server.regression.shapes import DIGITS
from server.translations.catalogs import load_messages
from server.translations.languages import (
    LANGUAGES,
    Language,
    choose_language,
    find_requested,
)
from server.translations.templates import template_variables
from server.web.common.context import get_context
from server.web.common.responses import with_etag
from server.web.common.security import security_policy
from server.web.routes.messages import first_messages, messages_url
from server.web.routes.static_files import BUNDLE, bundled_files, static_version

routes = Blueprint("page", __name__)

# The names of the page's views in its URL, in the order of the keys that open them.
VIEWS = ("draw", "pixels", "softmax", "weights", "change", "training", "accuracy", "guide")

# The view of a server with a room.
ROOM_VIEW = "room"

# An escaped "#", which makes the page's state a part of the query.
_ESCAPED_SIGN = re.compile("%(?:25)*23")

# Stands for the host in the cached page. No text has it.
_HOST = "HOST-OF-THE-REQUEST"


# Like its files, the page ignores unknown parameters: mail and chat programs add some to links.
@routes.get("/")
def page() -> BaseResponse:
    """Return the page, in the language of the parameter `language`, the server or the browser."""
    query, *state = _ESCAPED_SIGN.split(request.query_string.decode("latin-1"), maxsplit=1)
    if state:
        return _redirect_to_page(query, f"#{state[0]}")
    context = get_context()
    requested = find_requested(request.args.items(multi=True))
    language = choose_language(requested, context.language, request.accept_languages)
    html, policy = render_page(static_version(), language, has_room=context.room is not None)
    # Behind a reverse proxy, it may differ from the host of the page's address.
    response = with_etag(Response(html.replace(_HOST, escape(request.host), 1)))
    response.headers["Content-Security-Policy"] = policy
    response.content_language.add(language.tag)
    response.vary.add("Accept-Language")
    return response


class LinkEnd(BaseConverter):
    """A path of nothing but punctuation and space, or a fragment with an escaped `#`."""

    # Neither the `*` of `OPTIONS *` nor the replacement of bytes that are not UTF-8.
    regex = r"(?s:#.*)|(?:(?![*\ufffd])[\W_])+"


@routes.record_once
def add_converter(state: BlueprintSetupState) -> None:
    """Let the next route use the class."""
    state.app.url_map.converters["link_end"] = LinkEnd


@routes.get("/<link_end:end>")
def damaged_address(end: str) -> BaseResponse:
    """Redirect to the page from what a program that passed its URL on has made of it."""
    fragment = quote(end, safe="#&=,.;:") if end.startswith("#") else ""
    return _redirect_to_page(request.query_string.decode("latin-1"), fragment)


def _redirect_to_page(query: str, fragment: str) -> BaseResponse:
    """Redirect to the page. Without a fragment, browsers keep the one that they have."""
    # Relative to the folder, because a reverse proxy may serve the page under a prefix.
    return redirect(f"./{query and f'?{query}'}{fragment}")


@lru_cache(maxsize=2 * len(LANGUAGES))
def render_page(version: str, language: Language, *, has_room: bool) -> tuple[str, str]:
    """Return the page, with a placeholder for the host, and its security policy.

    Both are cached, since they are the same for all clients.
    """
    imports = import_map(version)
    messages = load_messages(language)
    html = render_template(
        "index.html",
        bundle=BUNDLE,
        digits=range(DIGITS),
        has_room=has_room,
        host=_HOST,
        import_map=imports,
        languages=LANGUAGES.values(),
        first_messages=to_json_element(first_messages(messages, has_room=has_room)),
        messages_url=messages_url(language, version),
        version=version,
        views=(*VIEWS, ROOM_VIEW) if has_room else VIEWS,
        **template_variables(messages),
    )
    digest = b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    return html, security_policy(f"'sha256-{digest}'")


def to_json_element(value: object) -> str:
    """Return a value as JSON for an inline script element; an empty string for an empty value."""
    # The element would end at a `<` of a closing tag.
    return msgspec.json.encode(value).decode().replace("<", "\\u003c") if value else ""


def import_map(version: str) -> str:
    """Return the import map that lets the views import from the bundle, as JSON.

    Without it, a browser would load the bundled modules again as files of their own.
    """
    files = f"./static/v-{version}"
    imports = {f"{files}/{name}": f"{files}/{BUNDLE}" for name in bundled_files()}
    return msgspec.json.encode({"imports": imports}).decode()
