"""The catalogues of messages. They are compiled when a language is first used."""

import gettext
from collections.abc import Container
from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from server.translations.languages import ENGLISH, Language

DIRECTORY = Path(__file__).parent

# A translation of a message for the page's scripts, or one for each plural category.
ScriptMessage = str | dict[str, str]

# Counts among which each plural category of each language occurs. French, Spanish and Portuguese
# have one for millions. Source: Unicode CLDR 46, Language Plural Rules.
_COUNTS = (*range(200), 1_000_000)


@dataclass(frozen=True)
class Messages:
    """The messages of a language."""

    language: Language
    catalog: Catalog

    @cached_property
    def translations(self) -> gettext.NullTranslations:
        """The translations, with `gettext` and `ngettext`; a missing one is the English message."""
        file = BytesIO()
        write_mo(file, self.catalog)
        file.seek(0)
        return gettext.GNUTranslations(file)

    def of_scripts(self, paths: Container[str]) -> dict[str, ScriptMessage]:
        """Return the translations for scripts, by the English message, or its singular.

        :param paths: of the scripts, relative to the checkout, as `static/main.js`
        """
        return {
            message.id if isinstance(message.id, str) else message.id[0]: self._translate(message)
            for message in self.catalog
            if message.id and any(path in paths for path, _ in message.locations)
        }

    def _translate(self, message: Message) -> ScriptMessage:
        if isinstance(message.id, str):
            return self.translations.gettext(message.id)
        one, other = message.id
        category_of = self.language.locale.plural_form
        return {
            category_of(count): self.translations.ngettext(one, other, count) for count in _COUNTS
        }


@lru_cache
def load_messages(language: Language) -> Messages:
    """Return the messages of a language; English has none, because it needs no translation."""
    if language == ENGLISH:
        return Messages(language, Catalog(locale=language.locale))
    with catalog_path(language).open("rb") as file:
        return Messages(language, read_po(file, locale=language.locale))


def catalog_path(language: Language) -> Path:
    """Return the path of a language's catalogue."""
    return DIRECTORY / str(language.locale) / "LC_MESSAGES" / "messages.po"
