"""The bundle's own file: hashed beside the rest, and watched."""

import threading
from hashlib import sha256
from pathlib import Path

import pytest

from repack.errors import BundleUnreadable
from repack.sourcefile import hash_file, hashing_beside


@pytest.mark.parametrize("size", [0, 1, (1 << 20) + 7, 3 << 20])
def test_the_hash_of_the_source_is_that_of_its_file(tmp_path: Path, size: int):
    bundle = tmp_path / "scan.zip"
    bundle.write_bytes(bytes(range(256)) * (size // 256) + bytes(size % 256))
    with hashing_beside(bundle) as source_hash:
        assert source_hash.result() == sha256(bundle.read_bytes()).hexdigest()


def test_a_folder_has_no_hash_of_its_own(tmp_path: Path):
    with hashing_beside(tmp_path) as source_hash:
        assert source_hash.result() is None


def test_a_run_that_ended_does_not_wait_for_the_hash(tmp_path: Path):
    bundle = tmp_path / "scan.zip"
    bundle.write_bytes(bytes(3 << 20))
    is_over = threading.Event()
    is_over.set()
    assert hash_file(bundle, is_over) != sha256(bundle.read_bytes()).hexdigest()  # it stopped early


def test_a_source_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    bundle = tmp_path / "scan.zip"
    bundle.write_bytes(b"zip")

    def fail(*_arguments: object) -> None:
        raise OSError(5, "the medium failed")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(BundleUnreadable, match="the medium failed"):
        hash_file(bundle, threading.Event())
