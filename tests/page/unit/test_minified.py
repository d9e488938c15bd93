"""Style sheets and scripts mean the same without their comments and spaces."""

import re

import pytest
from playwright.sync_api import Browser

from server.web.routes.static_files import (
    ARRIVAL,
    BUNDLE,
    STATIC,
    minified_bundle,
    minified_styles,
    static_version,
)

STYLES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.css"))

RULES = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return [...sheet.cssRules].map((rule) => rule.cssText);
}"""


@pytest.mark.parametrize("name", STYLES)
def test_a_minified_style_sheet_has_the_same_rules(browser: Browser, name: str) -> None:
    styles = (STATIC / name).read_text("utf-8")
    minified = minified_styles(static_version(), name)
    assert "/*" not in minified
    assert len(minified) < len(styles)
    with browser.new_page() as page:
        before, after = (page.evaluate(RULES, css) for css in (styles, minified))
    assert before
    # Browsers keep the spaces in the values of custom properties.
    assert [without_spaces(rule) for rule in after] == [without_spaces(rule) for rule in before]


def without_spaces(rule: str) -> str:
    return re.sub(r"(?<=[,(]) | (?=\))", "", re.sub(r"\s+", " ", rule))


@pytest.mark.parametrize("name", [BUNDLE, ARRIVAL])
def test_a_minified_bundle_has_no_comments(name: str) -> None:
    """Its behaviour is tested by all tests of the page, which load it."""
    bundle = minified_bundle(static_version(), name)
    assert "export const{" in bundle
    assert "/**" not in bundle
    assert "// " not in bundle
    # No other script has to be loaded before it.
    assert "import{" not in bundle
