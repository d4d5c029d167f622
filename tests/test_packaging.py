"""What travels inside the wheel, and what the README says."""

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from repack.batch.line import BatchLine, Output, Source
from repack.classify import rulefile
from repack.cli.batch import shelf
from repack.cli.helping import EXIT_CODES
from repack.cli.job import job
from repack.cli.names import NAMED
from repack.cli.tools import tools
from repack.errors import ExitCode
from repack.record.leaflet import LANGUAGES
from repack.record.manifest import SCHEMA

TOP = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_wheel_holds_rules_schema_and_types(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
        str(tmp_path),
        str(TOP),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"repack/_rules/{path.name}" for path in (TOP / "rules").glob("*.toml")} <= names
    assert {"repack/py.typed", "repack/schemas/manifest.schema.json"} <= names
    assert {f"repack/report/templates/{name}" for name in ("report.html", "parts.html", "report.css")} <= names
    assert {"repack/classify/cldr_names.tsv", "repack/classify/cldr_names.LICENSE.txt"} <= names
    assert {f"repack/leaflets/{language}.txt" for language in LANGUAGES} <= names
    # The rules must be found from inside the wheel, without a checkout around it.
    script = "from repack.classify.rulefile import load_builtin; print(len(load_builtin()))"
    unpacked = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(unpacked)
    inside = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(unpacked)!r}); {script}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert int(inside.stdout) == len(rulefile.load_builtin())


def test_every_dependency_is_explained_in_the_readme() -> None:
    readme = (TOP / "README.md").read_text("utf-8")
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    for requirement in (*project["dependencies"], *extras["batch"], *extras["places"]):
        name = re.split(r"[<>=; \[]", requirement)[0]
        assert re.search(rf"^\| .*\b{re.escape(name)}\b.* \| .+ \| .+ \|$", readme, re.MULTILINE), name


def test_every_exit_code_in_use_is_explained() -> None:
    table = (TOP / "docs" / "options.md").read_text("utf-8")
    for code in ExitCode:
        assert re.search(rf"^\| {int(code)} \| ", table, re.MULTILINE), code
    assert {str(int(code)) for code in ExitCode} == set(EXIT_CODES), "repack --help"


def commands_in(command: Any) -> Iterator[Any]:  # noqa: ANN401  click has no types here
    """A command, or those of a group."""
    for part in getattr(command, "commands", {"": command}).values():
        yield from [part] if part is command else commands_in(part)


def test_every_option_and_command_is_explained() -> None:
    page = (TOP / "docs" / "options.md").read_text("utf-8")
    explained = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", page))
    commands = [one for app in (job, tools, shelf) for one in commands_in(get_command(app))]
    assert len(commands) == 1 + len(NAMED) - 1 + 5  # the main job; rules is five
    for command in commands:
        for param in command.params:
            assert param.param_type_name != "option" or explained & {*param.opts}, (command.name, param.opts)
    assert set(NAMED) <= set(re.findall(r"`repack (\w+)", page))


def test_every_key_of_the_record_of_a_batch_is_explained() -> None:
    page = (TOP / "docs" / "batch.md").read_text("utf-8")
    keys = [name for part in (BatchLine, Source, Output) for name in part.__dataclass_fields__]
    assert [name for name in keys if f"`{name}`" not in page] == []


def test_the_changelog_names_this_version() -> None:
    from repack import __version__

    assert f"## {__version__}" in (TOP / "CHANGELOG.md").read_text("utf-8")
    assert SCHEMA.startswith("repack-manifest-")
