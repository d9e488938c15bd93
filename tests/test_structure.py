"""The layers: which package may import which, for every import in the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.serving import ROOT

# What the training imports of the server.
SERVER = {"server.system", "server.regression", "server.storage", "server.room"}

# Each package, and the packages of this project that its modules may import besides their own.
ALLOWED = {
    "server.system": set(),
    "server.regression": set(),
    "server.storage": {"server.system", "server.regression"},
    "server.room": {"server.system"},
    "server.translations": set(),
    "server.web.common": {
        "server.regression",
        "server.storage",
        "server.room",
        "server.translations",
    },
    "server.web.routes": {
        "server.regression",
        "server.storage",
        "server.room",
        "server.translations",
        "server.web.common",
    },
    "server.web": {
        "server.storage",
        "server.room",
        "server.translations",
        "server.web.common",
        "server.web.routes",
    },
    "server.transport": {
        "server.system",
        "server.regression",
        "server.storage",
        "server.room",
        "server.translations",
        "server.web",
        "server.web.common",
        "server.web.routes",
    },
    "training.settings": SERVER,
    "training.data": {*SERVER, "training.settings"},
    "training.fitting": {*SERVER, "training.settings", "training.data"},
    "training.outputs": {*SERVER, "training.settings", "training.data", "training.fitting"},
    "training.running": {
        *SERVER,
        "training.settings",
        "training.data",
        "training.fitting",
        "training.outputs",
    },
}

# A dozen modules and `__init__`.
MAX_FILES = 13


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the full names of all modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{name.name}" for name in node.names)


def packages_of(path: Path) -> set[str]:
    """Return the packages of this project that a file imports."""
    found = set()
    for module in imported_modules(path):
        packages = [p for p in (*ALLOWED, "tests") if f"{module}.".startswith(f"{p}.")]
        # A module of a sub-package does not count as one of the package around it.
        found |= {max(packages, key=len)} if packages else set()
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_the_layers_below_it(package: str) -> None:
    files = list((ROOT / package.replace(".", "/")).glob("*.py"))
    assert len(files) > 1
    for path in files:
        assert packages_of(path) <= ALLOWED[package] | {package}, path


def test_the_server_never_imports_tensorflow_or_the_training() -> None:
    for path in (ROOT / "server").rglob("*.py"):
        for module in imported_modules(path):
            assert module.split(".")[0] not in ("tensorflow", "keras", "training", "tests"), path


@pytest.mark.parametrize("folder", ["server", "training"])
def test_every_module_is_in_one_of_the_packages(folder: str) -> None:
    outside = {path.name for path in (ROOT / folder).glob("*.py")}
    assert outside == {"__init__.py", "__main__.py"}
    packages = {
        ".".join(path.relative_to(ROOT).parent.parts) for path in (ROOT / folder).rglob("*.py")
    }
    assert packages - {folder} == {name for name in ALLOWED if name.startswith(f"{folder}.")}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_has_few_modules(package: str) -> None:
    files = list((ROOT / package.replace(".", "/")).glob("*.py"))
    assert len(files) <= MAX_FILES


# The same for the folders of the page's scripts. Views know nothing of the network.
SCRIPTS = {
    "language": set(),
    "numbers": {"language"},
    "state": {"language", "numbers"},
    "network": {"language", "numbers", "state"},
    "components": {"language", "numbers", "state"},
    "drawing": {"language", "numbers", "state", "components"},
    "guide": {"language", "numbers", "state", "components"},
    "room": {"language", "numbers", "state", "components"},
    "views": {"language", "numbers", "state", "components", "drawing", "guide", "room"},
    "page": {"language", "numbers", "state", "network", "components", "room", "views"},
}


@pytest.mark.parametrize("folder", SCRIPTS)
def test_a_script_imports_only_the_layers_below_it(folder: str) -> None:
    files = list((ROOT / "static" / folder).glob("*.js"))
    assert 3 < len(files) <= MAX_FILES
    for path in files:
        imports = re.findall(r'^(?:import|\}) .*from "(.*)";$', path.read_text(), re.MULTILINE)
        folders = {(path.parent / name).resolve().parent.name for name in imports}
        assert folders <= SCRIPTS[folder] | {folder}, path


def test_every_script_but_main_is_in_one_of_the_folders() -> None:
    folders = {path.parent.name for path in (ROOT / "static").rglob("*.js")}
    assert folders == {"static", *SCRIPTS}
    assert [path.name for path in (ROOT / "static").glob("*.js")] == ["main.js"]


def test_no_test_module_or_conftest_is_imported_as_a_library() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        for module in imported_modules(path):
            name = module.rpartition(".")[2]
            assert not (module.startswith("tests.") and name.startswith(("test_", "conftest"))), (
                path
            )


def test_a_folder_of_tests_has_few_modules() -> None:
    for folder in {path.parent for path in (ROOT / "tests").rglob("*.py")}:
        assert len(list(folder.glob("*.py"))) <= MAX_FILES, folder
