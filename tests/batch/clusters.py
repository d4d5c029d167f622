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

    def count_workers(self) -> int:
        """How many were started."""
        return len(self._workers)

    def replace_ended_workers(self) -> None:
        """A nanny whose worker dies while it starts gives up; in a clinic the system would start it again."""
        for number, worker in enumerate(self._workers):
            if worker.poll() is not None:
                self.start_worker()
                self._workers[number] = self._workers.pop()

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
    """While the block runs, a worker that the scheduler knows is killed every few seconds; the moments."""
    from distributed import Client

    is_over, moments, chance = threading.Event(), list[float](), random.Random(seed)  # noqa: S311  repeatable

    def kill_now_and_then(client: Client) -> None:
        while not is_over.wait(chance.uniform(0.5, 1.5) * seconds):
            processes.replace_ended_workers()
            if at_work := sorted(client.run(os.getpid, on_error="ignore").values()):
                with suppress_gone():
                    os.kill(chance.choice(at_work), signal.SIGKILL)
                    moments.append(time.monotonic())

    with Client(processes.address, set_as_default=False) as client:
        client.wait_for_workers(processes.count_workers(), timeout=_PATIENCE)
        thread = threading.Thread(target=kill_now_and_then, args=(client,))
        thread.start()
        try:
            yield moments
        finally:
            is_over.set()
            thread.join()
            processes.replace_ended_workers()


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
