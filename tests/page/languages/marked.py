"""A page in a language of which every message is its English text between two brackets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from babel.messages import Catalog
from flask.testing import FlaskClient
from playwright.sync_api import Page, Route

from server.translations.catalogs import Messages
from server.translations.languages import ENGLISH
from server.web.routes import messages as message_routes
from server.web.routes import page as page_route
from tests.translations.sources import source_messages

# What has no translation: names, and what is typed. Letters that are alone are symbols.
UNTRANSLATED = re.compile(r"\b(Evidence|softmax|exp|Ctrl|tutorial|normalized|pooled|small)\b")
WORD = re.compile(r"[^\W\d_]{2,}")
MESSAGE = re.compile(r"⟦[^⟦⟧]*⟧")

# Everything that is shown or read aloud: texts and labels, options, and texts of style sheets.
TEXTS = """
() => {
  const ignored = "script, style, noscript, template, code, .url, .languages, #join-address";
  const isSeen = (element) => element.checkVisibility() && !element.closest(ignored);
  const texts = [];
  let text = "";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const holder = element.closest("option, datalist")?.parentElement ?? element;
    if (isSeen(holder)) text += ` ${walker.currentNode.data}`;
  }
  texts.push(text, document.title);
  for (const element of document.querySelectorAll("body *")) {
    if (!isSeen(element)) continue;
    for (const name of ["aria-label", "aria-valuetext", "alt", "title", "placeholder"]) {
      texts.push(element.getAttribute(name) ?? "");
    }
    for (const part of ["::before", "::after"]) {
      const { content, display } = getComputedStyle(element, part);
      if (/^"/.test(content) && display !== "none") texts.push(content.slice(1, -1));
    }
  }
  return texts;
}
"""


def marked_messages() -> Messages:
    """Return all messages of the page, each between brackets."""
    catalog = Catalog(locale=ENGLISH.locale)
    for message in source_messages():
        if isinstance(message.id, str):
            text: str | tuple[str, ...] = f"⟦{message.id}⟧"
        else:
            text = tuple(f"⟦{form}⟧" for form in message.id)
        if message.id:
            catalog.add(message.id, text, message.locations)
    return Messages(ENGLISH, catalog)


@contextmanager
def marked_page(page: Page, url: str, client: FlaskClient) -> Iterator[None]:
    """Let a page get its HTML with marked messages, and all else from the server.

    :param client: of an application that serves the same page as the server
    """
    caches = (page_route.render_page, message_routes.encode_other_messages)
    # What other tests have asked for has no marks.
    for cache in caches:
        cache.cache_clear()
    marked = marked_messages()
    with (
        patch.object(page_route, "load_messages", return_value=marked),
        patch.object(message_routes, "load_messages", return_value=marked),
    ):
        response = client.get("/", headers={"Host": url.partition("//")[2]})
        others = client.get("/api/messages/en").text
    for cache in caches:
        cache.cache_clear()
    policy = response.headers["Content-Security-Policy"]

    def answer(route: Route) -> None:
        route.fulfill(
            body=response.text,
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": policy},
        )

    page.route(
        "**/api/messages/en*",
        lambda route: route.fulfill(body=others, content_type="application/json"),
    )
    page.route(re.compile(re.escape(url) + r"/?(\?[^#]*)?(#.*)?$"), answer)
    yield


def unmarked(page: Page) -> set[str]:
    """Return the words that are shown or read aloud but belong to no message."""
    words = set()
    for text in page.evaluate(TEXTS):
        rest = text
        # A message may stand in another one.
        while (shorter := MESSAGE.sub(" ", rest)) != rest:
            rest = shorter
        words |= set(WORD.findall(UNTRANSLATED.sub("", rest)))
    return words
