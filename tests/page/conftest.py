"""The browser, and the page in it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import MISSING, launch_browser
from tests.support.page import open_page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    try:
        with launch_browser() as browser:
            yield browser
    except FileNotFoundError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(MISSING)


@pytest.fixture
def page(browser: Browser, server_url: str) -> Iterator[Page]:
    """Open the page in a desktop window."""
    with open_page(browser, server_url, viewport={"width": 1280, "height": 800}) as page:
        yield page
