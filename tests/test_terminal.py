"""Help, completion, misspelt words, and what the terminal shows of a whole run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.disc import dental_disc, write_zip
from repack import codecs
from repack.cli.names import NAMED
from repack.model import Category
from tests.commands import Run, flat, one_line

RULES = ("list", "show", "check", "test", "schema")
COMMANDS = [(), *((name,) for name in NAMED), *(("rules", name) for name in RULES)]
_OTHER_LANGUAGES = re.compile("Viewer/(?!(en|es|ky|zh-Hant)/)[^/]+/")
GOLDEN = Path(__file__).parent / "golden_text"


def write_disc(path: Path, viewer_scale: int = 0) -> Path:
    files = dental_disc(3, size=64, viewer_scale=viewer_scale)
    write_zip(path, (file for file in files if not _OTHER_LANGUAGES.match(file.path)))
    return path


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    return write_disc(tmp_path / "scan.zip")


def loaded_by(*words: str) -> set[str]:
    """The modules that a process has loaded when it ends."""
    code = f"import sys, atexit; sys.argv = ['repack', *{list(words)!r}]\n"
    code += "atexit.register(lambda: print('\\nMODULES', *sys.modules))\nfrom repack.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("MODULES ")[2].split())


# --- help ---


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("width", [80, 60])
def test_help_has_examples_and_fits(words: tuple[str, ...], width: int, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = run(*words, "--help")
    assert (code, err) == (0, "")
    assert out.isascii()
    assert out.startswith(f"Usage: {' '.join(['repack', *words])}")
    assert max(len(line) for line in out.partition("Examples:")[0].splitlines()) <= width
    assert max(map(len, out.splitlines())) <= 80
    assert "<" not in out.partition("Examples:")[0], "no types in angle brackets"
    if words != ("rules", "list"):
        assert f"\n  {' '.join(['repack', *words])}" in out.partition("Examples:")[2]


def test_every_option_of_the_main_job_is_explained(run: Run):
    from typer.main import get_command

    from repack.cli.job import job

    out = run("--help")[1]
    for param in get_command(job).params:
        if param.param_type_name == "option":
            assert re.search(rf"^  (-\w, )?{param.opts[0]}\b.*(\s{{2,}}\S|\n {{26}}\S)", out, re.MULTILINE), param.opts


def test_help_loads_neither_the_pipeline_nor_rich_nor_pydantic():
    loaded = loaded_by("--help")
    assert "repack.cli.job" in loaded
    assert not loaded & {"repack.pipeline", "repack.survey", "rich", "pydantic", "langcodes", "numpy"}


@pytest.mark.lengthy
def test_plain_options_need_no_pydantic(disc: Path):
    words = (str(disc), "-q", "--jobs", "1", "--keep", "*.exe", "--effort", "3", "--codec", "jpegxl", "--drop", "junk")
    assert "pydantic" not in loaded_by(*words)
    assert "pydantic" not in loaded_by("inspect", str(disc))


# --- completion ---


def completed(shell: str, folder: Path, *words: str) -> list[str]:
    """What TAB offers after these words, of which the last is not finished."""
    line = " ".join(["repack", *words])
    asked = (
        {"COMP_WORDS": line, "COMP_CWORD": str(len(words))}
        if shell == "bash"
        else {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    )
    done = subprocess.run(
        [sys.executable, "-m", "repack"],
        env={**os.environ, **asked, "_REPACK_COMPLETE": f"complete_{shell}", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if shell == "zsh":
        return re.findall(r'^(?:_arguments .*\(\()?"([^"]*)"', done.stdout, re.MULTILINE)
    return [offer.partition("\t")[0] for offer in done.stdout.splitlines()]


@pytest.mark.lengthy
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_options_and_their_values(shell: str, tmp_path: Path):
    assert completed(shell, tmp_path, "ins") == ["inspect"]
    assert completed(shell, tmp_path, "scan.zip", "--drop-r") == ["--drop-redist"]
    assert completed(shell, tmp_path, "scan.zip", "--codec", "jpegl") == ["jpegls", "jpegls-near"]
    assert completed(shell, tmp_path, "inspect", "scan.zip", "--js") == ["--json"]


@pytest.mark.lengthy
def test_every_name_is_completed(tmp_path: Path):
    (tmp_path / "scan.zip").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    assert completed("bash", tmp_path, "") == [*NAMED, "scan.zip"]
    assert completed("bash", tmp_path, "scan.zip", "--codec", "") == list(codecs.NAMES)
    assert completed("bash", tmp_path, "scan.zip", "--drop", "") == [str(category) for category in Category]
    assert completed("bash", tmp_path, "explain", "scan.zip", "x", "--drop", "redi") == ["redistributable"]
    assert completed("bash", tmp_path, "rules", "s") == ["show", "schema"]
    assert completed("bash", tmp_path, "verify", "s") == ["scan.zip"]
    assert completed("bash", tmp_path, "sub/folder") == [""], "the shell completes paths itself"


@pytest.mark.lengthy
@pytest.mark.skipif(sys.platform == "win32", reason="there is no bash")
def test_bash_takes_the_script(tmp_path: Path):
    environment = {**os.environ, "_REPACK_COMPLETE": "source_bash"}
    script = subprocess.run(
        [sys.executable, "-m", "repack"], env=environment, capture_output=True, text=True, check=True
    ).stdout
    (tmp_path / "repack").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m repack "$@"\n', "utf-8")
    (tmp_path / "repack").chmod(0o755)
    asked = f'{script}\nCOMP_WORDS=(repack expl); COMP_CWORD=1; _repack_completion repack; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "--norc", "-c", asked],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "explain"


@pytest.mark.lengthy
@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
@pytest.mark.parametrize("words", [("inspect", "scan.zip"), ("--help",), ("scan.zip", "-q", "--json", "-o", "2.zip")])
def test_a_reader_that_is_gone_is_told_and_costs_nothing(words: tuple[str, ...], disc: Path):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "repack", *words],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=disc.parent,
        )
    assert done.returncode == 5
    assert "cannot write standard output" in one_line(done.stderr)
    assert (disc.parent / "2.zip").exists() == ("--json" in words)


# --- misspelt words ---


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("inspekt", "DISC"), "did you mean inspect?"),
        (("codec",), "did you mean codecs?"),
        (("--codec", "none"), "Missing argument 'BUNDLE'"),
        (("DISC", "--keep-locale", "en"), "did you mean --keep-locales?"),
        (("DISC", "--codec", "jpgls"), "did you mean jpegls?"),
        (("DISC", "--drop", "viewr"), "did you mean viewer?"),
        (("DISC", "--drop", "xyz"), "there are: dicom, dicomdir, viewer"),
        (("rules", "lsit"), "Did you mean 'list'?"),
        (("rules", "show", "redist.vc-instaler"), "did you mean redist.vc-installer?"),
        (("inspect", "DISC", "--jsn"), "did you mean --json?"),
        (("inspect",), "see repack inspect --help"),
        (("DISC", "--jobs", "many"), "see repack --help"),
    ],
)
def test_what_is_misspelt_is_guessed(words: tuple[str, ...], said: str, disc: Path, run: Run):
    code, out, err = run(*(word.replace("DISC", str(disc)) for word in words))
    assert (code, out) == (2, "")
    assert said in one_line(err)
    assert "Value error" not in err


def test_help_is_a_word_too(run: Run):
    assert run("help") == run("--help")
    assert run("help", "verify") == run("verify", "--help")


def test_a_path_that_is_missing_is_no_misspelt_command(run: Run):
    code, _out, err = run("verify.zip")
    assert (code, "no such file" in one_line(err)) == (3, True)


def test_a_bundle_called_nearly_like_a_command_is_a_bundle(disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(disc.parent)
    disc.rename("inspekt")
    assert run("inspekt", "--dry-run")[0] == 0


def test_the_same_options_mean_the_same_with_and_without_the_quick_way(disc: Path, run: Run):
    for words in (("--jobs", "0"), ("--jobs", "1.5"), ("--effort", "10", "--codec", "jpegxl"), ("--max-error", "-1")):
        assert run(disc, *words)[0] == 2
    assert run(disc, "--dry-run", "--drop", "JUNK", "--drop", "viewer", "--keep", "a", "--keep", "b", "-j", "1")[0] == 0


# --- whole runs ---


def plain(text: str, *places: Path) -> str:
    """A text without what differs from one machine or codec version to the next."""
    for place in places:
        text = text.replace(str(place), "HERE")
    text = re.sub(r" *[\d.,]+ (bytes?|[kMGT]?B)\b", " SIZE", text)
    text = re.sub(r" *\+?<?\d+ %", " SHARE", text)
    text = re.sub("\u2500+", "-----", text)
    return "\n".join(re.sub(r" {2,}", "  ", line).rstrip() for line in text.splitlines()) + "\n"


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("summary", ("scan.zip", "--keep-locales", "en,es", "--drop-redist", "--drop", "runtime")),
        ("plan", ("scan.zip", "--keep-locales", "en,es", "--dry-run")),
        ("inspect", ("inspect", "scan.zip")),
    ],
)
@pytest.mark.usefixtures("inline")
def test_what_is_shown_at_80_columns(
    name: str, words: tuple[str, ...], tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    write_disc(tmp_path / "scan.zip", viewer_scale=1)
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    file = GOLDEN / f"{name}.txt"
    if "RENEW_GOLDEN" in os.environ:
        file.write_text(plain(out), "utf-8")
    assert plain(out) == file.read_text("utf-8")


@pytest.mark.lengthy
@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("ascii", ("inspect", "scan.zip")),
        ("cp437", ("scan.zip", "-v")),
        ("cp1252", ("scan.zip", "--json", "-o", "2.zip")),
        ("ascii", ("gone.歯",)),
    ],
)
def test_names_that_the_output_cannot_show_cost_nothing(encoding: str, words: tuple[str, ...], tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "scan.zip", "w") as archive:
        archive.writestr("患者/説明書.txt", b"x" * 99)
        archive.writestr("患者/unknown.歯", b"y" * 99)
    done = subprocess.run(
        [sys.executable, "-m", "repack", *words],
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == (3 if words == ("gone.歯",) else 0), done.stderr
    said = done.stdout + done.stderr
    assert "歯".encode() in said if "--json" in words else said.isascii()


def test_rules_test_names_the_guard(disc: Path, run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[rule]]\nid = "my.libraries"\ncategory = "junk"\naction = "drop"\nwhy = "not needed"\n'
        'match = { path = "Viewer/msvcp140.dll" }\n',
        "utf-8",
    )
    code, out, _err = run("rules", "test", own, disc)
    said = flat(out)
    assert code == 0
    assert "Kept although your rules drop it" in said
    assert re.search(r"Viewer/msvcp140\.dll: .*Ez3DViewer\.exe imports it \(rule my\.libraries\)", said)


def test_explain_says_why_other_rules_do_not_match_when_asked(disc: Path, run: Run) -> None:
    short, whole = (flat(run("explain", disc, "Viewer/msvcp140.dll", *words)[1]) for words in ((), ("-v",)))
    assert "other rules considered, without a match (-v says why not)" in short
    assert "rule redist.vc-installer does not match: its kind is dll" in whole
    assert len(short) < len(whole) / 2
    assert "\\\\" not in whole
