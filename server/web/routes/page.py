"""The page."""

import hashlib
from base64 import b64encode
from functools import lru_cache
from html import escape
from urllib.parse import quote

import msgspec
from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from server.regression.shapes import DIGITS
from server.translations.catalogs import load_messages
from server.translations.languages import LANGUAGES, Language, choose_language
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

# What chat and mail programs take for a part of a URL that ends before it.
_PUNCTUATION = set(" .,;:!?'\")]}>»”’…\u200b")

# Stands for the host in the cached page. No text has it.
_HOST = "HOST-OF-THE-REQUEST"


@routes.get("/<rest>")
def damaged_address(rest: str) -> BaseResponse:
    """Lead to the page from its URL with an escaped "#", or with punctuation at its end."""
    if rest.startswith("#"):
        return redirect(f"./#{quote(rest[1:], safe='=&.,;:')}")
    if set(rest) <= _PUNCTUATION:
        return redirect("./")
    raise NotFound


# Like its files, the page ignores unknown parameters: mail and chat programs add some to links.
@routes.get("/")
def page() -> BaseResponse:
    """Return the page, in the language of the parameter `language`, the server or the browser."""
    context = get_context()
    query, escaped, state = request.query_string.decode("latin-1").partition("%23")
    if escaped:
        # A program that passed the URL on has escaped the "#" in front of the page's state.
        return redirect(f"./?{query}#{state}")
    # Where "&" was written as "&amp;", the name begins with "amp;".
    names = {name.rpartition(";")[2]: value for name, value in request.args.items()}
    requested = names.get("language")
    language = choose_language(requested, context.language, request.accept_languages)
    html, policy = render_page(static_version(), language, has_room=context.room is not None)
    # Behind a reverse proxy, it may differ from the host of the page's address.
    response = with_etag(Response(html.replace(_HOST, escape(request.host), 1)))
    response.headers["Content-Security-Policy"] = policy
    response.content_language.add(language.tag)
    response.vary.add("Accept-Language")
    return response


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
