"""The marks: what each promises that its tests need."""

import subprocess
import sys

import pytest

from tests.support.serving import ROOT

# Runs the unit tests as where neither is installed.
PROGRAM = """
import importlib.abc
import sys

import pytest


class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras", "playwright"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)


sys.meta_path.insert(0, Blocked())
sys.exit(pytest.main(["-q", "-m", "unit", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def run_unit_tests(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.process
def test_unit_tests_are_collected_without_tensorflow_and_without_a_browser() -> None:
    collected = run_unit_tests("--collect-only")
    assert collected.returncode == 0, collected.stdout + collected.stderr
    assert collected.stdout.count("::test_") > 500


@pytest.mark.process
def test_the_tests_of_arithmetic_pass_without_tensorflow_and_without_a_browser() -> None:
    result = run_unit_tests("tests/regression/test_model.py", "tests/web/test_api.py")
    assert result.returncode == 0, result.stdout + result.stderr
