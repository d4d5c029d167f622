"""The program as people use it: commands, exit codes, the one line of an error, nothing written by accident."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.disc import DiscFile, write_folder, write_zip
from tests.bundles.handmade import DOS, Made, make_zip
from tests.commands import Run, entries_of, flat, manifest_of, one_line
from tests.discs import small_disc, write_small_disc

pytestmark = pytest.mark.usefixtures("inline")


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    return write_small_disc(tmp_path / "scan.zip", 4, 128)


@pytest.fixture
def litter(tmp_path: Path) -> Iterator[set[str]]:
    """Names that may be in the folder at the end; anything else is litter."""
    allowed = {"scan.zip", *(path.name for path in tmp_path.iterdir())}
    yield allowed
    assert {path.name for path in tmp_path.iterdir()} <= allowed


# --- the main job ---


def test_main_job_writes_a_smaller_proven_zip_beside_the_input(disc: Path, run: Run) -> None:
    before = disc.read_bytes()
    code, out, err = run(disc, "--keep-locales", "en,es", "--drop-redist")
    target = disc.with_name("scan.repacked.zip")
    assert (code, err) == (0, "")
    assert disc.read_bytes() == before
    assert target.stat().st_size < len(before)
    manifest = manifest_of(target)
    images = [entry for entry in manifest["entries"] if entry["category"] == "dicom"]
    assert [entry["proof"] for entry in images] == ["exact"] * 4
    assert {entry["after"]["transfer_syntax"] for entry in images} == {"1.2.840.10008.1.2.4.80"}
    assert "4 images compressed without loss" in out.replace("\n", " ")
    assert "redistributable" in out


def test_every_entry_of_the_input_is_in_the_manifest_in_order(disc: Path, run: Run) -> None:
    run(disc, "-q", "--drop-redist")
    with zipfile.ZipFile(disc) as old, zipfile.ZipFile(disc.with_name("scan.repacked.zip")) as new:
        entries = manifest_of(disc.with_name("scan.repacked.zip"))["entries"]
        assert [entry["path"] for entry in entries] == [info.filename for info in old.infolist()]
        kept = [entry["path"] for entry in entries if entry["action"] != "dropped"]
        ours = ["REPACK/restore.xz", "REPACK/README.txt", "REPACK/manifest.json"]
        assert [info.filename for info in new.infolist()] == kept + ours
        dates = {info.filename: info.date_time for info in old.infolist()}
        assert all(info.date_time == dates[info.filename] for info in new.infolist() if info.filename in dates)
        for entry in entries:
            assert hashlib.sha256(old.read(entry["path"])).hexdigest() == entry["before"]["sha256"]
            if entry["after"]:
                data = new.read(entry["path"])
                assert hashlib.sha256(data).hexdigest() == entry["after"]["sha256"]
                assert len(data) == entry["after"]["size"]
                assert new.getinfo(entry["path"]).compress_size == entry["after"]["stored"]


def test_same_input_gives_same_output(disc: Path, run: Run, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        assert run(disc, "-q", "-o", tmp_path / name)[0] == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_folder_gives_the_same_images_as_a_zip(disc: Path, run: Run, tmp_path: Path) -> None:
    write_folder(tmp_path / "disc", small_disc(4, 128))
    assert run(tmp_path / "disc", "-q")[0] == 0
    assert run(disc, "-q")[0] == 0
    hashes = [
        {entry["path"]: (entry["after"] or {}).get("sha256") for entry in manifest_of(tmp_path / name)["entries"]}
        for name in ("disc.repacked.zip", "scan.repacked.zip")
    ]
    assert hashes[0] == hashes[1]


@pytest.mark.usefixtures("litter")
def test_dry_run_shows_the_plan_and_writes_nothing(disc: Path, run: Run) -> None:
    code, out, _err = run(disc, "--dry-run", "--keep-locales", "en,es", "--drop-redist")
    assert code == 0
    assert "nothing was written" in out
    assert re.search(r"dicom +transcode +4", out)
    assert re.search(r"redistributable +drop +2", out)
    code, out, _err = run(disc, "--dry-run", "--json", "-q")
    entries = json.loads(out)["entries"]
    assert {entry["action"] for entry in entries if entry["category"] == "dicom"} == {"transcode"}


def test_a_dry_run_says_nothing_of_names_that_are_dropped_as_the_run_does_not(run: Run, tmp_path: Path) -> None:
    bundle = tmp_path / "scan.zip"
    bundle.write_bytes(make_zip([Made(name.encode("cp932"), system=DOS) for name in ("画像/表.dcm", "患者.txt")]))
    said = "画像/表.dcm: its name was in an old code page"
    for words in (("--dry-run",), ()):
        code, out, _err = run(bundle, "--drop-path", "*.txt", *words)
        assert code == 0
        assert said in flat(out)


def test_json_is_all_of_standard_output(disc: Path, run: Run) -> None:
    code, out, err = run(disc, "--json")
    assert code == 0
    assert json.loads(out) == manifest_of(disc.with_name("scan.repacked.zip"))
    assert "By category" in err


def test_manifest_is_written_beside_on_request(disc: Path, run: Run, tmp_path: Path) -> None:
    beside = tmp_path / "record.json"
    assert run(disc, "-q", "--manifest", beside)[0] == 0
    assert json.loads(beside.read_text("utf-8")) == manifest_of(disc.with_name("scan.repacked.zip"))
    code, _out, err = run(disc, "-q", "-o", tmp_path / "again.zip", "--manifest", beside)
    assert (code, "record.json" in one_line(err)) == (5, True)
    assert not (tmp_path / "again.zip").exists()


def test_quiet_says_nothing(disc: Path, run: Run) -> None:
    assert run(disc, "-q") == (0, "", "")


def _write_damaged(path: Path, count: int) -> Path:
    """A zip of texts of which the first `count` have a checksum that is not theirs."""
    texts = [Made(b"notes/%d.txt" % n, method=8) for n in range(6)]
    path.write_bytes(make_zip([replace(text, crc=1) if n < count else text for n, text in enumerate(texts)]))
    return path


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 file is damaged in the original and was carried over just as it is: notes/0.txt; "),
        (3, "were carried over just as they are: notes/0.txt, notes/1.txt, notes/2.txt; "),
        (5, "notes/0.txt, notes/1.txt, notes/2.txt and 2 more (the manifest lists them all); "),
    ],
)  # fmt: skip
def test_quiet_names_what_is_damaged_in_the_original(count: int, said: str, run: Run, tmp_path: Path) -> None:
    bundle = _write_damaged(tmp_path / "scan.zip", count)
    code, out, err = run(bundle, "-q")
    assert (code, out) == (0, "")
    assert said in one_line(err)
    assert err.endswith(f"; get a better copy of the disc if you need {'it' if count == 1 else 'them'}\n")


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_what_is_damaged_is_said_once(words: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    bundle = _write_damaged(tmp_path / "scan.zip", 1)
    code, out, err = run(bundle, *words)
    shown = flat(err if words else out)
    assert code == 0
    assert shown.count("notes/0.txt") == 1
    assert "damaged in the original" in shown


@pytest.mark.parametrize("cut", [0, 5])
def test_an_index_that_cannot_follow_its_images_is_told_of(cut: int, run: Run, tmp_path: Path) -> None:
    files = {file.path: file.content for file in small_disc(3, 64)}
    files["DICOMDIR"] = files["DICOMDIR"][:-cut] if cut else files["DICOMDIR"] + bytes(700)
    write_zip(tmp_path / "scan.zip", (DiscFile(path, content) for path, content in files.items()))
    code, out, _err = run(tmp_path / "scan.zip")
    assert code == 0
    assert ("the transfer syntaxes that it states are stale" in flat(out)) == bool(cut)


@pytest.mark.parametrize("words", [(), ("-q",), ("--json",)])
def test_what_is_damaged_is_named_where_there_is_nothing_to_do(
    words: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    bundle, done = _write_damaged(tmp_path / "scan.zip", 1), tmp_path / "done.zip"
    assert run(bundle, "-o", done)[0] == 0
    code, _out, err = run(done, *words)
    assert code == 0
    assert flat(err).count("1 file is damaged in the original and was carried over just as it is: notes/0.txt;") == 1


def _write_broken(path: Path, count: int) -> Path:
    """A zip of files without a kind, of which the first `count` have compressed bytes that are none."""
    texts = [Made(b"notes/%d.q" % n, bytes(99), method=8, stored=b"\xff" * 9 if n < count else None) for n in range(6)]
    path.write_bytes(make_zip(texts))
    return path


@pytest.mark.parametrize("words", [("--dry-run",), ("inspect",)])
def test_what_is_damaged_is_named_before_anything_is_done(words: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    for count, said in ((1, "1 file is damaged on the disc: notes/0.q"), (5, "notes/1.q, notes/2.q and 2 more")):
        code, out, _err = run(*words, _write_broken(tmp_path / "scan.zip", count))
        before, _title, known = out.partition("Worth knowing")
        assert (code, said in flat(known), "notes/0.q" in before) == (0, True, False)  # it is not "not recognised"
    code, out, _err = run(*words, _write_broken(tmp_path / "scan.zip", 0))
    assert (code, "damaged on" in flat(out)) == (0, False)


def test_what_is_damaged_is_named_by_a_dry_run_without_work(run: Run, tmp_path: Path) -> None:
    assert run(_write_broken(tmp_path / "scan.zip", 1), "-q", "-o", tmp_path / "done.zip")[0] == 0
    code, out, _err = run(tmp_path / "done.zip", "--dry-run")
    assert (code, "1 file is damaged on the disc: notes/0.q" in flat(out)) == (0, True)


def test_a_damaged_file_that_is_left_out_needs_no_word(run: Run, tmp_path: Path) -> None:
    bundle = _write_broken(tmp_path / "scan.zip", 1)
    assert "damaged on the disc" not in flat(run(bundle, "--dry-run", "--drop-path", "notes/0.q", "--force-drop")[1])


def test_what_cannot_be_read_is_named_before_it_stops_a_run(run: Run, tmp_path: Path) -> None:
    bundle = tmp_path / "scan.zip"
    bundle.write_bytes(make_zip([Made(), Made(b"odd.q", method=12, stored=b"no bzip2")]))
    for words in (("--dry-run",), ("inspect",)):
        code, out, _err = run(*words, bundle)
        assert (code, "1 file cannot be read, and the run may stop there: odd.q (" in flat(out)) == (0, True)
    assert run(bundle)[0] == 3


def test_wishes_that_collide_with_guards_are_reported(disc: Path, run: Run) -> None:
    code, out, _err = run(disc, "--drop", "runtime", "--keep-locales", "es")
    said = flat(out)
    assert code == 0
    assert "Viewer/Ez3DViewer.exe imports it (--drop runtime)" in said
    assert "English (en) is the language that programs fall back to" in said
    entries = entries_of(disc.with_name("scan.repacked.zip"))
    assert entries["Viewer/msvcp140.dll"]["wish"] == "--drop runtime"
    assert entries["Viewer/msvcp140.dll"]["action"] == "copied"
    assert entries["Viewer/de/Ez3DViewer.resources.dll"]["action"] == "dropped"
    assert entries["Viewer/es/Ez3DViewer.resources.dll"]["action"] == "copied"


def test_wishes_that_nothing_answers_to_are_named(disc: Path, run: Run) -> None:
    _code, out, _err = run(disc, "--dry-run", "--drop-path", "Viewr\\*", "--keep", "*.nothing", "--drop", "junk")
    said = flat(out)
    assert "--drop-path Viewr/* matches nothing here" in said
    assert "--keep *.nothing matches nothing here" in said
    assert "--drop junk found nothing" not in said


def test_a_pattern_that_is_not_utf_8_matches_nothing_and_breaks_nothing(disc: Path, tmp_path: Path, run: Run):
    target, pattern = tmp_path / "new.zip", b"a\xff*".decode("utf-8", "surrogateescape")
    code, out, _err = run(disc, "-o", target, "--drop-path", pattern, "--keep", pattern)
    assert code == 0
    assert "--drop-path a\\udcff* matches nothing here" in out
    assert manifest_of(target)["options"]["drop_path"] == ["a\\udcff*"]


@pytest.mark.lengthy
def test_tables_fit_80_columns(disc: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "repack", str(disc), "--keep-locales", "en,es", "--drop-redist", "--drop", "runtime"],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "80"},
    )
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


@pytest.mark.lengthy
def test_output_survives_a_terminal_that_is_not_utf8(disc: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "repack", str(disc)], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"images compressed without loss" in done.stdout.replace(b"\n", b" ")


# --- other commands ---


def test_inspect_names_what_is_in_the_bundle(disc: Path, run: Run) -> None:
    code, out, _err = run("inspect", disc)
    assert code == 0
    assert "Viewer/Ez3DViewer.exe" in out
    assert "Spanish (Mexico)" in flat(out)
    assert "calibration.v3x" in out
    assert "Redist/VC_redist.x64.exe" in out


def test_explain_names_rule_facts_and_others(disc: Path, run: Run) -> None:
    code, out, _err = run("explain", disc, "Viewer/msvcp140.dll")
    said = flat(out)
    assert code == 0
    assert "by rule runtime.visual-c" in said
    assert "Microsoft Corporation" in said
    assert "viewer.folder matches too" in said


def test_explain_refuses_a_path_that_is_not_there(disc: Path, run: Run) -> None:
    code, _out, err = run("explain", disc, "nothing/here")
    assert code == 2
    assert "nothing/here" in one_line(err)
    code, out, err = run("explain", disc, "Viewer/*.exe", "nothing/here")
    assert (code, out, "Viewer" in one_line(err)) == (2, "", False)


def test_rules_list_show_check(run: Run, tmp_path: Path) -> None:
    code, out, _err = run("rules", "list")
    assert (code, "redist.vc-installer" in out) == (0, True)
    code, out, _err = run("rules", "show", "redist.vc-installer")
    assert (code, "vc_?redist" in out) == (0, True)
    assert run("rules", "show", "nope")[0] == 2
    own = tmp_path / "own.toml"
    own.write_text('[[rule]]\nid = "a"\ncategory = "junk"\nwhy = "b"\nmatch = { path = "x/**" }\n', "utf-8")
    assert run("rules", "check", own)[0] == 0


def test_codecs_names_what_can_be_written_and_read(run: Run) -> None:
    code, out, _err = run("codecs", "-v")
    assert code == 0
    written, opened, shared, read, packages, syntaxes = re.split(r"\n\n(?=\S)", out.strip())
    rows = {line.split()[0]: line for line in written.splitlines()[3:]}
    assert set(rows) == {"jpegls", "j2k", "htj2k", "jpegxl", "rle", "jpegls-near"}
    assert "OpenJPH" in rows["htj2k"]
    assert "OpenJPEG" in rows["htj2k"]
    assert all(row.split()[-1] == "yes" for row in rows.values())
    assert {"smallest", "none"} <= {line.split()[0] for line in opened.splitlines() if line.strip()}
    assert "libjxl: jpegxl" in shared
    assert re.search(r"JPEG Lossless \(Process 14\) +libjpeg-turbo +jpegsof3", read)
    assert re.search(r"imagecodecs \d+\.\d+", packages)
    assert "HTJ2K Lossless RPCL" in syntaxes
    assert max(map(len, out.splitlines())) <= 80
    short = run("codecs")[1]
    assert len(short.splitlines()) < 50
    assert short.startswith(out.partition("\nCompressed images")[0])


def test_version_and_help(run: Run) -> None:
    assert re.fullmatch(r"repack \d+\.\d+\.\d+\n", run("--version")[1])
    assert "--keep-locales" in run("--help")[1]
    assert "--keep-locales" in run()[1]
    assert "BUNDLE" in run("inspect", "--help")[1]


def test_users_rules_come_first(disc: Path, run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[rule]]\nid = "my.drop"\ncategory = "document"\naction = "drop"\nwhy = "not needed here"\n'
        'match = { path = "Manual.pdf" }\n',
        "utf-8",
    )
    assert run(disc, "-q", "--rules", own)[0] == 0
    entries = entries_of(disc.with_name("scan.repacked.zip"))
    assert entries["Manual.pdf"]["action"] == "dropped"
    assert entries["Manual.pdf"]["rule"] == "my.drop"


# --- bad input: exit code and line ---


def _not_a_zip(path: Path) -> None:
    path.write_bytes(b"this is no zip, whatever its name says" * 10)


def _empty_file(path: Path) -> None:
    path.write_bytes(b"")


def _empty_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass


def _truncated_zip(path: Path) -> None:
    write_small_disc(path, 1)
    path.write_bytes(path.read_bytes()[:-5000])


def _missing(path: Path) -> None:
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        (_not_a_zip, 3, "it is no zip"),
        (_empty_file, 3, "it is empty"),
        (_empty_zip, 3, "it holds no files"),
        (_truncated_zip, 3, "the download may be incomplete"),
        (_missing, 3, "there is no such file or folder"),
    ],
)
def test_unreadable_bundles(
    damage: Callable[[Path], None], code: int, words: str, run: Run, tmp_path: Path, litter: set[str]
) -> None:
    bundle = tmp_path / "bad.zip"
    litter.add("bad.zip")
    damage(bundle)
    found, out, err = run(bundle)
    assert (found, out) == (code, "")
    line = one_line(err)
    assert words in line
    assert "bad.zip" in line
    assert ";" in line, "a message says what to do next"


def test_a_zip_without_images_is_repacked_and_says_so(run: Run, tmp_path: Path) -> None:
    bundle = tmp_path / "plain.zip"
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("a.txt", "nothing to see " * 1000)
    code, out, _err = run(bundle)
    assert code == 0
    assert "it holds no DICOM images" in flat(out)
    assert zipfile.ZipFile(tmp_path / "plain.repacked.zip").read("a.txt") == b"nothing to see " * 1000


def test_broken_rule_file(disc: Path, run: Run, tmp_path: Path, litter: set[str]) -> None:
    litter.add("own.toml")
    own = tmp_path / "own.toml"
    own.write_text('[[rule]]\nid = "a"\ncategory = "junk"\nwhy = "b"\nmatch = { pth = "x/**" }\n', "utf-8")
    code, _out, err = run(disc, "--rules", own)
    line = one_line(err)
    assert code == 4
    assert "own.toml, line 5, key pth" in line
    assert "did you mean 'path'?" in line


def test_existing_target_is_refused_and_replaced_on_request(disc: Path, run: Run) -> None:
    target = disc.with_name("scan.repacked.zip")
    target.write_bytes(b"precious")
    code, _out, err = run(disc)
    assert (code, target.read_bytes()) == (5, b"precious")
    assert "--overwrite" in one_line(err)
    assert run(disc, "-q", "--overwrite")[0] == 0
    assert zipfile.is_zipfile(target)


def test_unwritable_targets(disc: Path, run: Run, tmp_path: Path) -> None:
    code, _out, err = run(disc, "-o", tmp_path / "missing" / "out.zip")
    assert (code, "out.zip" in one_line(err)) == (5, True)
    code, _out, err = run(disc, "-o", tmp_path)
    assert (code, "it is a folder" in one_line(err)) == (5, True)


def test_the_input_is_never_the_output(disc: Path, run: Run) -> None:
    before = disc.read_bytes()
    code, _out, err = run(disc, "-o", disc, "--overwrite")
    assert (code, disc.read_bytes() == before) == (2, True)
    assert "never written to" in one_line(err)


def test_no_file_of_the_input_is_ever_written_over(disc: Path, run: Run, tmp_path: Path) -> None:
    write_folder(tmp_path / "disc", small_disc(1))
    image = tmp_path / "disc" / "DICOM" / "I0000001"
    before = image.read_bytes()
    for words in (("-o", image), ("-o", tmp_path / "x.zip", "--manifest", image)):
        code, _out, err = run(tmp_path / "disc", *words, "--overwrite")
        assert (code, "never written to" in one_line(err)) == (2, True)
    assert run(disc, "--manifest", disc, "--overwrite")[0] == 2
    assert run(disc, "-o", tmp_path / "y.zip", "--manifest", tmp_path / "y.zip")[0] == 2
    assert image.read_bytes() == before
    assert not (tmp_path / "x.zip").exists()


def test_a_case_twin_is_not_taken_for_the_image_that_dicomdir_lists(disc: Path, run: Run, tmp_path: Path) -> None:
    twin = tmp_path / "twin.zip"
    with zipfile.ZipFile(disc) as old, zipfile.ZipFile(twin, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("dicom/i0000001", b"just a note")
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert run(twin, "-q", "--drop-path", "DICOM/I0000001")[0] == 0
    with zipfile.ZipFile(tmp_path / "twin.repacked.zip") as archive:
        index = archive.read("DICOMDIR")
        assert "DICOM/I0000001" in archive.namelist()
    assert index.count(b"1.2.840.10008.1.2.4.80") == 4


@pytest.mark.usefixtures("litter")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--keep-locales", "englsh"), "did you mean 'en'"),
        (("--keep-locales", ""), "nothing behind --keep-locales"),
        (("--codec=",), "nothing behind --codec"),
        (("--keep", "", "--drop-redist"), "nothing behind --keep;"),
        (("",), "nothing on the command line"),
        (("--keep-locales", " , "), "names no language"),
        (("--codec", "zip9"), "it has: jpegls"),
        (("--codec", "jpegls-near"), "add --max-error N"),
        (("--codec", "jpegls-near", "--max-error", "256"), "from 1 to 255"),
        (("--codec", "jpegls-near", "--max-error", "2", "--exact-only"), "--exact-only forbids it"),
        (("--codec", "j2k", "--max-error", "2"), "it belongs to --codec jpegls-near"),
        (("--max-error", "2"), "it belongs to --codec jpegls-near"),
        (("--max-error", "-1"), "--max-error"),
        (("--effort", "3"), "it belongs to --codec jpegxl"),
        (("--codec", "jpegxl", "--effort", "10"), "--effort"),
        (("--drop", "viewr"), "viewr"),
        (("--drop", "viewer,Runtime"), "more than one category; write --drop viewer --drop runtime"),
        (("-o", "s3://bucket/a.zip"), "s3://bucket/a.zip is an address, and those are for repack batch"),
        (("--no-such-option",), "--no-such-option"),
        (("--jobs", "0"), "--jobs"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], said: str, disc: Path, run: Run) -> None:
    code, _out, err = run(disc, *words)
    assert code == 2
    assert said in one_line(err)


@pytest.mark.parametrize("command", ["", "inspect", "explain", "verify", "restore", "rules test my.toml"])
@pytest.mark.parametrize("scheme", ["s3", "sftp", "https", "file"])
def test_an_address_is_for_a_batch(command: str, scheme: str, run: Run) -> None:
    code, out, err = run(*command.split(), f"{scheme}://me:secret@host/a.zip", "-o", "out")
    assert (code, out) == (2, "")
    assert f"{scheme}://host/a.zip is an address, and those are for repack batch; give a path here" in one_line(err)


@pytest.mark.usefixtures("litter")
def test_a_codec_that_is_not_here_is_named_before_anything_is_done(
    disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openjpeg.utils", None)  # as if the package were not installed
    code, _out, err = run(disc, "--codec", "htj2k")
    assert (code, "--codec htj2k does not work here" in one_line(err)) == (2, True)
    assert re.search(r"htj2k.*no:", " ".join(run("codecs")[1].split()))


@pytest.mark.usefixtures("litter")
def test_a_bug_is_one_line_and_a_traceback_needs_two_v(disc: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("repack.survey.decide", explode)
    code, _out, err = run(disc)
    assert (code, "RuntimeError" in one_line(err)) == (1, True)
    code, _out, err = run(disc, "-v", "-v")
    assert (code, "Traceback" in err) == (1, True)


def test_every_command_with_a_name_is_found_by_it(run: Run) -> None:
    from repack.cli.batch import shelf
    from repack.cli.names import NAMED
    from repack.cli.tools import tools

    registered = [*tools.registered_commands, *shelf.registered_commands]
    commands = {command.name or getattr(command.callback, "__name__", "") for command in registered}
    assert commands | {group.name for group in tools.registered_groups} == set(NAMED)
    for name, does in NAMED.items():
        assert flat(does) in flat(run(name, "--help")[1])
