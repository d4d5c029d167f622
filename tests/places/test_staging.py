"""Room for bundles on their way: bounded, claimed, and nothing left behind, whoever is killed."""

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from repack.errors import OutputUnwritable
from repack.output import drafts
from repack.places import staging
from repack.places.staging import claimed

needs_locks = pytest.mark.skipif(not drafts.HAS_LOCKS, reason="this system has no locks that end with their process")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "staging"


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set how much room there is."""

    def set_free(size: int) -> None:
        usage = shutil._ntuple_diskusage(10**12, 0, size + staging._SPARE)
        monkeypatch.setattr(staging.shutil, "disk_usage", lambda _path: usage)

    return set_free


def areas(root: Path) -> list[Path]:
    return list(root.glob(f"{staging.PREFIX}*"))


def test_an_area_is_there_until_the_end_of_the_block(root: Path):
    with claimed(root, 1000) as area:
        (area.incoming / "disc.zip").write_bytes(b"x")
        (area.outgoing / "new.zip").write_bytes(b"y")
        assert areas(root) == [area.folder]
        if os.name != "nt":
            assert area.folder.stat().st_mode & 0o077 == 0
    assert areas(root) == []


def test_an_area_goes_when_the_work_fails(root: Path):
    def work() -> None:
        with claimed(root, 1000) as area:
            (area.incoming / "disc.zip").write_bytes(b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert areas(root) == []


def test_too_little_room_is_said_before_anything_is_fetched(root: Path, free: Callable[[int], None]):
    free(5_000_000)
    with pytest.raises(OutputUnwritable, match="6 MB have to be free, and 5 MB are"), claimed(root, 6_000_000):
        pass
    with claimed(root, 4_000_000):
        assert len(areas(root)) == 1
    assert areas(root) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OutputUnwritable, match="--staging"), claimed(tmp_path / "file", 1):
        pass


@needs_locks
def test_what_a_killed_process_left_is_removed_by_the_next(root: Path):
    script = """
        import os, sys
        from pathlib import Path
        from repack.places.staging import claimed
        with claimed(Path(sys.argv[1]), 1000) as area:
            (area.incoming / "disc.zip").write_bytes(b"a patient's images")
            os._exit(9)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(root)]
    assert subprocess.run(command, check=False).returncode == 9
    assert len(areas(root)) == 1
    with claimed(root, 1000, 1) as area:
        assert areas(root) == [area.folder]
    assert areas(root) == []


@needs_locks
@pytest.mark.parametrize("limit", ["number", "room"])
def test_others_are_waited_for(root: Path, limit: str, free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch):
    free(1500)
    monkeypatch.setattr(staging, "_PAUSE", 0.01)
    at_most, need = (2, 1) if limit == "number" else (99, 700)
    most, at_once, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal most, at_once
        with claimed(root, need, at_most):
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.05)
            with lock:
                at_once -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert most == 2
    assert areas(root) == []


@needs_locks
def test_what_is_written_already_is_not_counted_twice(root: Path):
    with claimed(root, 1000) as area:
        assert staging._outstanding(area.folder) == 1000 - 4  # the note of its need is four bytes long
        (area.incoming / "disc.zip").write_bytes(bytes(600))
        assert staging._outstanding(area.folder) == 396
