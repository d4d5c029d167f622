"""The house: who may import whom, which third parties live where, how long files and functions may be."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src" / "repack"
LONGEST_FILE, LONGEST_FUNCTION = 300, 50

#: Module -> what of ours it may import. Imports go downward only: a module is listed after everything it uses.
MAY_IMPORT: dict[str, set[str]] = {
    "": set(),
    "errors": set(),
    "model": set(),
    "progress": set(),
    "deflate": {"model"},
    "zipformat": {"model"},
    "restoredata": {"model"},
    "workers": set(),
    "bundles.names": {"model"},
    "bundles.zipped": {"bundles.names", "deflate", "errors", "model"},
    "bundles.folder": {"bundles.names", "errors", "model"},
    "bundles": {"bundles.folder", "bundles.zipped", "errors", "model"},
    "codecs.frames": set(),
    "codecs.jpegls": {"codecs.frames"},
    "codecs": {"codecs.frames", "codecs.jpegls"},
    "dicom": set(),
    "dicom.syntaxes": set(),
    "dicom.part10": set(),
    "dicom.header": {"deflate", "dicom", "dicom.part10", "dicom.syntaxes"},
    "dicom.explicit": {"dicom", "dicom.part10"},
    "dicom.image": {"codecs.frames", "dicom", "dicom.header", "dicom.part10", "dicom.syntaxes"},
    "dicom.samples": {"codecs.frames", "dicom.image"},
    "dicom.transcode": {
        "", "codecs", "codecs.frames", "dicom", "dicom.explicit", "dicom.header", "dicom.image", "dicom.part10",
        "dicom.samples", "model",
    },
    "dicom.dicomdir": {"dicom", "dicom.header", "dicom.image", "dicom.part10"},
    "classify": set(),
    "classify.language_names": set(),
    "classify.languages": {"classify", "classify.language_names"},
    "classify.patterns": {"classify", "classify.languages"},
    "classify.window": set(),
    "classify.dotnet": set(),
    "classify.pe": {"classify", "classify.dotnet", "classify.window", "model"},
    "classify.shortcuts": set(),
    "classify.mentions": {"classify", "classify.languages", "classify.shortcuts"},
    "classify.needs": {"bundles.names", "model"},
    "classify.units": {"bundles.names", "classify.needs", "model"},
    "classify.references": {
        "bundles.names", "classify", "classify.mentions", "classify.needs", "classify.units", "model",
    },
    "classify.mistakes": {"errors"},
    "classify.rulefile": {"classify", "classify.mistakes", "classify.patterns", "errors", "model"},
    "classify.facts": {
        "classify", "classify.mentions", "classify.pe", "classify.window", "dicom", "dicom.dicomdir", "dicom.header",
        "dicom.part10", "dicom.syntaxes", "model",
    },
    "classify.conditions": {
        "bundles.names", "classify", "classify.languages", "classify.patterns", "classify.references",
        "classify.rulefile", "model",
    },
    "classify.siblings": {"bundles.names", "classify", "classify.languages", "model"},
    "classify.rules": {
        "bundles.names", "classify.conditions", "classify.references", "classify.rulefile", "classify.siblings",
        "model",
    },
    "guards": {"classify", "classify.languages", "classify.references", "model"},
    "plan": {
        "", "classify", "classify.languages", "classify.patterns", "classify.references", "codecs", "dicom",
        "dicom.syntaxes", "guards", "model",
    },
    "outcomes": {
        "", "codecs", "codecs.frames", "deflate", "dicom", "dicom.dicomdir", "dicom.image", "dicom.syntaxes",
        "dicom.transcode", "model",
    },
    "manifest": {"", "codecs", "model"},
    "archive": {"", "bundles.zipped", "deflate", "errors", "model", "zipformat"},
    "remarks": {"classify", "classify.needs", "classify.rulefile", "model"},
    "survey": {
        "", "archive", "bundles", "classify", "classify.facts", "classify.references", "classify.rulefile",
        "classify.rules", "errors", "model", "plan", "progress", "remarks", "workers",
    },
    "carrying": {
        "", "archive", "bundles.names", "bundles.zipped", "classify", "classify.references", "deflate", "errors",
        "manifest", "model", "outcomes", "progress", "restoredata", "workers",
    },
    "pipeline": {
        "", "archive", "bundles.names", "carrying", "errors", "manifest", "model", "outcomes", "progress", "survey",
        "workers",
    },
    "report": set(),
    "report.words": set(),
    "report.tables": {"dicom", "dicom.syntaxes", "manifest", "model", "report", "report.words"},
    "report.rules": {"classify.rulefile", "report.tables"},
    "report.contents": {
        "classify", "classify.languages", "classify.references", "classify.rulefile", "classify.rules", "codecs",
        "dicom.syntaxes", "model", "report", "report.rules", "report.tables", "report.words",
    },
    "report.compared": {"classify.rulefile", "model", "report", "report.tables", "report.words"},
    "report.planned_json": {"model"},
    "report.console": {"report", "report.tables", "report.words"},
    "cli.options": {"classify", "classify.languages", "codecs", "errors", "model", "workers"},
    "cli.looking": {
        "", "classify", "classify.patterns", "classify.rulefile", "classify.rules", "cli.options", "errors",
        "model", "pipeline", "progress", "remarks", "report", "report.compared", "report.console", "report.contents",
        "report.planned_json", "report.rules", "survey", "workers",
    },
    "cli.job": {
        "", "cli.looking", "cli.options", "manifest", "model", "pipeline", "report", "report.console",
        "report.planned_json", "report.tables",
    },
    "cli": {"cli.job", "cli.looking", "errors", "report", "report.console"},
    "__main__": {"cli"},
}  # fmt: skip

#: Third-party package -> the modules that may know it.
THIRD_PARTIES: dict[str, set[str]] = {
    "typer": {"cli", "cli.job", "cli.looking", "cli.options"},
    "rich": {"report.console"},
    "langcodes": {"classify.languages"},
    "msgspec": {"classify.rulefile", "manifest", "report.planned_json", "report.rules"},
    "isal": {"deflate"},
    "pefile": {"classify.pe"},
    "pydicom": {"dicom.explicit", "dicom.header", "codecs.jpegls"},
    "numpy": {"dicom.samples", "codecs.jpegls"},
    "imagecodecs": {"codecs.jpegls"},
    "jpeg_ls": {"codecs.jpegls"},
}

#: An import of ours inside a function, and why it is there.
LAZY = {"__main__": "a spawned worker imports this module too, and must not load the whole command line"}

#: Files over the mark, and why.
LONG_FILES = {"model.py": "the nouns of the design stand together, each with its contract"}


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Every imported name, and whether it is imported inside a function."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole.removeprefix("repack.") in MODULES and whole.startswith("repack.")
                yield whole if is_module else str(node.module), id(node) in inside


def ours(name: str) -> str | None:
    if name == "repack":
        return ""
    return name.removeprefix("repack.") if name.startswith("repack.") else None


def test_the_table_names_every_module() -> None:
    assert set(MAY_IMPORT) == set(MODULES)


def test_the_table_goes_downward_only() -> None:
    seen: set[str] = set()
    for module, allowed in MAY_IMPORT.items():
        assert allowed <= seen, f"{module} may import {allowed - seen}, which stands below it"
        seen.add(module)


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_table(module: str) -> None:
    for name, is_inside in imports(MODULES[module]):
        target = ours(name)
        if target is not None:
            assert target in MAY_IMPORT[module], f"{module or 'repack'} must not import {target}"
            assert not is_inside or module in LAZY, f"{module} imports {target} inside a function"
        top = name.split(".")[0]
        if top in THIRD_PARTIES:
            assert module in THIRD_PARTIES[top], f"{module} must not know {top}"
        elif target is None:
            assert top in sys.stdlib_module_names, f"{module} imports {top}, which has no place in the table"


def test_every_module_can_be_imported_alone() -> None:
    for module in MODULES:
        name = f"repack.{module}" if module else "repack"
        done = subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"


@pytest.mark.parametrize("path", MODULES.values(), ids=lambda path: path.name)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE or path.name in LONG_FILES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name != "repack":
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{path.name}: {node.name}"


def test_only_the_console_prints() -> None:
    for module, path in MODULES.items():
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "print" not in calls or module == "report.console"
