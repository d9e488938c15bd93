"""The demo behind a real nginx, under a path prefix."""

import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser

from server.web.routes.page import VIEWS
from tests.support.digits import SEVEN
from tests.support.page import collect_console_messages
from tests.support.pen import draw_with_mouse, read_answer
from tests.support.waiting import wait_until

CONFIGURATION = """
daemon off;
pid {directory}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory};
    proxy_temp_path {directory};
    fastcgi_temp_path {directory};
    uwsgi_temp_path {directory};
    scgi_temp_path {directory};
    server {{
        listen 127.0.0.1:{port};
        merge_slashes off;
        location "{location}" {{
            proxy_pass {url}/;
        }}
    }}
}}
"""


def find_nginx() -> str:
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if path is None:
        if os.environ.get("CI") == "true":
            raise FileNotFoundError("there is no nginx")
        pytest.skip("there is no nginx")
    return path


def accepts_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


@contextmanager
def reverse_proxy(url: str, prefix: str, directory: Path) -> Iterator[str]:
    """Run nginx in front of a server; yield the URL of the page behind it."""
    nginx = find_nginx()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    configuration = directory / "nginx.conf"
    # Nginx compares decoded paths.
    text = CONFIGURATION.format(directory=directory, port=port, location=unquote(prefix), url=url)
    configuration.write_text(text)
    command = [nginx, "-e", "stderr", "-p", str(directory), "-c", str(configuration)]
    with subprocess.Popen(command) as process:
        try:
            wait_until(lambda: process.poll() is not None or accepts_connections(port))
            assert process.poll() is None
            yield f"http://127.0.0.1:{port}{prefix}"
        finally:
            process.terminate()


@pytest.mark.parametrize("prefix", ["/evidence/", "/a/b%20c/", "/"])
def test_the_whole_demo_works_behind_nginx_under_a_prefix(
    browser: Browser, server_url: str, tmp_path: Path, prefix: str
) -> None:
    with ExitStack() as stack:
        base = stack.enter_context(reverse_proxy(server_url, prefix, tmp_path))
        context = stack.enter_context(browser.new_context(viewport={"width": 1280, "height": 800}))
        page = context.new_page()
        complaints = collect_console_messages(page)
        requests: list[str] = []
        failed: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on(
            "response",
            lambda response: failed.append(response.url) if response.status >= 400 else None,
        )
        page.goto(base)
        page.wait_for_selector("#model option", state="attached")
        draw_with_mouse(page, SEVEN)
        assert read_answer(page) == "7"
        for key in range(1, len(VIEWS) + 1):
            page.keyboard.press(str(key))
            page.wait_for_load_state("networkidle")
        page.reload()
        page.wait_for_selector("#model option", state="attached")
        assert read_answer(page) == "7"
        assert complaints == []
        assert failed == []
        assert len(requests) > 30
        assert all(url.startswith((base, "data:")) for url in requests)


def test_no_route_redirects_out_of_a_prefix(server_url: str, tmp_path: Path) -> None:
    with reverse_proxy(server_url, "/evidence/", tmp_path) as base:
        for path in ("static//main.js", "api//models", "healthz/", "api/models/"):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{base}{path}", timeout=10)
            caught.value.close()
            assert caught.value.code == 404
            assert caught.value.headers["Location"] is None
        with urllib.request.urlopen(f"{base}openapi.json", timeout=10) as response:
            assert b'"servers":[{"url":"."}]' in response.read()
