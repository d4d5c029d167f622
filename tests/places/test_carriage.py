"""Bundles from real servers and outputs to them: whole or not at all, whatever happens on the way."""

import errno
import os
import secrets
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from repack.errors import BundleUnreadable, OutputUnwritable
from repack.places import carriage, connecting, s3, sftp
from repack.places.carriage import SUFFIX, check_free, deliver, expand, look, staged
from tests.places.servers import Bucket, Folder, Place

OLD = b"an older zip"


@pytest.fixture
def new_zip(tmp_path: Path) -> Path:
    path = tmp_path / "new.zip"
    path.write_bytes(secrets.token_bytes(300_000))
    return path


@pytest.mark.lengthy
def test_a_bundle_comes_whole_and_nothing_stays(place: Place, staging: Path):
    content = secrets.token_bytes(700_000)
    place.write("a disc.zip", content)
    with staged(place.address("a disc.zip"), staging) as found:
        assert found.path.name == "a disc.zip"
        assert found.path.read_bytes() == content
        assert found.outgoing.is_dir()
        assert found.path.is_relative_to(staging)
    assert list(staging.glob("repack-staging.*")) == []


@pytest.mark.lengthy
def test_what_is_not_there_is_said(place: Place, staging: Path):
    with pytest.raises(BundleUnreadable, match="no such file"), staged(place.address("none.zip"), staging):
        pass
    place.write("one.zip", b"x")
    folder = place.address("one.zip").rpartition("/")[0]
    with pytest.raises(BundleUnreadable, match=r"it is a folder.*/\*\.zip"), staged(folder, staging):
        pass
    assert look(place.address("none.zip")) is None


def test_a_bundle_that_changes_meanwhile_is_refused(place: Place, staging: Path, monkeypatch: pytest.MonkeyPatch):
    place.write("a.zip", b"before")
    claimed = carriage.staging.claimed

    def change_first(*words: object) -> object:
        place.write("a.zip", b"afterwards")
        return claimed(*words)

    monkeypatch.setattr(carriage.staging, "claimed", change_first)
    with pytest.raises(BundleUnreadable, match="changed"), staged(place.address("a.zip"), staging):
        pass
    assert list(staging.glob("repack-staging.*")) == []


def test_an_output_arrives_whole_and_alone(place: Place, new_zip: Path):
    assert deliver(new_zip, place.address("out.zip"), overwrite=False) == 300_000
    assert place.names() == ["out.zip"]
    assert place.read("out.zip") == new_zip.read_bytes()


@pytest.mark.lengthy
def test_an_output_that_exists_is_replaced_only_when_asked(place: Place, new_zip: Path):
    place.write("out.zip", OLD)
    with pytest.raises(OutputUnwritable, match="exists already"):
        check_free(place.address("out.zip"), overwrite=False)
    with pytest.raises(OutputUnwritable, match="exists already"):
        deliver(new_zip, place.address("out.zip"), overwrite=False)
    assert place.read("out.zip") == OLD
    check_free(place.address("out.zip"), overwrite=True)
    deliver(new_zip, place.address("out.zip"), overwrite=True)
    assert place.names() == ["out.zip"]
    assert place.read("out.zip") == new_zip.read_bytes()


@pytest.mark.lengthy
def test_who_comes_between_look_and_leap_is_not_overwritten(
    place: Place, new_zip: Path, monkeypatch: pytest.MonkeyPatch
):
    checked = carriage._check

    def be_faster(*words: object) -> None:
        checked(*words)
        place.write("out.zip", OLD)

    monkeypatch.setattr(carriage, "_check", be_faster)
    with pytest.raises(OutputUnwritable, match="exists already"):
        deliver(new_zip, place.address("out.zip"), overwrite=False)
    assert place.names() == ["out.zip"]
    assert place.read("out.zip") == OLD


@pytest.mark.lengthy
def test_what_arrives_otherwise_is_never_published(place: Place, new_zip: Path, monkeypatch: pytest.MonkeyPatch):
    store_type = {Bucket: "s3.S3Store", Folder: "sftp.SftpStore"}[type(place)]
    module, _dot, name = store_type.partition(".")
    store = getattr(getattr(connecting, module), name)
    put = store.put

    def spoil(self: object, source: Path, path: str) -> None:
        spoiled = source.with_name("spoiled")
        content = bytearray(source.read_bytes())
        content[1000] ^= 1
        spoiled.write_bytes(content)
        put(self, spoiled, path)

    monkeypatch.setattr(store, "put", spoil)
    with pytest.raises(OutputUnwritable, match="reads back differently"):
        deliver(new_zip, place.address("out.zip"), overwrite=False)
    assert place.names() == []


@pytest.mark.lengthy
def test_a_connection_lost_in_the_middle_leaves_nothing_and_the_next_run_completes(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 2)
    large = tmp_path / "large.zip"
    large.write_bytes(secrets.token_bytes(6_000_000))
    place.relay.cut_after = 2_000_000
    with pytest.raises(OutputUnwritable, match=r"connection|server"):
        deliver(large, place.address("out.zip"), overwrite=False)
    assert place.relay.is_down, "the line was never cut"
    assert "out.zip" not in place.names()
    place.relay.mend()
    check_free(place.address("out.zip"), overwrite=False)
    assert place.names() == []
    deliver(large, place.address("out.zip"), overwrite=False)
    assert place.names() == ["out.zip"]
    assert place.read("out.zip") == large.read_bytes()


@pytest.mark.lengthy
def test_a_connection_lost_while_a_bundle_comes_leaves_nothing_here(
    place: Place, staging: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 2)
    place.write("a.zip", b"content")
    claimed = carriage.staging.claimed

    def cut_first(*words: object) -> object:
        place.relay.cut()
        return claimed(*words)

    monkeypatch.setattr(carriage.staging, "claimed", cut_first)
    with pytest.raises(BundleUnreadable), staged(place.address("a.zip"), staging):
        pass
    assert list(staging.glob("repack-staging.*")) == []


KILLED = """
    import os, sys
    from pathlib import Path
    from repack.places import carriage, connecting, s3, sftp
    where = sys.argv[3]
    if where == "before":
        carriage._check = lambda *_words: os._exit(9)
    else:
        for store in (s3.S3Store, sftp.SftpStore):
            store.remove = lambda *_words: os._exit(9)
    carriage.deliver(Path(sys.argv[1]), sys.argv[2], overwrite=False)
"""


@pytest.mark.lengthy
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_run_killed_before_or_after_the_rename_is_completed_by_the_next(place: Place, new_zip: Path, where: str):
    address = place.address("out.zip")
    script = textwrap.dedent(KILLED)
    killed = subprocess.run([sys.executable, "-c", script, str(new_zip), address, where], check=False)
    assert killed.returncode == 9
    litter = [name for name in place.names() if name.endswith(SUFFIX)]
    if where == "before":
        assert place.names() == litter
        assert len(litter) == 1
    else:
        assert place.read("out.zip") == new_zip.read_bytes()
    check_free(address, overwrite=True)
    deliver(new_zip, address, overwrite=True)
    assert place.names() == ["out.zip"]
    assert place.read("out.zip") == new_zip.read_bytes()


def test_the_temporary_files_of_other_targets_stay(place: Place, new_zip: Path):
    place.write(".out.zip.12345678.12345678.repack-upload", b"of another target that begins alike")
    place.write("out.zip.repack-upload", b"not ours")
    deliver(new_zip, place.address("out.zip"), overwrite=False)
    assert len(place.names()) == 3


def test_an_upload_in_parts_that_never_ended_is_ended(bucket: Bucket):
    """Such parts cost money, and no listing shows them."""
    stem = carriage._stem("clinic/discs/out.zip").removeprefix("clinic/")
    bucket.client.create_multipart_upload(Bucket="clinic", Key=f"{stem}01234567{SUFFIX}")
    bucket.client.create_multipart_upload(Bucket="clinic", Key="discs/somebody-elses")
    assert len(bucket.names()) == 2
    check_free(bucket.address("out.zip"), overwrite=False)
    assert bucket.names() == ["somebody-elses"]


@pytest.mark.lengthy
def test_a_pattern_is_expanded_where_it_points_to(place: Place):
    for name in ("a.zip", "b.zip", "c.iso", "d[1].zip"):
        place.write(name, b"x")
    assert expand(place.address("*.zip")) == [place.address(name) for name in ("a.zip", "b.zip", "d[1].zip")]
    assert expand(place.address("d[1].zip")) == [place.address("d[1].zip")]
    assert expand(place.address("[ab].zip")) == [place.address(name) for name in ("a.zip", "b.zip")]
    assert expand(place.address("none*")) == []
    assert expand(place.address("plain.zip")) == [place.address("plain.zip")]


def test_an_unknown_host_is_refused(tmp_path: Path, place: Place, staging: Path, monkeypatch: pytest.MonkeyPatch):
    if not isinstance(place, Folder):
        pytest.skip("S3 has no host keys")
    place.write("a.zip", b"x")
    known = tmp_path / "home"
    (known / ".ssh").mkdir(parents=True)
    for name in ("id_ed25519", "id_ed25519.pub"):
        (known / ".ssh" / name).write_bytes((Path(os.environ["HOME"]) / ".ssh" / name).read_bytes())
    monkeypatch.setenv("HOME", str(known))
    with pytest.raises(BundleUnreadable, match="known_hosts"), staged(place.address("a.zip"), staging):
        pass


def test_a_known_hosts_file_that_cannot_be_read_is_said(
    tmp_path: Path, place: Place, staging: Path, monkeypatch: pytest.MonkeyPatch
):
    if not isinstance(place, Folder):
        pytest.skip("S3 has no host keys")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "known_hosts").write_text("127.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5A\n", "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(BundleUnreadable, match="a line of your known_hosts"), staged(place.address("a.zip"), staging):
        pass


def test_an_address_that_cannot_be_is_said(place: Place):
    address = "sftp://" + 70 * "a" + "/a.zip" if isinstance(place, Folder) else "s3://not a bucket/a.zip"
    with pytest.raises(BundleUnreadable, match="no place can be called so"):
        look(address)


def test_a_full_disk_here_is_not_called_a_lost_connection(place: Place, staging: Path, monkeypatch: pytest.MonkeyPatch):
    def fill(_store: object, _path: str, target: Path) -> None:
        target.write_bytes(b"the beginning")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place.write("a.zip", b"content")
    for store in (s3.S3Store, sftp.SftpStore):
        monkeypatch.setattr(store, "fetch", fill)
    with pytest.raises(OutputUnwritable, match=r"No space left.*--staging"), staged(place.address("a.zip"), staging):
        pass
    assert list(staging.glob("repack-staging.*")) == []


def test_a_fault_of_ours_is_not_called_a_lost_connection(place: Place, monkeypatch: pytest.MonkeyPatch):
    def fail(*_words: object) -> None:
        raise TypeError("a fault of ours")

    for store in (s3.S3Store, sftp.SftpStore):
        monkeypatch.setattr(store, "look", fail)
    with pytest.raises(TypeError):
        look(place.address("a.zip"))


@pytest.mark.lengthy
def test_no_secret_is_ever_said(place: Place, staging: Path, monkeypatch: pytest.MonkeyPatch):
    address = place.address("a.zip").replace("sftp://", "sftp://nobody:topsecret@").replace("@root@", "@")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    place.relay.cut()
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    with pytest.raises(BundleUnreadable) as raised, staged(address, staging):
        pass
    assert "topsecret" not in str(raised.value)
    assert "nobody" not in str(raised.value)
