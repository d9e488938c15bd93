"""Every message is translated in every language, and says the same with the same placeholders."""

import re
from collections import Counter
from gettext import c2py

import pytest
from babel.messages import Message

from server.translations.catalogs import DIRECTORY, catalog_path, load_messages
from server.translations.languages import ENGLISH, LANGUAGES, Language
from tests.translations.sources import source_messages

TRANSLATED = [language for language in LANGUAGES.values() if language != ENGLISH]

# `{name}` in scripts, `%(name)s` and elements in templates.
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)s|%%|</?\w+[^>]*>")

# A count of 1, 2 or none may be a word.
COUNT = {"{count}", "%(count)s"}

# They end in a full stop only in English.
ABBREVIATIONS = {"− max."}

# The terms that each glossary must have, in English.
TERMS = [
    *("accuracy", "batch", "bias", "calibration", "confusion matrix", "cross-entropy", "evidence"),
    *("gradient descent", "heatmap", "label", "learning rate", "loss", "model", "normalization"),
    *("odds", "pixel", "probability", "softmax regression", "temperature", "test images"),
    *("training", "transformation", "validation images", "weight"),
]


@pytest.fixture(params=TRANSLATED, ids=lambda language: language.tag)
def language(request: pytest.FixtureRequest) -> Language:
    return request.param


def texts_of(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def ids_of(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


def test_the_page_has_messages_in_templates_and_scripts() -> None:
    endings = [path.rpartition(".")[2] for one in source_messages() for path, _ in one.locations]
    assert endings.count("js") > 150
    assert endings.count("html") > 150


def test_every_message_is_translated_and_none_is_left_over(language: Language) -> None:
    catalog = load_messages(language).catalog
    found = {str(message.id) for message in catalog if message.id and all(texts_of(message))}
    assert found == {str(message.id) for message in source_messages() if message.id}
    assert not [message.id for message in catalog if message.id and message.fuzzy]
    assert not catalog.obsolete


def test_the_messages_of_each_script_are_known(language: Language) -> None:
    """The server finds them by the locations in the catalogue."""
    paths = {path for one in source_messages() for path, _ in one.locations}
    assert len(paths) > 40
    for path in paths:
        wanted = {
            ids_of(message)[0]
            for message in source_messages()
            if path in [location for location, _ in message.locations]
        }
        assert set(load_messages(language).of_scripts([path])) == wanted, path


def test_translations_have_the_placeholders_and_elements_of_their_message(
    language: Language,
) -> None:
    for message in load_messages(language).catalog:
        if not message.id:
            continue
        wanted = placeholders(ids_of(message)[-1])
        for number, text in enumerate(texts_of(message)):
            left_out = set(wanted - placeholders(text))
            assert left_out <= (COUNT if is_count_known(language, message, number) else set()), text
            assert placeholders(text) - wanted == Counter(), text


def is_count_known(language: Language, message: Message, number: int) -> bool:
    """Tell whether a plural form can say its count in words: it is for one count, or for "one"."""
    if isinstance(message.id, str):
        return False
    plural_of = c2py(load_messages(language).catalog.plural_expr)
    counts = [count for count in (*range(200), 1_000_000) if plural_of(count) == number]
    return len(counts) == 1 or (1 in counts and not COUNT & placeholders(message.id[0]).keys())


def test_translations_can_stand_in_html(language: Language) -> None:
    """Templates trust them: none may end an attribute or begin a tag that its message has not."""
    for message in load_messages(language).catalog:
        for text in texts_of(message) if message.id else []:
            rest = PLACEHOLDER.sub("", text.replace("&nbsp;", ""))
            is_in_template = any(path.endswith(".html") for path, _ in message.locations)
            assert not re.search(r'["<>&]', rest), text
            assert not is_in_template or "%" not in rest, text


def test_translations_end_as_their_message_does(language: Language) -> None:
    """A sentence stays a sentence, and no message has white space at its ends."""
    ends = {".": ".。", ":": ":：", "?": "?？؟", "…": "…"}
    for message in load_messages(language).catalog:
        for text in texts_of(message) if message.id else []:
            assert text == text.strip(), message.id
            last = ids_of(message)[-1][-1]
            is_sentence = last in ends and message.id not in ABBREVIATIONS
            assert not is_sentence or text[-1] in ends[last], message.id


def test_scripts_choose_the_same_plural_form_as_gettext(language: Language) -> None:
    messages = load_messages(language)
    plurals = [one for one in messages.catalog if not isinstance(one.id, str)]
    assert len(plurals) > 10
    category_of = language.locale.plural_form
    for message in plurals:
        assert len(texts_of(message)) == messages.catalog.num_plurals, message.id
        forms = messages.of_scripts([path for path, _ in message.locations])[message.id[0]]
        assert isinstance(forms, dict)
        for count in (*range(200), 1_000_000):
            wanted = messages.translations.ngettext(*message.id, count)
            assert forms[category_of(count)] == wanted, (message.id, count)


def test_a_glossary_says_how_terms_are_translated(language: Language) -> None:
    text = (catalog_path(language).parents[1] / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", text, re.MULTILINE)
    terms = {english for english, translation in rows if translation}
    assert set(TERMS) <= terms


def test_every_catalogue_belongs_to_a_language() -> None:
    assert {catalog_path(one) for one in TRANSLATED} == set(DIRECTORY.rglob("*.po"))
