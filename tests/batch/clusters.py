"""A Dask cluster of real processes on this computer, and ways to disturb it."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 90.0
_ENVIRONMENT = os.environ | {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "0", "SOURCE_DATE_EPOCH": "1767312000"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Processes:
    """Scheduler and workers, started by Dask's own commands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._scheduler: subprocess.Popen[bytes] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []

    def start_scheduler(self) -> None:
        self._scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise TimeoutError(self.address)

    def start_worker(self) -> None:
        words = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder / "dask"))
        self._workers.append(self._start("worker", self.address, *words))

    def _start(self, command: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{command}.log").open("ab") as log:
            whole = [sys.executable, "-m", "dask", command, *words]
            return subprocess.Popen(whole, stdout=log, stderr=log, env=_ENVIRONMENT, start_new_session=True)

    def kill_scheduler(self) -> None:
        if self._scheduler is not None:
            self._scheduler.kill()
            self._scheduler.wait()

    def kill_a_worker(self, chance: random.Random) -> bool:
        """Kill the process that does the work; its nanny starts another one."""
        nannies = {worker.pid for worker in self._workers}
        found = [pid for pid, parent, words in _list_processes() if parent in nannies and b"spawn_main" in words]
        if not found:
            return False
        with suppress_gone():
            os.kill(chance.choice(sorted(found)), signal.SIGKILL)
        return True

    def stop(self) -> None:
        for process in (*self._workers, self._scheduler):
            if process is not None:
                with suppress_gone():
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def suppress_gone() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return


def _list_processes() -> Iterator[tuple[int, int, bytes]]:
    """Number, parent and command line of every process."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            words = (folder / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(folder.name), int(stat.rpartition(")")[2].split()[1]), words


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Processes]:
    folder.mkdir(parents=True, exist_ok=True)
    processes = Processes(folder)
    try:
        processes.start_scheduler()
        for _ in range(workers):
            processes.start_worker()
        yield processes
    finally:
        processes.stop()


@contextmanager
def killing_workers(processes: Processes, seconds: float, seed: int) -> Iterator[list[float]]:
    """While the block runs, a worker is killed every few seconds; the moments."""
    is_over, moments, chance = threading.Event(), list[float](), random.Random(seed)  # noqa: S311  repeatable

    def kill_now_and_then() -> None:
        while not is_over.wait(chance.uniform(0.5, 1.5) * seconds):
            if processes.kill_a_worker(chance):
                moments.append(time.monotonic())

    thread = threading.Thread(target=kill_now_and_then)
    thread.start()
    try:
        yield moments
    finally:
        is_over.set()
        thread.join()


def batch_command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "repack", "batch", *(str(word) for word in words)]


def run_batch(*words: str | Path, timeout: float = 600) -> tuple[int, str]:
    """A batch in a process of its own: its exit code, and what it said on standard error."""
    done = subprocess.run(
        batch_command(*words), capture_output=True, text=True, encoding="utf-8", env=_ENVIRONMENT, timeout=timeout,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def start_batch(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        batch_command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=_ENVIRONMENT, start_new_session=True,
    )  # fmt: skip
