"""The languages that the page is offered in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from babel import Locale
from werkzeug.datastructures import LanguageAccept


@dataclass(frozen=True)
class Language:
    """A language: its BCP 47 tag, and its name in the language itself."""

    tag: str
    name: str

    @property
    def locale(self) -> Locale:
        """What Babel knows of the language, as its plural forms."""
        return Locale.parse(self.tag, sep="-")

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, the direction in which it is written."""
        return self.locale.text_direction


# English is the language of the messages in the source code.
ENGLISH = Language("en", "English")

LANGUAGES = {
    language.tag: language
    for language in (
        ENGLISH,
        Language("de", "Deutsch"),
        Language("es", "Español"),
        Language("fr", "Français"),
        Language("pt-BR", "Português (Brasil)"),
        Language("zh-Hans", "简体中文"),
        Language("ja", "日本語"),
        Language("ar", "العربية"),
    )
}

TAGS = ", ".join(LANGUAGES)

# The name of the parameter, perhaps with the rest of an ampersand that a program has escaped.
_PARAMETER = re.compile(r"\W*(?:amp\W+)*language\W*", re.IGNORECASE)

# A tag, perhaps with the rest of a `=` of quoted-printable mail before it. What a program has put
# around it is not a part of it.
_REQUESTED = re.compile(r"(?:3D)?([a-z]+(?:-[a-z]+)*)", re.IGNORECASE)


def find_language(tag: str) -> Language | None:
    """Return the language with a tag, ignoring case; None if the page is not offered in it."""
    return next((one for one in LANGUAGES.values() if one.tag.lower() == tag.lower()), None)


def find_requested(parameters: Iterable[tuple[str, str]]) -> str | None:
    """Return the tag in a URL's parameters, as far as a changed link has it; None without one."""
    for name, value in parameters:
        if _PARAMETER.fullmatch(name):
            tag = _REQUESTED.search(value)
            return tag and tag[1]
    return None


def choose_language(
    requested: str | None, default: Language | None, accepted: LanguageAccept
) -> Language:
    """Return the language for a visitor.

    :param requested: the tag in the page's URL, which comes first
    :param default: the server's language, which comes next
    :param accepted: the languages of the browser
    """
    chosen = find_language(requested) if requested else None
    return chosen or default or _match_language(accepted)


def _match_language(accepted: LanguageAccept) -> Language:
    """Return the first of the accepted languages that the page is offered in, or English.

    A variety of a language that is not offered gets the one that is, before the next language of
    the browser's list: Portuguese of Portugal that of Brazil, traditional Chinese simplified
    Chinese.
    """
    by_family = {_family_of(tag): language for tag, language in LANGUAGES.items()}
    for tag, quality in accepted:
        language = find_language(tag) or by_family.get(_family_of(tag))
        if language is not None and quality > 0:
            return language
    return ENGLISH


def _family_of(tag: str) -> str:
    """Return the language of a tag without its script and region: `zh` of `zh-Hans`."""
    return tag.partition("-")[0].lower()
