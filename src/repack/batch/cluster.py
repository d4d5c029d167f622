"""The engine of many computers: a dask.distributed cluster, one task a disc. The only file that knows distributed.

Scheduler and workers are Dask's own commands; every worker needs repack in the same version, and must see bundles and
out-dir under the same paths. A worker that dies is Dask's business at first (it gives the task to others, three times
by default); a scheduler that is started again finds the batch waiting for it.
"""

import concurrent.futures
import importlib.util
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Self

from repack.batch.disc import work
from repack.batch.engine import Answer, AtWork, Died, Lost, give_time_to
from repack.batch.line import BatchLine
from repack.batch.orders import Task, failed
from repack.errors import ExitCode, WrongUsage
from repack.processes import interrupts

_AHEAD = 2  # discs a worker thread: the one it is at, and the next
_CONNECTING = 20.0  # seconds in which a scheduler has to answer
_RETURNING = 60.0  # seconds in which it has to come back
_HIRING = 300.0  # seconds without any worker
_ASKING = 2.0  # seconds between two questions to the scheduler
_FORGOTTEN = 10.0  # seconds for which it does not know a disc that was handed out: one may be on its way there
_SILENCED = ("distributed", "distributed.client", "distributed.core", "tornado.application")


class Cluster:
    """A client of the scheduler at an address such as tcp://10.0.0.5:8786."""

    def __init__(self, address: str) -> None:
        if importlib.util.find_spec("distributed") is None:
            raise WrongUsage(
                "--scheduler needs the package distributed", "install it with: pip install 'repack[batch]'"
            )
        self._address = address
        self._out: dict[Future[BatchLine], tuple[Task, str]] = {}
        self._lost: list[tuple[Task, Answer]] = []
        self._unknown: dict[str, float] = {}  # keys that the scheduler does not know, and since when
        self._threads = 0
        self._at_work: AtWork = ()
        self._until: dict[str, float] = {}  # keys that are at work, and when they should be done
        self._asked = 0.0
        self._hired = time.monotonic()  # when there last was a worker
        self._connect(_CONNECTING)

    def _connect(self, seconds: float) -> None:
        from distributed import Client  # noqa: PLC0415  it takes as long to load as a small disc to repack

        _check_address(self._address)
        for name in _SILENCED:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what it has to say is said here, in one line
        try:
            self._client = Client(self._address, timeout=seconds, set_as_default=False)
        except (OSError, ValueError) as error:
            problem = f"no scheduler answers at {self._address}"
            raise WrongUsage(problem, "start one with: dask scheduler; then run the same command again") from error
        self._executor = self._client.get_executor(pure=False)
        self._asked = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what waits; what a worker is at already is finished there, and done again by the next batch."""
        interrupts.accept(error)
        with suppress(OSError, RuntimeError):
            if self._client.status == "running":
                self._executor.shutdown(wait=error is None)
            self._client.close(timeout=_ASKING)

    def has_room(self) -> bool:
        """Has some worker less than it could have? A first task is handed out even before there is one."""
        self._ask()
        return self._client.status == "running" and len(self._out) < max(1, _AHEAD * self._threads)

    def out(self) -> Sequence[Task]:
        """The discs that are with the cluster."""
        return [task for task, _key in self._out.values()] + [task for task, _answer in self._lost]

    def at_work(self) -> AtWork:
        """Each worker with its disc, as of a moment ago."""
        return self._at_work

    def submit(self, task: Task) -> None:
        """Hand a disc to the scheduler."""
        key = f"repack-{secrets.token_hex(8)}"
        try:
            self._out[self._executor.submit(work, task, key=key)] = task, key
        except Exception:  # the client names no errors of its own
            if self._client.status == "running":
                raise
            self._lost.append((task, Lost()))

    def collect(self, seconds: float) -> list[tuple[Task, Answer]]:
        """The lines that have come in, and what was lost. Raises WrongUsage where scheduler or workers stay away."""
        came, self._lost = self._lost, []
        if self._client.status == "closed":
            self._connect(_RETURNING)
        if not self._out:
            time.sleep(0 if came else seconds)
            return came
        done, _waiting = concurrent.futures.wait(self._out, 0 if came else seconds, concurrent.futures.FIRST_COMPLETED)
        for future in done:
            task, _key = self._out.pop(future)
            came.append((task, _answer(future, task)))
        return came

    def _ask(self) -> None:
        """Ask the scheduler for its workers, now and then. Raises WrongUsage where there are none for long."""
        now = time.monotonic()
        if now - self._asked < _ASKING or self._client.status != "running":
            return
        self._asked = now
        with suppress(OSError, RuntimeError):
            threads = self._client.nthreads()
            self._threads = sum(threads.values())
            given = {key: task.order.disc.given for task, key in self._out.values()}
            at_work = {
                key: worker
                for worker, keys in self._client.processing().items()
                for key in [key for key in map(str, keys) if key in given][: threads.get(worker, 1)]
            }
            self._at_work = tuple((worker, given[key]) for key, worker in at_work.items())
            self._give_up_forgotten(now)
            self._end_late(now, at_work)
        if self._threads:
            self._hired = now
        elif now - self._hired > _HIRING:
            problem = f"the scheduler at {self._address} has had no worker for {_HIRING / 60:.0f} minutes"
            raise WrongUsage(problem, f"start one with: dask worker {self._address}; then run the same command again")

    def _give_up_forgotten(self, now: float) -> None:
        """What was handed out in the very moment in which the scheduler went away is known to nobody: it is lost."""
        keys = [key for _task, key in self._out.values()]
        states = self._client.sync(self._client.scheduler.get_task_status, keys=keys) if keys else {}
        self._unknown = {key: self._unknown.get(key, now) for key in keys if states.get(key) is None}
        for future, (task, key) in list(self._out.items()):
            if now - self._unknown.get(key, now) > _FORGOTTEN and not future.done():
                self._lost.append((task, Lost()))
                del self._out[future]

    def _end_late(self, now: float, at_work: Mapping[str, str]) -> None:
        """End the workers that come to no end; their discs are tried again, as after a death.

        What else such a worker was at, Dask gives to another. One that has no nanny cannot be ended from here.
        """
        known, self._until = self._until, {}
        stuck: set[str] = set()
        for future, (task, key) in list(self._out.items()):
            if key not in at_work:
                continue
            self._until[key] = known[key] if key in known else now + give_time_to(task)
            if now > self._until[key] and not future.done():
                del self._out[future]
                self._lost.append((task, Died()))
                future.cancel()  # or Dask would give it to the next worker
                stuck.add(at_work[key])
        if stuck:
            with suppress(ValueError):
                self._client.restart_workers(sorted(stuck), timeout=_CONNECTING, raise_for_error=False)


def _check_address(address: str) -> None:
    """Refuse what the client would, but at once: a client that cannot begin takes long to end. Raises WrongUsage."""
    from distributed import Security  # noqa: PLC0415  as above
    from distributed.comm import get_address_host_port  # noqa: PLC0415

    try:
        get_address_host_port(address)
    except ValueError as error:
        problem = f"{address} is no address of a scheduler"
        raise WrongUsage(problem, "write tcp://HOST:PORT, for example tcp://10.0.0.5:8786") from error
    needs, is_encrypted = Security().get_connection_args("client"), address.startswith("tls://")
    if is_encrypted and needs["ssl_context"] is None:
        problem = "a tls:// address needs keys and certificates, and Dask's configuration names none"
        raise WrongUsage(problem, "set distributed.comm.tls there (docs.dask.org, TLS/SSL)")
    if needs["require_encryption"] and not is_encrypted:
        raise WrongUsage(f"Dask's configuration asks for encryption, and {address} has none", "use a tls:// address")


def _answer(future: "Future[BatchLine]", task: Task) -> Answer:
    from distributed.scheduler import KilledWorker  # noqa: PLC0415  loaded already

    try:
        return future.result()
    except KilledWorker:
        return Died()
    except (concurrent.futures.CancelledError, OSError):
        return Lost()
    except Exception as error:  # noqa: BLE001  what a worker raises that could not even begin; `work` never raises
        said = f"the cluster could not run it ({type(error).__name__}); every worker needs this version of repack"
        return failed(task, ExitCode.BUG, said)
