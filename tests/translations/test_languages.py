"""Which language a visitor gets."""

import pytest
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from server.translations.languages import ENGLISH, LANGUAGES, choose_language, find_language


def accepted(header: str) -> LanguageAccept:
    return parse_accept_header(header, LanguageAccept)


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("nl,fr;q=0.7,en;q=0.3", "fr"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("pt-BR", "pt-BR"),
        ("pt-PT,pt;q=0.9", "pt-BR"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-Hans-CN", "zh-Hans"),
        ("ja-JP", "ja"),
        ("ar-EG,ar;q=0.9", "ar"),
        ("sw, tlh;q=0.5", "en"),
        ("*", "en"),
        ("de;q=0, en;q=0.1", "en"),
        ("no language at all", "en"),
    ],
)
def test_the_page_follows_the_browser(header: str, tag: str) -> None:
    assert choose_language(None, None, accepted(header)).tag == tag


def test_the_url_comes_first_then_the_server_and_then_the_browser() -> None:
    german, french = LANGUAGES["de"], LANGUAGES["fr"]
    assert choose_language("es", german, accepted("fr")).tag == "es"
    assert choose_language(None, german, accepted("fr")) is german
    assert choose_language(None, None, accepted("fr")) is french


@pytest.mark.parametrize("requested", ["", "xx", "de_DE", "../de", "de\0"])
def test_an_unknown_language_in_the_url_is_ignored(requested: str) -> None:
    assert choose_language(requested, None, accepted("")) is ENGLISH


def test_tags_are_found_in_any_case() -> None:
    assert find_language("ZH-hans") is LANGUAGES["zh-Hans"]
    assert find_language("klingon") is None


def test_only_arabic_is_written_from_right_to_left() -> None:
    assert [tag for tag, one in LANGUAGES.items() if one.direction == "rtl"] == ["ar"]
