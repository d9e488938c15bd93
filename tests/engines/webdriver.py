"""Clients of the two WebDriver protocols, with one interface.

Source: https://www.w3.org/TR/webdriver2/ and https://www.w3.org/TR/webdriver-bidi/
"""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection

from tests.support.waiting import wait_until

# A command that takes longer, in seconds, has failed: a busy machine may take 10 s to open a tab.
TIMEOUT = 60

# A source of input and what it does, as both protocols describe it.
InputSource = dict[str, Any]

# What stands in for the console of a browser that does not report it: the errors since the page was
# opened.
COLLECT_ERRORS = """
() => {
  window.errors = [];
  addEventListener("error", ({ message }) => window.errors.push(message));
  addEventListener("unhandledrejection", ({ reason }) => window.errors.push(String(reason)));
  addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    window.errors.push(`${violatedDirective}: ${blockedURI}`);
  });
}
"""

WINDOW_SIZE = "() => [innerWidth, innerHeight]"


class WebDriverError(Exception):
    """The browser refused a command."""


class Browser(ABC):
    """A running browser with one current tab."""

    def __init__(self, engine: str, pointers: set[str], downloads: Path) -> None:
        """Describe what has been started.

        :param engine: "chromium", "firefox" or "webkitgtk"
        :param pointers: the pointer types whose events the driver can send
        :param downloads: the directory of the files that are saved
        """
        self.engine = engine
        self.pointers = pointers
        self.downloads = downloads

    @abstractmethod
    def open(self, url: str) -> None:
        """Go to a URL and wait until it has loaded."""

    @abstractmethod
    def run(self, function: str, *arguments: Any) -> Any:
        """Call a JavaScript function, wait for its promise, and return the result.

        :param arguments: like the result, what JSON can hold
        """

    @abstractmethod
    def act(self, *sources: InputSource) -> None:
        """Send input events."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Give the page a window of this many CSS pixels."""

    @abstractmethod
    def screenshot(self) -> bytes:
        """Return what the window shows, as a PNG."""

    @abstractmethod
    def back(self) -> None:
        """Press the browser's back button."""

    @abstractmethod
    def forward(self) -> None:
        """Press the browser's forward button."""

    @abstractmethod
    def reload(self) -> None:
        """Press the browser's reload button."""

    @abstractmethod
    def new_tab(self) -> Any:
        """Return a context in which a new tab is the current one."""

    @abstractmethod
    def take_console(self) -> list[str]:
        """Return the console's messages since the last call, uncaught errors included.

        WebKitGTK has only errors and violations of the security policy, after the page was opened.
        """


class ClassicBrowser(Browser):
    """A client of a driver for the classic protocol, which is JSON over HTTP."""

    def __init__(
        self,
        engine: str,
        pointers: set[str],
        downloads: Path,
        port: int,
        capabilities: dict[str, Any],
    ) -> None:
        """Start the browser through its driver, which listens on this port."""
        super().__init__(engine, pointers, downloads)
        self._port = port
        self._path = ""
        self._bars: int | None = None
        session = self.command("POST", "/session", capabilities={"alwaysMatch": capabilities})
        self._path = f"/session/{session['sessionId']}"

    def command(self, method: str, path: str, **parameters: Any) -> Any:
        """Send a command; return its value."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        try:
            body = json.dumps(parameters) if method == "POST" else None
            connection.request(method, self._path + path, body)
            response = connection.getresponse()
            value = json.loads(response.read())["value"]
        finally:
            connection.close()
        if response.status != 200:
            raise WebDriverError(f"{path}: {value['error']}: {value['message']}")
        return value

    def open(self, url: str) -> None:
        self.command("POST", "/url", url=url)
        self._collect_errors()

    def _collect_errors(self) -> None:
        if self.engine != "chromium":
            self.run(COLLECT_ERRORS)

    def run(self, function: str, *arguments: Any) -> Any:
        script = f"return ({function})(...arguments)"
        return self.command("POST", "/execute/sync", script=script, args=arguments)

    def act(self, *sources: InputSource) -> None:
        self.command("POST", "/actions", actions=sources)

    def resize(self, width: int, height: int) -> None:
        if self._bars is None:
            self._bars = self._measure_bars()
        self.command("POST", "/window/rect", width=width, height=height + self._bars)
        wait_until(lambda: self.run(WINDOW_SIZE) == [width, height])

    def _measure_bars(self) -> int:
        """Return the height of the bars above the page, which count as the window's."""
        window = self.command("GET", "/window/rect")
        # A window that has just opened may not have told the page its size.
        wait_until(lambda: self.run(WINDOW_SIZE)[0] == window["width"])
        return int(window["height"] - self.run(WINDOW_SIZE)[1])

    def screenshot(self) -> bytes:
        return base64.b64decode(self.command("GET", "/screenshot"))

    def back(self) -> None:
        self.command("POST", "/back")

    def forward(self) -> None:
        self.command("POST", "/forward")

    def reload(self) -> None:
        self.command("POST", "/refresh")
        self._collect_errors()

    @contextmanager
    def new_tab(self) -> Iterator[None]:
        before = self.command("GET", "/window")
        # In WebKitGTK, a tab that a driver opens stays hidden; a window is shown.
        handle = self.command("POST", "/window/new", type="window")["handle"]
        self.command("POST", "/window", handle=handle)
        try:
            yield
        finally:
            self.command("DELETE", "/window")
            self.command("POST", "/window", handle=before)

    def take_console(self) -> list[str]:
        if self.engine != "chromium":
            return self.run("() => window.errors?.splice(0) ?? []")
        entries = self.command("POST", "/se/log", type="browser")
        return [entry["message"] for entry in entries]

    def close(self) -> None:
        """End the browser."""
        self.command("DELETE", "")


class BidiBrowser(Browser):
    """A client of WebDriver BiDi, which is JSON over a WebSocket."""

    def __init__(
        self,
        engine: str,
        pointers: set[str],
        downloads: Path,
        connection: ClientConnection,
        capabilities: dict[str, Any],
    ) -> None:
        """Begin a session with a running browser."""
        super().__init__(engine, pointers, downloads)
        self._connection = connection
        self._last_id = 0
        self._console: list[str] = []
        self.command("session.new", capabilities={"alwaysMatch": capabilities})
        self.command("session.subscribe", events=["log.entryAdded"])
        self._tab = self.command("browsingContext.getTree")["contexts"][0]["context"]

    def command(self, method: str, **parameters: Any) -> Any:
        """Send a command; return its result."""
        self._last_id += 1
        command = {"id": self._last_id, "method": method, "params": parameters}
        self._connection.send(json.dumps(command))
        while (message := json.loads(self._connection.recv(TIMEOUT))).get("id") != self._last_id:
            if message.get("method") == "log.entryAdded":
                self._console.append(str(message["params"]["text"]))
        if message["type"] == "error":
            raise WebDriverError(f"{method}: {message['error']}: {message['message']}")
        return message["result"]

    def open(self, url: str) -> None:
        self.command("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def run(self, function: str, *arguments: Any) -> Any:
        # BiDi describes each value with its type. JSON is shorter.
        declaration = f"""async (list) =>
            JSON.stringify(await ({function})(...JSON.parse(list))) ?? "null" """
        returned = self.command(
            "script.callFunction",
            functionDeclaration=declaration,
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": self._tab},
            awaitPromise=True,
        )
        if returned["type"] == "exception":
            raise WebDriverError(returned["exceptionDetails"]["text"])
        return json.loads(returned["result"]["value"])

    def act(self, *sources: InputSource) -> None:
        self.command("input.performActions", context=self._tab, actions=sources)

    def resize(self, width: int, height: int) -> None:
        viewport = {"width": width, "height": height}
        self.command("browsingContext.setViewport", context=self._tab, viewport=viewport)

    def screenshot(self) -> bytes:
        taken = self.command("browsingContext.captureScreenshot", context=self._tab)
        return base64.b64decode(taken["data"])

    def back(self) -> None:
        self.command("browsingContext.traverseHistory", context=self._tab, delta=-1)

    def forward(self) -> None:
        self.command("browsingContext.traverseHistory", context=self._tab, delta=1)

    def reload(self) -> None:
        self.command("browsingContext.reload", context=self._tab, wait="complete")

    @contextmanager
    def new_tab(self) -> Iterator[None]:
        before = self._tab
        self._tab = self.command("browsingContext.create", type="tab")["context"]
        try:
            yield
        finally:
            self.command("browsingContext.close", context=self._tab)
            self._tab = before
            self.command("browsingContext.activate", context=self._tab)

    def take_console(self) -> list[str]:
        # Any answer comes after the events before it.
        self.command("session.status")
        messages, self._console = self._console, []
        return messages
