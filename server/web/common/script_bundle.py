"""One script instead of many: the modules that a page's entry script imports, in a single file.

The page's first view needs about forty modules. As one file, they are one request, and compress
better. There is no build step: the server makes the bundle from the files when it is requested.

Each module becomes a function that returns its exports, so that names of different modules do not
clash. The bundle exports all of them, so that an import map can let modules that are loaded later
import from it. The page's own scripts use only named imports and exports; anything else is refused.
"""

import posixpath
import re
from pathlib import Path

# `import { a, b as c } from "./d.js";`, on one line or on several.
_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*)";$', re.MULTILINE)

# `export function f`, `export async function f`, `export class C` and `export const NAME`.
_EXPORT = re.compile(r"^export (?=(?:(?:async )?function|class|const) (\w+))", re.MULTILINE)

# The start of any other import or export.
_UNSUPPORTED = re.compile(r"^(?:import|export)\b[^(].*", re.MULTILINE)


class BundleError(ValueError):
    """The scripts cannot be bundled."""


def bundled_scripts(entry: str, directory: Path) -> list[str]:
    """Return an entry script and all scripts that it imports, each after those that it imports.

    :param entry: a path relative to the directory
    :raise BundleError: scripts import each other in a circle
    :raise OSError: a script cannot be read
    """
    ordered: list[str] = []

    def add(name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise BundleError(f"{name} imports itself: {' → '.join((*importers, name))}")
        if name in ordered:
            return
        for _, path in _IMPORT.findall((directory / name).read_text("utf-8")):
            add(_resolve(name, path), (*importers, name))
        ordered.append(name)

    add(entry, ())
    return ordered


def bundle_scripts(entry: str, directory: Path) -> str:
    """Return one module with the code and the exports of an entry script and all that it imports.

    :param entry: a path relative to the directory
    :raise BundleError: a script uses an unsupported import or export, two scripts export the same
        name, or scripts import each other in a circle
    :raise OSError: a script cannot be read
    """
    names = bundled_scripts(entry, directory)
    variables = {name: f"module{number}" for number, name in enumerate(names)}
    parts = []
    exported: dict[str, str] = {}
    for name in names:
        code, exports = _convert(name, (directory / name).read_text("utf-8"), variables)
        for export in exports:
            if export in exported:
                raise BundleError(f"{exported[export]} and {name} both export {export}")
            exported[export] = name
        parts.append(
            f"// {name}\nconst {variables[name]} = (() => {{\n{code}\n"
            f"return {{ {', '.join(exports)} }};\n}})();\n"
        )
        if exports:
            parts.append(f"export const {{ {', '.join(exports)} }} = {variables[name]};\n")
    return "".join(parts)


def _convert(name: str, source: str, variables: dict[str, str]) -> tuple[str, list[str]]:
    """Return a script's code without imports and exports, and the names that it exports."""

    def to_constants(match: re.Match[str]) -> str:
        return (
            f"const {{{match[1].replace(' as ', ': ')}}} = {variables[_resolve(name, match[2])]};"
        )

    exports = _EXPORT.findall(source)
    code = _EXPORT.sub("", _IMPORT.sub(to_constants, source))
    if found := _UNSUPPORTED.search(code):
        raise BundleError(f"{name}: {found[0]!r} is neither a named import nor a named export")
    return code, exports


def _resolve(name: str, path: str) -> str:
    """Return the script that another one imports, as a path relative to the directory."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
