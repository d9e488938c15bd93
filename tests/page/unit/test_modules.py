"""The page's modules that know no DOM, tested in Node.js, or in the browser where there is none."""

import json
import re
import shutil
import subprocess
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.support.serving import ROOT

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.test.js"))
FOLDER = HERE.relative_to(ROOT).as_posix()

# The first version that takes a file with imports for a module, without a package.json.
NODE = (20, 19)

# Takes the modules of Node.js from the folder `browser`.
PAGE = f"""
<!DOCTYPE html>
<script type="importmap">
  {{ "imports": {{
    "node:test": "/{FOLDER}/browser/test.js",
    "node:assert/strict": "/{FOLDER}/browser/assert.js"
  }} }}
</script>
"""
ORIGIN = "http://unit.test"


def find_node() -> str | None:
    """Return the path of a Node.js that is new enough; None without one."""
    node = shutil.which("node")
    if node is None:
        return None
    version = subprocess.check_output([node, "--version"], text=True)
    major, minor = re.findall(r"\d+", version)[:2]
    return node if (int(major), int(minor)) >= NODE else None


def run_in_browser(browser: Browser, name: str, root: Path = ROOT) -> list[Any]:
    """Run one file of tests in a page; return their names and errors."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/":
            route.fulfill(content_type="text/html", body=PAGE)
        else:
            file = root / path.lstrip("/")
            route.fulfill(content_type=guess_type(file.name)[0], body=file.read_bytes())

    with browser.new_context() as context:
        page = context.new_page()
        page.route(f"{ORIGIN}/**", answer)
        page.goto(ORIGIN)
        report: list[Any] = page.evaluate(
            """async ([folder, name]) => {
              await import(`/${folder}/${name}`);
              return (await import("node:test")).report();
            }""",
            [FOLDER, name],
        )
    return report


@pytest.mark.skipif(find_node() is None, reason="there is no Node.js, so the browser runs them")
@pytest.mark.parametrize("name", FILES)
def test_modules_in_node(name: str) -> None:
    node = find_node()
    assert node is not None
    result = subprocess.run(
        [node, "--test", str(HERE / name)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    passed = re.search(r"^# pass (\d+)$", result.stdout, re.MULTILINE)
    assert passed, result.stdout
    assert int(passed[1]) >= 4


@pytest.mark.parametrize("name", FILES)
def test_modules_in_the_browser(browser: Browser, name: str) -> None:
    report = run_in_browser(browser, name)
    assert len(report) >= 4
    assert [one for one in report if one["error"]] == []


def test_a_module_that_is_wrong_fails_in_the_browser_too(browser: Browser, tmp_path: Path) -> None:
    for folder in ("static/language", FOLDER):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    wrong = tmp_path / "static" / "language" / "format.js"
    wrong.write_text(wrong.read_text().replace("fraction, places = 1", "fraction, places = 2"))
    report = run_in_browser(browser, "format.test.js", tmp_path)
    failed = [one["name"] for one in report if one["error"]]
    assert "a percentage has one decimal" in failed, json.dumps(report)
