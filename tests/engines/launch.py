"""Finding and starting the three browsers: with no network, an empty home and a dark system."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from websockets.sync.client import connect

from tests.browser import ARGUMENTS, MISSING, NAMES
from tests.engines.webdriver import BidiBrowser, Browser, ClassicBrowser
from tests.support.waiting import wait_until

# Nothing listens on this port, so that requests to other hosts fail at once.
PROXY = {
    "proxyType": "manual",
    "httpProxy": "127.0.0.1:9",
    "sslProxy": "127.0.0.1:9",
    "noProxy": ["127.0.0.1"],
}

# Firefox itself sets most of what tests need while it is driven: no updates, no telemetry.
FIREFOX_PREFERENCES = """
user_pref("browser.download.folderList", 2);
user_pref("browser.download.dir", "{downloads}");
user_pref("browser.download.alwaysOpenPanel", false);
user_pref("ui.systemUsesDarkTheme", 1);
user_pref("browser.startup.page", 0);
user_pref("browser.aboutwelcome.enabled", false);
"""

# The bars of WebKit's MiniBrowser would keep its window at least 447 pixels wide.
GTK_STYLE = "* { padding: 0; margin: 0; border: 0; min-width: 0; font-size: 1px; }"
GTK_SETTINGS = """
[Settings]
gtk-theme-name=Adwaita-dark
"""


class MissingError(Exception):
    """A program that drives an engine is not installed; the message says which."""


class MissingChromiumError(MissingError):
    """There is no Chromium, which must not go unnoticed in CI."""


def find_program(name: str, package: str) -> str:
    """Return the path of a program.

    :param package: the package of Debian that has it
    :raise MissingError: it is not installed
    """
    path = shutil.which(name)
    if path is None:
        raise MissingError(f"there is no {name}, which Debian has in {package}")
    return path


@contextmanager
def run_program(command: list[str], home: Path, **environment: str) -> Iterator[Path]:
    """Run a program; at the end, kill it and all that it has started.

    :return: the file with its output
    """
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_"))
    }
    log = home / f"{Path(command[0]).name}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            env=inherited | {"HOME": str(home)} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield log
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for_line(log: Path, pattern: str) -> str:
    """Wait until a program has printed a line, and return the group of its pattern."""
    wait_until(lambda: re.search(pattern, log.read_text(), re.MULTILINE))
    match = re.search(pattern, log.read_text(), re.MULTILINE)
    assert match is not None
    return match[1]


@contextmanager
def run_driver(path: str, home: Path, **environment: str) -> Iterator[int]:
    """Run a driver for the classic protocol; yield its port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    with run_program([path, f"--port={port}"], home, **environment):
        wait_until(lambda: is_ready(port))
        yield port


def is_ready(port: int) -> bool:
    """Tell whether a driver answers on this port."""
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/status")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def start_chromium(home: Path) -> Iterator[Browser]:
    """Start Chromium, which chromedriver drives."""
    binary = next(filter(None, map(shutil.which, NAMES)), None)
    if binary is None:
        raise MissingChromiumError(MISSING)
    driver = find_program("chromedriver", "chromium-driver")
    arguments = [
        *ARGUMENTS,
        "--headless",
        "--disable-dev-shm-usage",
        "--blink-settings=preferredColorScheme=0",
    ]
    options = {
        "binary": binary,
        "args": arguments,
        "prefs": {"download.default_directory": str(home)},
    }
    capabilities = {
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
        "proxy": PROXY,
    }
    with run_driver(driver, home) as port:
        pointers = {"mouse", "touch", "pen"}
        browser = ClassicBrowser("chromium", pointers, home, port, capabilities)
        # Without a window, nobody can be asked.
        permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
        browser.command(
            "POST", "/goog/cdp/execute", cmd="Browser.grantPermissions", params=permissions
        )
        yield browser
        browser.close()


@contextmanager
def start_firefox(home: Path) -> Iterator[Browser]:
    """Start Firefox, which speaks BiDi itself."""
    binary = shutil.which("firefox") or find_program("firefox-esr", "firefox-esr")
    preferences = FIREFOX_PREFERENCES.format(downloads=home)
    profile = home / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(preferences)
    command = [binary, "--headless", "--remote-debugging-port=0", "--profile", str(profile)]
    with run_program(command, home) as log:
        url = wait_for_line(log, r"WebDriver BiDi listening on (ws://\S+)")
        with connect(f"{url}/session", max_size=None, proxy=None) as connection:
            # Firefox has no pen that could be driven.
            yield BidiBrowser("firefox", {"mouse", "touch"}, home, connection, {"proxy": PROXY})


@contextmanager
def start_webkitgtk(home: Path) -> Iterator[Browser]:
    """Start WebKit's MiniBrowser, which WebKitWebDriver drives and which needs a display."""
    driver = find_program("WebKitWebDriver", "webkit2gtk-driver")
    display = find_program("Xvfb", "xvfb")
    style = home / ".config" / "gtk-3.0"
    style.mkdir(parents=True)
    (style / "gtk.css").write_text(GTK_STYLE)
    (style / "settings.ini").write_text(GTK_SETTINGS)
    # It prints the number of its display to file descriptor 1.
    command = [display, "-displayfd", "1", "-screen", "0", "2000x1400x24", "-nolisten", "tcp"]
    with run_program(command, home) as log:
        number = wait_for_line(log, r"^(\d+)$")
        with run_driver(driver, home, DISPLAY=f":{number}", NO_AT_BRIDGE="1") as port:
            # Its driver turns touches into events of the mouse.
            pointers = {"mouse", "pen"}
            browser = ClassicBrowser("webkitgtk", pointers, home, port, {"proxy": PROXY})
            yield browser
            browser.close()


ENGINES = {
    "chromium": start_chromium,
    "firefox": start_firefox,
    "webkitgtk": start_webkitgtk,
}


@contextmanager
def start_engine(engine: str) -> Iterator[Browser]:
    """Start a browser with an empty home.

    :raise MissingError: it is not installed
    """
    # Its processes may still write while they die.
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        ENGINES[engine](Path(home)) as browser,
    ):
        yield browser
