"""The bundle of the page's scripts."""

from pathlib import Path

import pytest

from server.web.common.script_bundle import BundleError, bundle_scripts, bundled_scripts
from server.web.routes.static_files import ENTRY, STATIC

SCRIPTS = {
    "main.js": 'import { double as twice } from "./numbers/double.js";\nimport {\n  ONE,\n  sum,\n}'
    ' from "./numbers/sum.js";\n\nexport const FOUR = twice(sum(ONE, ONE));\n',
    "numbers/double.js": 'import { sum } from "./sum.js";\n\n'
    "export async function later() {}\nexport function double(x) {\n  return sum(x, x);\n}\n",
    "numbers/sum.js": "const hidden = 1;\nexport const ONE = hidden;\n\n"
    "export function sum(x, y) {\n  return x + y;\n}\n\nexport class Sum {}\n",
}


def write_scripts(directory: Path, **changed: str) -> Path:
    """Write SCRIPTS to a directory, with other text in some: `main` is main.js."""
    for name, text in SCRIPTS.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(changed.get(path.stem, text), encoding="utf-8")
    return directory


def test_each_script_comes_after_those_that_it_imports(tmp_path: Path) -> None:
    write_scripts(tmp_path)
    assert bundled_scripts("main.js", tmp_path) == [
        "numbers/sum.js",
        "numbers/double.js",
        "main.js",
    ]


def test_a_bundle_has_each_script_once_and_exports_what_they_export(tmp_path: Path) -> None:
    bundle = bundle_scripts("main.js", write_scripts(tmp_path))
    assert "import " not in bundle
    assert bundle.count("const hidden = 1;") == 1
    assert "const { double: twice } = module1;" in bundle
    assert "const {\n  ONE,\n  sum,\n} = module0;" in bundle
    lines = [line for line in bundle.splitlines() if line.startswith("export ")]
    assert lines == [
        "export const { ONE, sum, Sum } = module0;",
        "export const { later, double } = module1;",
        "export const { FOUR } = module2;",
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sum": "export default 1;\n"}, "numbers/sum.js: 'export default 1;'"),
        ({"sum": "export { hidden };\n"}, "numbers/sum.js: 'export { hidden };'"),
        ({"sum": 'import * as all from "./double.js";\n'}, r"numbers/sum.js: 'import \* as all"),
        ({"sum": 'import "./double.js";\n'}, "neither a named import nor a named export"),
        ({"main": "export const sum = 1;\n" + SCRIPTS["main.js"]}, "both export sum"),
        (
            {"sum": 'import { double } from "./double.js";\n'},
            "numbers/double.js → numbers/sum.js → numbers/double.js",
        ),
    ],
)
def test_a_script_that_cannot_be_bundled_is_named(
    tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    with pytest.raises(BundleError, match=words):
        bundle_scripts("main.js", write_scripts(tmp_path, **changed))


def test_a_script_that_is_missing_is_an_error(tmp_path: Path) -> None:
    write_scripts(tmp_path)
    (tmp_path / "numbers" / "sum.js").unlink()
    with pytest.raises(FileNotFoundError, match=r"sum\.js"):
        bundle_scripts("main.js", tmp_path)


def test_a_call_of_import_stays_as_it_is(tmp_path: Path) -> None:
    call = 'import("./numbers/sum.js");\n'
    assert call in bundle_scripts("main.js", write_scripts(tmp_path, main=call))


def test_the_page_s_own_scripts_can_be_bundled() -> None:
    bundle = bundle_scripts(ENTRY, STATIC)
    names = bundled_scripts(ENTRY, STATIC)
    assert names[-1] == ENTRY
    assert [f"// {name}" for name in names] == [
        line for line in bundle.splitlines() if line.startswith("// ") and line.endswith(".js")
    ]
