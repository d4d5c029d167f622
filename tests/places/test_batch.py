"""`repack batch` between real servers and this computer: the same outputs, a record that holds, nothing left behind."""

import hashlib
import io
import json
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import commands
from tests.batch.stage import last_lines, make_discs
from tests.places.servers import Bucket, Folder, Place

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def discs(tmp_path: Path) -> list[Path]:
    return make_discs(tmp_path / "in", 3)


@pytest.fixture
def run(run: commands.Run, tmp_path: Path) -> Run:
    def call(*words: str | Path) -> tuple[int, str]:
        code, out, err = run("batch", *words, "--staging", tmp_path / "staging", "-j", "2")
        assert not list((tmp_path / "staging").glob("repack-staging.*"))
        return code, out + err

    return call


def upload(place: Place, discs: list[Path]) -> None:
    for disc in discs:
        place.write(disc.name, disc.read_bytes())


def hashes(content: bytes) -> dict[str, str]:
    """Every entry but the manifest."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if name != "REPACK/manifest.json"
        }


@pytest.mark.slow
def test_from_there_to_there_as_from_here_to_here(run: Run, place: Place, discs: list[Path], tmp_path: Path):
    upload(place, discs)
    words = (place.address("scan*.zip"), "--out-dir", place.address("new"))
    code, said = run(*words, "--record", tmp_path / "record")
    assert code == 0, said
    assert "3 of 3 discs are done" in said
    assert run(*discs, "--out-dir", tmp_path / "out")[0] == 0
    names = [f"{disc.stem}.repacked.zip" for disc in discs]
    assert place.names() == sorted([*(f"new/{name}" for name in names), *(disc.name for disc in discs)])
    for name in names:
        assert hashes(place.read(f"new/{name}")) == hashes((tmp_path / "out" / name).read_bytes())
    lines = last_lines(tmp_path / "record")
    assert sorted(lines) == [place.address(disc.name).replace(_login(place), "") for disc in discs]
    assert all(line["output"]["mark"] and line["read"]["mark"] for line in lines.values())
    again, said = run(*words, "--record", tmp_path / "record")
    assert again == 0
    assert "3 of them by an earlier batch" in " ".join(said.split())
    assert run(*words, "--record", tmp_path / "record", "--recheck")[0] == 0
    assert (tmp_path / "record" / "batch.jsonl").read_bytes().count(b"\n") == 3


def _login(place: Place) -> str:
    return f"{place.user}@" if isinstance(place, Folder) else ""


@pytest.mark.slow
@pytest.mark.parametrize("to", ["here", "there"])
def test_another_disc_under_an_address_gets_an_output_of_its_own(
    run: Run, place: Place, discs: list[Path], tmp_path: Path, to: str
):
    upload(place, discs)
    out = place.address("new") if to == "there" else tmp_path / "out"
    words = (place.address("scan*.zip"), "--out-dir", out, *(("--record", tmp_path / "out") if to == "there" else ()))
    assert run(*words)[0] == 0
    place.write(discs[0].name, make_discs(tmp_path / "other", 5)[4].read_bytes())
    code, said = run(*words)
    assert code == 0
    assert "2 of them by an earlier batch" in " ".join(said.split())
    if to == "there":
        made = [place.read(name) for name in place.names() if name.startswith("new/")]
    else:
        made = [path.read_bytes() for path in (tmp_path / "out").glob("*.zip")]
    numbers = [zipfile.ZipFile(io.BytesIO(content)).read("NUMBER.TXT") for content in made]
    assert sorted(numbers) == [b"disc 0\n", b"disc 1\n", b"disc 2\n", b"disc 4\n"]


@pytest.mark.slow
def test_what_is_gone_there_is_made_again(run: Run, place: Place, discs: list[Path], tmp_path: Path):
    place.write("keep", b"x")
    target = place.address("x").removesuffix("/x")
    words = (*discs, "--out-dir", target, "--record", tmp_path / "record")
    assert run(*words)[0] == 0
    before = place.read("scan0001.repacked.zip")
    place.write("scan0001.repacked.zip", before[:100] + bytes([before[100] ^ 1]) + before[101:])
    code, said = run(*words)
    assert code == 0
    assert "2 of them by an earlier batch" in " ".join(said.split())
    assert hashes(place.read("scan0001.repacked.zip")) == hashes(before)
    place.write("scan0001.repacked.zip", b"somebody else has put it there")
    assert run(*words)[0] == 5
    assert place.read("scan0001.repacked.zip") == b"somebody else has put it there"


@pytest.mark.slow
def test_what_others_have_put_there_is_not_replaced(run: Run, place: Place, discs: list[Path], tmp_path: Path):
    place.write("scan0000.repacked.zip", b"not of this disc")
    words = (discs[0], "--out-dir", place.address("x").removesuffix("/x"), "--record", tmp_path / "record")
    code, said = run(*words)
    assert code == 5
    assert "was not made from this bundle" in " ".join(said.split())
    assert place.read("scan0000.repacked.zip") == b"not of this disc"
    assert run(*words, "--overwrite")[0] == 0
    assert zipfile.is_zipfile(io.BytesIO(place.read("scan0000.repacked.zip")))


KILLED = """
    import os, sys
    from repack.batch import running
    from repack.cli import main
    from repack.places import carriage, s3, sftp
    from tests.batch.stage import Inline
    running.Local = lambda _jobs: Inline()
    if sys.argv[1] == "before":
        carriage._check = lambda *_words: os._exit(9)
    else:
        for store in (s3.S3Store, sftp.SftpStore):
            store.remove = lambda *_words: os._exit(9)
    main(sys.argv[2:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_batch_that_is_killed_before_or_after_the_rename_is_completed_by_the_next(
    run: Run, place: Place, discs: list[Path], tmp_path: Path, where: str
):
    upload(place, discs)
    words = [place.address("scan*.zip"), "--out-dir", place.address("new")]
    words += ["--record", str(tmp_path / "record"), "--staging", str(tmp_path / "staging")]
    script = textwrap.dedent(KILLED)
    killed = subprocess.run([sys.executable, "-c", script, where, "batch", *words, "-q"], check=False)
    assert killed.returncode == 9
    if where == "before" or isinstance(place, Bucket):  # a rename leaves no temporary name
        assert any(name.endswith(".repack-upload") for name in place.names())
    assert list((tmp_path / "staging").glob("repack-staging.*"))
    assert run(*words)[0] == 0
    names = [f"new/{disc.stem}.repacked.zip" for disc in discs]
    assert place.names() == sorted([*names, *(disc.name for disc in discs)])
    assert len(last_lines(tmp_path / "record")) == 3


@pytest.mark.slow
def test_no_password_is_recorded_or_shown(run: Run, place: Place, discs: list[Path], tmp_path: Path):
    upload(place, discs)
    address = place.address("*.zip").replace(f"sftp://{_login(place)}", f"sftp://{_login(place)[:-1]}:topsecret@")
    out_dir = address.removesuffix("/*.zip") + "/new"
    code, said = run(address, address.replace("*", "none"), "--out-dir", out_dir, "--record", tmp_path / "record")
    assert code == 3
    assert "topsecret" not in said
    record = (tmp_path / "record" / "batch.jsonl").read_text("utf-8")
    assert "topsecret" not in record
    assert len(record.splitlines()) == 4


@pytest.mark.slow
def test_the_saving_of_remote_discs_is_told(run: Run, place: Place, discs: list[Path]):
    upload(place, discs)
    before = place.names()
    code, said = run(place.address("scan*.zip"), "--dry-run", "--json")
    assert code == 0
    assert place.names() == before
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["source"].rpartition("/")[2] for line in lines] == [disc.name for disc in discs]
    assert all(line["schema"] == "repack-estimate-1" and line["sampled"] == line["images"] for line in lines)


def test_an_address_as_out_dir_needs_a_place_for_the_record(run: Run, discs: list[Path], tmp_path: Path):
    assert run(discs[0], "--out-dir", "s3://clinic/new")[0] == 2
    assert run(discs[0], "--out-dir", tmp_path / "out", "--record", tmp_path)[0] == 2
    assert run(discs[0])[0] == 2
    code, said = run("gs://clinic/a.zip", "--out-dir", tmp_path / "out")
    assert code == 2
    assert "s3://, sftp://, ssh://, file://" in " ".join(said.split())


@pytest.mark.slow
def test_outputs_may_lie_beside_the_bundles_and_are_none(run: Run, place: Place, discs: list[Path], tmp_path: Path):
    upload(place, discs)
    folder = place.address("x").removesuffix("/x")
    words = (f"{folder}/*.zip", "--out-dir", f"{folder}/", "--record", tmp_path / "record")
    assert run(*words)[0] == 0
    assert len(place.names()) == 6
    code, said = run(*words)
    assert code == 0
    assert "3 of 3 discs are done, 3 of them by an earlier batch" in " ".join(said.split())
    assert len(place.names()) == 6


@pytest.mark.lengthy
def test_file_addresses_are_paths(run: Run, discs: list[Path], tmp_path: Path):
    pattern = discs[0].parent.as_uri() + "/scan*.zip"
    assert run(pattern, "--out-dir", (tmp_path / "out").as_uri())[0] == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.zip")) == [
        f"{disc.stem}.repacked.zip" for disc in discs
    ]
    code, said = run(*discs, "--out-dir", tmp_path / "out")
    assert "3 of them by an earlier batch" in " ".join(said.split())
    assert code == 0
