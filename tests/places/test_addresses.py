"""Addresses: what is a plain path, what lies elsewhere, and that no secret of one is ever shown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.errors import WrongUsage
from repack.places import addresses
from repack.places.addresses import find_local, is_remote, join, name_of, read_login, show, split, within


@pytest.mark.parametrize("path", ["disc.zip", "./a b.zip", "C:/discs/a.zip", "c://a.zip", "/mnt/s3/a.zip", "a:b.zip"])
def test_a_plain_path_stays_one(path: str):
    assert find_local(path) == Path(path)
    assert show(path) == path


@pytest.mark.skipif(Path("/").drive != "", reason="paths of Windows look otherwise")
def test_a_file_address_is_a_path():
    assert find_local("file:///discs/a%20b.zip") == Path("/discs/a b.zip")
    assert find_local("file://localhost/discs/a.zip") == Path("/discs/a.zip")
    with pytest.raises(WrongUsage, match="another computer"):
        find_local("file://server/discs/a.zip")


@pytest.mark.parametrize("address", ["s3://clinic/a.zip", "sftp://me@host/a.zip", "ssh://host:22/a.zip", "S3://b/k"])
def test_what_lies_elsewhere(address: str):
    assert is_remote(address)
    kind, root, path = split(address)
    assert kind in {"s3", "sftp"}
    assert join(root, path) == address
    assert name_of(address) == address.rpartition("/")[2]


@pytest.mark.parametrize("address", ["http://host/a.zip", "gs://bucket/a.zip", "ftp://host/a.zip"])
def test_other_kinds_are_refused(address: str):
    with pytest.raises(WrongUsage, match="s3://, sftp://, ssh://, file://"):
        find_local(address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sftp://me:topsecret@host/a.zip", "sftp://host/a.zip"),
        ("sftp://me:top@secret@host:2222/a.zip", "sftp://host:2222/a.zip"),
        ("sftp://me:top/secret@host/a.zip", "sftp://host/a.zip"),
        ("sftp://host/a.zip?key=topsecret", "sftp://host/a.zip"),
        ("s3://clinic/a@b.zip", "s3://clinic/a@b.zip"),
        ("s3://clinic/what?.zip", "s3://clinic/what?.zip"),
        ("s3://key:topsecret@clinic/a.zip", "s3://clinic/a.zip"),
        ("s3://key:top/secret@clinic/a.zip", "s3://clinic/a.zip"),
        ("https://me:topsecret@host/a.zip?sig=topsecret", "https://host/a.zip"),
    ],
)
def test_no_secret_is_shown(address: str, shown: str):
    assert show(address) == shown


_words = st.text(st.sampled_from("abcXYZ019-._~!$&'()*+,;=:@/%?#[] "), min_size=1, max_size=20)


@given(_words, _words, st.sampled_from(["sftp", "ssh", "https", "s3"]))
def test_no_password_is_shown_whatever_it_holds(user: str, password: str, scheme: str):
    secret = f"<{password}>"
    assert secret not in show(f"{scheme}://{user.replace('/', '')}:{secret}@host/folder/a.zip")


def test_a_login_is_read_from_an_address():
    assert read_login("sftp://me:p%40ss@host:2222") == {
        "host": "host", "port": 2222, "username": "me", "password": "p@ss",
    }  # fmt: skip
    assert read_login("sftp://host") == {"host": "host"}
    for wrong in ("sftp://:x@", "sftp://me:topsecret@host:port"):
        with pytest.raises(WrongUsage) as raised:
            read_login(wrong)
        assert "topsecret" not in str(raised.value)


def test_a_file_in_a_folder():
    assert within("s3://clinic/new/", "a.zip") == "s3://clinic/new/a.zip"
    assert within("sftp://me@host/new", "a.zip") == "sftp://me@host/new/a.zip"
    assert Path(within("new", "a.zip")) == Path("new", "a.zip")


def test_nothing_of_the_libraries_is_loaded_for_a_plain_path():
    import subprocess
    import sys

    code = (
        "import sys; import repack.places.carriage; sys.exit(bool({'fsspec', 's3fs', 'paramiko'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert not addresses.is_pattern("a.zip")
