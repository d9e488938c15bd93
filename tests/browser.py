"""A headless Chromium: found, installed where it is missing, and started.

`python -m tests.browser` makes sure that there is one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

# A new Chromium asks several hosts for updates and lists; nothing here may need a network.
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    # Chromium refuses to run as root inside its sandbox.
    ARGUMENTS.append("--no-sandbox")

# The headless shell renders pages like the browser, opens them in half the time, and has no window.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium-headless-shell", "chromium")

MISSING = "there is no Chromium; `python -m tests.browser` tries to install one"


def find_chromium(playwright: Playwright) -> str | None:
    """Return the path of the machine's Chromium, else of Playwright's own; None without either."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def launch_browser() -> Iterator[Browser]:
    """Start a headless Chromium and close it in the end.

    :raise FileNotFoundError: there is none
    """
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            raise FileNotFoundError(MISSING)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def install_commands() -> list[list[str]]:
    """Return the commands that bring a Chromium here, in the order to try them."""
    commands = []
    if shutil.which("apt-get"):
        root = os.geteuid() == 0
        if root or shutil.which("sudo"):
            # Without a terminal, sudo shall fail rather than wait for a password.
            prefix = [] if root else ["sudo", *([] if sys.stdin.isatty() else ["-n"])]
            install = [*prefix, "apt-get", "install", "-q", "-y", "--no-install-recommends"]
            commands.append([*prefix, "apt-get", "update", "-q"])
            commands += [[*install, package] for package in PACKAGES]
    commands.append([sys.executable, "-m", "playwright", "install", "chromium"])
    return commands


def main() -> None:
    """Install a Chromium if there is none; fail for want of it only where CI=true."""
    with sync_playwright() as playwright:
        for command in install_commands():
            if find_chromium(playwright):
                break
            print("Chromium is missing:", " ".join(command), flush=True)
            subprocess.run(
                command, check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            )
        path = find_chromium(playwright)
    if path is None:
        print("No Chromium could be installed: the browser tests will be skipped.")
        sys.exit(os.environ.get("CI") == "true")
    print(f"Chromium: {path}")


if __name__ == "__main__":
    main()
