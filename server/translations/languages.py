"""The languages that the page is offered in."""

import re
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


def find_language(tag: str) -> Language | None:
    """Return the language with a tag, ignoring case; None if the page is not offered in it."""
    return next((one for one in LANGUAGES.values() if one.tag.lower() == tag.lower()), None)


def choose_language(
    requested: str | None, default: Language | None, accepted: LanguageAccept
) -> Language:
    """Return the language for a visitor.

    :param requested: the tag in the page's URL, which comes first
    :param default: the server's language, which comes next
    :param accepted: the languages of the browser
    """
    # Programs that pass a URL on add punctuation to it, and quoted-printable has "=3D" for "=".
    tag = re.sub(r"^(?:3D)?[\"'(<\[{]*|[\s.,;:!?\"')>\]}…\u200b]*$", "", requested or "")
    chosen = find_language(tag)
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
