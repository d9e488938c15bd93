"""The locks in requirements/: they fit pyproject.toml, and install the same everywhere."""

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.support.serving import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {"run": [], "train": ["train"], "test": ["train", "test"]}

# Where the demo is installed.
PLACES: list[Any] = [
    {"sys_platform": platform, "platform_machine": machine, "python_full_version": f"{python}.0"}
    for platform, machine in [
        *(("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")),
    ]
    for python in ("3.11", "3.12", "3.13", "3.14")
]


def read_lock(name: str) -> list[tuple[Requirement, list[str]]]:
    """Return the requirements of a lock, each with its hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    entries = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    parts = [entry.split(" --hash=") for entry in entries]
    return [(Requirement(first), [hashed.strip() for hashed in rest]) for first, *rest in parts]


def applies(requirement: Requirement, place: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(place)


@pytest.mark.parametrize("name", EXTRAS)
def test_all_that_the_project_asks_for_is_locked_within_its_range(name: str) -> None:
    asked = list(PROJECT["dependencies"])
    for extra in EXTRAS[name]:
        asked += PROJECT["optional-dependencies"][extra]
    locked = [requirement for requirement, _ in read_lock(name)]
    for place in PLACES:
        pins = {pin.name: str(pin.specifier) for pin in locked if applies(pin, place)}
        for wanted in map(Requirement, asked):
            if applies(wanted, place):
                assert wanted.specifier.contains(pins[wanted.name].removeprefix("=="))
            else:
                assert wanted.name not in pins


@pytest.mark.parametrize("name", EXTRAS)
def test_every_package_is_one_version_with_its_checksums_from_no_host(name: str) -> None:
    lock = read_lock(name)
    assert len(lock) > 5
    for requirement, hashes in lock:
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier))
        assert requirement.url is None
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", hashed) for hashed in hashes)
    for place in PLACES:
        names = [requirement.name for requirement, _ in lock if applies(requirement, place)]
        assert len(names) == len(set(names))
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"://|^-|index", text, flags=re.MULTILINE)


def test_the_larger_locks_hold_the_smaller() -> None:
    run, train, test = ({str(pin) for pin, _ in read_lock(name)} for name in EXTRAS)
    assert run < train < test
