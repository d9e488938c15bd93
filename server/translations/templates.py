"""Translated Jinja templates."""

from collections.abc import Callable
from functools import partial
from typing import Any

from babel.numbers import format_percent
from jinja2 import Environment, pass_context
from jinja2.runtime import Context

from server.translations.catalogs import Messages


def enable_translations(environment: Environment) -> None:
    """Let templates have `{% trans %}` and `_()`.

    They need the variables of `template_variables`.
    """
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
    install(_gettext, _ngettext, newstyle=True)


def template_variables(messages: Messages) -> dict[str, Any]:
    """Return the variables of a template that is rendered in a language."""
    return {
        "messages": messages,
        "language": messages.language,
        "percent": partial(format_percent, locale=messages.language.locale),
    }


@pass_context
def _gettext(context: Context, message: str) -> str:
    messages: Messages = context["messages"]
    return messages.translations.gettext(message)


@pass_context
def _ngettext(context: Context, one: str, other: str, count: int) -> str:
    messages: Messages = context["messages"]
    return messages.translations.ngettext(one, other, count)
