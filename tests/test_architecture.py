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
    "model.bundle": set(),
    "model.kinds": set(),
    "model.facts": {"model.kinds"},
    "model.outcome": {"model.bundle", "model.kinds"},
    "model.plan": {"model.bundle", "model.facts", "model.kinds"},
    "model": {"model.bundle", "model.facts", "model.kinds", "model.outcome", "model.plan"},
    "progress": set(),
    "deflate": {"model"},
    "bundles.names": {"model"},
    "bundles.code_pages": set(),
    "bundles.stamps": {"model"},
    "bundles.limits": {"errors", "model"},
    "bundles.places": {"model"},
    "bundles.unrecognised": set(),
    "bundles.zip_directory": {"errors"},
    "bundles.zip_encryption": set(),
    "bundles.zip_methods": {"deflate"},
    "bundles.zipped": {"bundles.zip_encryption", "bundles.zip_methods", "deflate", "model"},
    "bundles.zip_bundle": {
        "bundles.code_pages", "bundles.limits", "bundles.names", "bundles.places", "bundles.zip_directory",
        "bundles.zip_encryption", "bundles.zip_methods", "bundles.zipped", "deflate", "errors", "model",
    },
    "bundles.iso_image": {"bundles.stamps", "model"},
    "bundles.iso": {"bundles.iso_image", "bundles.limits", "bundles.names", "bundles.places", "errors", "model"},
    "bundles.folder": {"bundles.code_pages", "bundles.names", "bundles.stamps", "errors", "model"},
    "bundles": {"bundles.folder", "bundles.iso", "bundles.unrecognised", "bundles.zip_bundle", "errors", "model"},
    "codecs.frames": set(),
    "codecs.arrays": {"codecs.frames"},
    "codecs.plugins": {"codecs.arrays", "codecs.frames"},
    "codecs.jpegls": {"codecs.arrays", "codecs.frames", "codecs.plugins"},
    "codecs.jpeg2000": {"codecs.arrays", "codecs.frames"},
    "codecs.jpeglossless": {"codecs.arrays", "codecs.frames"},
    "codecs.jpegxl": {"codecs.arrays", "codecs.frames"},
    "codecs.rle": {"codecs.arrays", "codecs.frames", "codecs.plugins"},
    "codecs": {
        "codecs.frames", "codecs.jpeg2000", "codecs.jpeglossless", "codecs.jpegls", "codecs.jpegxl", "codecs.rle",
    },
    "dicom": set(),
    "dicom.syntaxes": set(),
    "dicom.part10": set(),
    "dicom.header": {"deflate", "dicom.part10", "dicom.syntaxes"},
    "dicom.explicit": {"dicom.part10"},
    "dicom.bigendian": {"dicom.explicit", "dicom.part10"},
    "dicom.deflated": {"dicom.part10", "model"},
    "dicom.edit": {"dicom.part10"},
    "dicom.order": {"codecs", "codecs.frames", "dicom.syntaxes", "model"},
    "dicom.image": {"codecs.frames", "dicom.header", "dicom.part10", "dicom.syntaxes"},
    "dicom.encapsulated": {"dicom.edit", "dicom.header", "dicom.image", "dicom.part10"},
    "dicom.samples": {"codecs.frames", "dicom.image"},
    "dicom.source": {
        "codecs", "codecs.frames", "dicom.deflated", "dicom.encapsulated", "dicom.header", "dicom.image", "dicom.order",
        "dicom.part10", "dicom.samples", "dicom.syntaxes", "model",
    },
    "dicom.assemble": {
        "dicom.bigendian", "dicom.edit", "dicom.encapsulated", "dicom.explicit", "dicom.image", "dicom.part10",
    },
    "dicom.lossy_attributes": {"codecs.frames", "dicom.assemble", "dicom.edit", "dicom.image", "dicom.samples"},
    "dicom.written": {
        "codecs", "codecs.frames", "dicom.encapsulated", "dicom.header", "dicom.image", "dicom.part10", "dicom.samples",
        "dicom.syntaxes",
    },
    "dicom.transcode": {
        "codecs.frames", "dicom.assemble", "dicom.deflated", "dicom.explicit", "dicom.image", "dicom.lossy_attributes",
        "dicom.order", "dicom.part10", "dicom.samples", "dicom.source", "dicom.syntaxes", "dicom.written", "model",
    },
    "dicom.dicomdir": {"dicom.header", "dicom.image", "dicom.part10"},
    "classify": set(),
    "classify.language_names": set(),
    "classify.languages": {"classify.language_names"},
    "classify.patterns": {"classify.languages"},
    "classify.dotnet": set(),
    "classify.window": set(),
    "classify.pe": {"classify.dotnet", "classify.window", "model"},
    "classify.shortcuts": set(),
    "classify.mentions": {"classify.languages", "classify.shortcuts"},
    "classify.needs": {"bundles.names", "model"},
    "classify.units": {"bundles.names", "classify.needs", "model"},
    "classify.references": {"bundles.names", "classify.mentions", "classify.needs", "classify.units", "model"},
    "classify.mistakes": {"errors"},
    "classify.rulefile": {"classify.mistakes", "classify.patterns", "errors", "model"},
    "classify.facts": {
        "classify.mentions", "classify.pe", "classify.window", "dicom.dicomdir", "dicom.header", "dicom.part10",
        "dicom.syntaxes", "model",
    },
    "classify.conditions": {"bundles.names", "classify.languages", "classify.patterns", "classify.rulefile", "model"},
    "classify.siblings": {"bundles.names", "classify.languages", "model"},
    "classify.rules": {
        "bundles.names", "classify.conditions", "classify.references", "classify.rulefile", "classify.siblings",
        "model",
    },
    "dicom.subset": {"dicom.dicomdir", "dicom.image", "dicom.part10"},
    "outcomes": {
        "codecs.frames", "deflate", "dicom.assemble", "dicom.dicomdir", "dicom.header", "dicom.image", "dicom.order",
        "dicom.part10", "dicom.subset", "dicom.syntaxes", "dicom.transcode", "model",
    },
    "record.manifest": {"model"},
    "record.restoredata": {"model"},
    "giveback.finished": {"bundles", "errors", "model", "record.manifest", "record.restoredata"},
    "giveback.originals": {
        "codecs.frames", "dicom.image", "dicom.part10", "dicom.syntaxes", "dicom.transcode", "dicom.written", "model",
        "record.manifest",
    },
    "moving": {
        "bundles.names", "dicom.order", "errors", "giveback.finished", "giveback.originals", "model", "record.manifest",
    },
    "processes.interrupts": set(),
    "output.drafts": {"errors", "processes.interrupts"},
    "output.zipformat": {"model"},
    "output.structure": {"model", "output.zipformat"},
    "output.archive": {
        "bundles.zipped", "deflate", "errors", "model", "output.drafts", "output.structure", "output.zipformat",
    },
    "planning.guards": {"classify.languages", "classify.references", "model"},
    "planning.keeping": {"dicom.order", "dicom.syntaxes", "model"},
    "planning.presets": {"dicom.syntaxes", "model"},
    "planning.plan": {
        "classify.languages", "classify.patterns", "classify.references", "model", "planning.guards",
        "planning.keeping", "planning.presets",
    },
    "planning.remarks": {"classify.needs", "classify.rulefile", "model"},
    "processes.serving": set(),
    "processes.workers": {"processes.interrupts", "processes.serving"},
    "planning.preset_remarks": {"dicom.syntaxes", "model", "planning.presets"},
    "planning.parts": {"model", "planning.plan"},
    "survey": {
        "bundles", "classify.facts", "classify.references", "classify.rulefile", "classify.rules", "errors", "model",
        "moving", "output.archive", "planning.parts", "planning.plan", "planning.preset_remarks", "planning.remarks",
        "processes.workers", "progress",
    },
    "record.recording": {"", "codecs", "codecs.frames", "model", "record.manifest"},
    "course": {
        "deflate", "errors", "model", "moving", "outcomes", "output.archive", "record.manifest", "record.recording",
    },
    "carrying": {
        "bundles.places", "bundles.zipped", "classify.references", "course", "errors", "model", "moving", "outcomes",
        "output.archive", "processes.workers", "progress", "record.manifest", "record.recording", "record.restoredata",
    },
    "sourcefile": {"errors"},
    "record.leaflet": {"dicom.syntaxes", "model", "record.manifest"},
    "report.words": set(),
    "estimating": {"model", "outcomes", "processes.workers", "progress", "record.restoredata"},
    "planning.ladder": {"model", "planning.presets"},
    "sizing": {
        "codecs", "errors", "estimating", "model", "planning.ladder", "planning.parts", "planning.presets",
        "planning.remarks", "processes.workers", "progress", "report.words", "survey",
    },
    "pipeline": {
        "carrying", "errors", "model", "moving", "outcomes", "output.archive", "output.drafts", "planning.parts",
        "processes.interrupts", "processes.workers", "progress", "record.leaflet", "record.manifest",
        "record.recording", "sizing", "sourcefile", "survey",
    },
    "report": set(),
    "report.tables": {"dicom.syntaxes", "model", "record.manifest", "report.words"},
    "report.rules": {"classify.rulefile", "report.tables"},
    "report.contents": {
        "classify.languages", "classify.references", "classify.rulefile", "classify.rules", "codecs", "codecs.frames",
        "dicom.syntaxes", "model", "report.rules", "report.tables", "report.words",
    },
    "report.compared": {"classify.rulefile", "model", "report.tables", "report.words"},
    "report.planned_json": {"model"},
    "giveback.placing": {"bundles.names"},
    "giveback.giving": {"deflate", "giveback.originals", "giveback.placing", "model"},
    "giveback.restore": {
        "classify.patterns", "errors", "giveback.finished", "giveback.giving", "giveback.originals", "giveback.placing",
        "model", "outcomes", "output.archive", "processes.interrupts", "processes.workers", "progress",
    },
    "report.restored": {"giveback.restore", "model", "record.manifest", "report.tables", "report.words"},
    "giveback.against": {"giveback.originals", "model", "output.archive", "record.manifest"},
    "giveback.verify": {
        "bundles", "classify.references", "dicom.dicomdir", "dicom.image", "errors", "giveback.against",
        "giveback.finished", "giveback.originals", "model", "outcomes", "output.archive", "output.structure",
        "processes.workers", "progress", "record.manifest",
    },
    "report.verified": {"giveback.verify", "report.tables", "report.words"},
    "report.console": {"report.tables", "report.words"},
    "cli.options": {
        "classify.languages", "codecs", "errors", "model", "output.drafts", "planning.presets", "processes.workers",
    },
    "cli.opening": {"bundles.zip_bundle", "errors", "model"},
    "cli.previewing": {"model", "pipeline", "processes.workers", "progress", "report.console", "sizing", "survey"},
    "cli.looking": {
        "classify.patterns", "classify.rulefile", "classify.rules", "cli.opening", "cli.options", "cli.previewing",
        "errors", "model", "pipeline", "planning.remarks", "report.compared", "report.console", "report.contents",
        "report.planned_json", "report.rules", "survey",
    },
    "cli.job": {
        "", "cli.opening", "cli.options", "cli.previewing", "model", "pipeline", "planning.presets",
        "processes.interrupts", "record.manifest", "report.console", "report.planned_json", "report.tables",
    },
    "cli.giveback": {
        "cli.options", "errors", "giveback.restore", "giveback.verify", "processes.interrupts", "report.console",
        "report.restored", "report.verified",
    },
    "cli.tools": {"cli.giveback", "cli.looking"},
    "cli": {"cli.job", "cli.tools", "errors", "report.console"},
    "__main__": {"cli", "processes.interrupts"},
    "giveback": set(),
    "output": set(),
    "planning": set(),
    "processes": set(),
    "record": set(),
}  # fmt: skip

#: Third-party package -> the modules that may know it.
THIRD_PARTIES: dict[str, set[str]] = {
    "Cryptodome": {"bundles.zip_encryption"},
    "backports": {"bundles.zip_methods"},
    "compression": {"bundles.zip_methods"},
    "imagecodecs": {"codecs.jpeg2000", "codecs.jpeglossless", "codecs.jpegls", "codecs.jpegxl", "codecs.rle"},
    "inflate64": {"bundles.zip_methods"},
    "isal": {"deflate"},
    "jpeg_ls": {"codecs.jpegls"},
    "langcodes": {"classify.languages"},
    "msgspec": {
        "classify.rulefile", "record.manifest", "record.recording", "report.planned_json", "report.rules",
        "report.verified",
    },
    "numpy": {"codecs.arrays", "dicom.samples"},
    "openjpeg": {"codecs.jpeg2000"},
    "pefile": {"classify.pe"},
    "pycdlib": {"bundles.iso_image"},
    "pydicom": {"codecs.plugins", "dicom.explicit", "dicom.header"},
    "rich": {"report.console"},
    "rle": {"codecs.rle"},
    "typer": {"cli", "cli.giveback", "cli.job", "cli.looking", "cli.opening", "cli.options"},
}  # fmt: skip

#: An import of ours inside a function, and why it is there.
LAZY = {
    "__main__": "a spawned worker imports this module too, and must not load the whole command line",
    "cli": "only the commands that are called are loaded",
}

#: Files over the mark, and why.
LONG_FILES: dict[str, str] = {}


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
