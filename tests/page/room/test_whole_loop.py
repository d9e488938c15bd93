"""The whole loop: a phone gives a drawing, the wall shows it, and the model learns from it."""

import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import segno
from playwright.sync_api import Browser, Page, expect

from server.room.room import is_local_url
from tests.support.digits import SEVEN
from tests.support.factories import save_small_model
from tests.support.pen import draw_with_finger
from tests.support.room import RoomServer, serve_room
from tests.support.serving import ROOT

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}

# A real training, on few images.
TRAINING = ["--recipe", "tutorial", "--steps", "300", "--images-per-digit", "100"]

# How soon a drawing must be on the wall, in ms.
SECOND = 1000


def open_phone(browser: Browser, url: str) -> Page:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(url)
    return page


def open_wall(browser: Browser, server: RoomServer) -> Page:
    page = browser.new_context(viewport=LAPTOP).new_page()
    page.goto(server.presenter_url)
    expect(page.locator("#view-room")).to_be_visible()
    return page


def give(phone: Page, label: int) -> None:
    """Draw a seven, say which digit it was, and give it."""
    phone.locator("#clear").click()
    draw_with_finger(phone, SEVEN)
    expect(phone.locator("#answer")).to_have_attribute("aria-busy", "false")
    phone.locator("#was-digit").get_by_role("button", name=str(label)).click()
    phone.locator("#give").click()


def path_of(svg: bytes) -> str:
    """Return the path that draws the modules of a QR code."""
    match = re.search(r'stroke="#000" d="([^"]+)"', svg.decode())
    assert match is not None
    return match[1]


def test_a_room_teaches_the_model(browser: Browser, tmp_path: Path) -> None:
    models = tmp_path / "models"
    # It reads everything as a 3.
    save_small_model(models, "tutorial", favourite=3)
    file = tmp_path / "room.db"
    with serve_room(file, "--host", "0.0.0.0", "--models", str(models)) as server:
        wall = open_wall(browser, server)
        expect(wall.locator("#join-url")).not_to_be_empty()
        join = wall.locator("#join-url").inner_text()
        code = io.BytesIO()
        segno.make_qr(join).save(code, kind="svg", border=4, light="white", omitsize=True)
        drawn = server.request("/api/room/join.svg")[1]
        assert path_of(drawn) == path_of(code.getvalue())

        # On plain http and another host than localhost, a page has no secure context.
        phone = open_phone(browser, join)
        if not is_local_url(join):
            assert phone.evaluate("isSecureContext") is False
        give(phone, 7)
        start = time.perf_counter()
        tile = wall.locator("[data-drawing]")
        expect(tile).to_have_count(1, timeout=SECOND)
        assert time.perf_counter() - start < 1
        expect(tile).to_have_attribute("data-label", "7")
        expect(tile).to_have_attribute("data-digit", "3")

        phone.get_by_role("button", name="Withdraw").click()
        expect(tile).to_have_count(0)

        for _ in range(6):
            give(phone, 7)
            expect(phone.get_by_text("The room has it")).to_be_visible()
        expect(tile).to_have_count(6)

        command = [sys.executable, "-m", "training", "--room", str(file), "--models", str(models)]
        result = subprocess.run(
            [*command, *TRAINING], cwd=ROOT, capture_output=True, text=True, check=True
        )
        report = json.loads(result.stdout.splitlines()[-1])
        assert report["room_drawings"] == 6

        # The wall is read again by the model that has replaced the other.
        for number in range(6):
            expect(tile.nth(number)).to_have_attribute("data-digit", "7")
            expect(tile.nth(number)).to_have_attribute("data-was", "3")
