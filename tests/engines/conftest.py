"""The three engines, and a visitor with the page open in each."""

import os
from collections.abc import Iterator

import pytest

from tests.engines.launch import ENGINES, MissingChromiumError, MissingError, start_engine
from tests.engines.visitor import Visitor
from tests.engines.webdriver import Browser

DESKTOP = (1280, 800)


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Start each browser once; skip its tests where it is not installed."""
    try:
        with start_engine(request.param) as browser:
            yield browser
    except MissingError as error:
        if isinstance(error, MissingChromiumError) and os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def tab(engine: Browser) -> Iterator[Visitor]:
    """Open an empty tab in a desktop window."""
    with engine.new_tab():
        engine.resize(*DESKTOP)
        yield Visitor(engine)


@pytest.fixture
def visitor(tab: Visitor, server_url: str) -> Iterator[Visitor]:
    """Open the page; its console must stay empty."""
    tab.browser.take_console()
    tab.open(server_url)
    yield tab
    assert tab.browser.take_console() == []
