"""A worker process from its start to its end: orders come in through a pipe, answers go out the same way.

It ends when its pipe ends, so it cannot outlive its parent, however the parent died; on Linux the system sees to that
even while a codec keeps Python from running.
"""

import contextlib
import ctypes
import gc
import os
import pickle
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, auto
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Pipe
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeAlias

from repack.processes import memory, shelf
from repack.processes.shelf import Shelf, Writer

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as _Connection
else:
    from multiprocessing.connection import Connection as _Connection

PipeEnd: TypeAlias = "_Connection[Any, Any]"

_SIGNAL_OF_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG, prctl(2)
_SLICE = 1 << 20  # bytes that may wait in a pipe; the system may allow fewer
_LEAVING = 1.0  # seconds that a worker without a parent may take to come to its end


class Kind(Enum):
    """What an answer says."""

    READY = auto()  # the worker runs
    DONE = auto()
    RAISED = auto()
    NO_MEMORY = auto()
    CRASHED = auto()  # said by the parent about a worker that says nothing any more
    LATE = auto()  # as above: it was ended because it took too long


class Answer(NamedTuple):
    """What came of a task: a result, or the exception that it raised."""

    kind: Kind
    value: object = None


class Order(NamedTuple):
    """What a worker is to do, and the place on the shelf where it may lay the large bytes of its answer."""

    function: Callable[[Any], Any]
    task: object
    place: int | None = None


class _Laid(NamedTuple):
    """An answer whose large bytes (PEP 574) lie on the shelf."""

    answer: bytes
    lengths: tuple[int, ...]


def encode(value: object) -> bytes:
    """As bytes for the pipe. Raises what pickle raises."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def decode(data: bytes, look: Callable[[Sequence[int]], Sequence[memoryview]] = lambda _lengths: ()) -> Answer:
    """An answer as the parent reads it; `look` gives what lies in its place on the shelf, in such lengths."""
    answer: Answer | _Laid = pickle.loads(data)  # noqa: S301  from our own process
    if isinstance(answer, _Laid):
        inner: Answer = pickle.loads(answer.answer, buffers=look(answer.lengths))  # noqa: S301  as above
        return inner
    return answer


def start() -> tuple[BaseProcess, PipeEnd, Shelf | None]:
    """Start a worker; the process, our end of its pipe, and the shelf that we share. Raises OSError."""
    ours, theirs = Pipe()
    _widen(theirs)
    shared = shelf.make()
    try:
        process = get_context("spawn").Process(target=_serve, args=(theirs, shared), daemon=True)
        with _interrupts_held_back():
            process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()  # or it would not end with the worker
        if shared is not None:
            shared.drop_handle()
    return process, ours, shared


def _widen(pipe: PipeEnd) -> None:
    """Let a whole slice wait in the pipe, so that a worker need not until its parent has time to listen."""
    if sys.platform == "win32":  # no socket
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(pipe.fileno())) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SLICE)


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Processes that start in this block are deaf to Ctrl-C from their first moment."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # it would undo the mask if it started in between
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


def answer(function: Callable[[Any], Any], task: object) -> Answer:
    """Call a function; what it raises is part of the answer."""
    try:
        return Answer(Kind.DONE, function(task))
    except MemoryError:
        return Answer(Kind.NO_MEMORY)
    except Exception as error:  # noqa: BLE001  it is raised again in the parent
        return Answer(Kind.RAISED, error)


# --- in the worker ---


def _serve(pipe: PipeEnd, shared: Writer | None) -> None:
    """Answer orders until the pipe ends. The parent never waits for long when it sends: a thread takes its orders."""
    _prepare_process()
    orders: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_take_orders, args=(pipe, orders), daemon=True).start()
    try:
        pipe.send_bytes(encode(Answer(Kind.READY)))
        while (order := orders.get()) is not None:
            pipe.send_bytes(_answer_order(order, shared))
        gc.freeze()  # or Python would search all there is once more before it leaves
    except OSError:  # nobody waits for the answer any more
        return


def _take_orders(pipe: PipeEnd, orders: "queue.SimpleQueue[bytes | None]") -> None:
    """Queue what comes in; at the end of the pipe, let an idle worker leave in order and end a busy one."""
    try:
        while True:
            orders.put(pipe.recv_bytes())
    except (EOFError, OSError):
        orders.put(None)
        time.sleep(_LEAVING)
        os._exit(1)


def _answer_order(message: bytes, shared: Writer | None) -> bytes:
    """The answer as bytes, whatever happens on the way to it."""
    try:
        order: Order = pickle.loads(message)  # noqa: S301  from our own parent
        given = answer(order.function, order.task)
        if isinstance(given.value, Exception):
            given = Answer(given.kind, _made_to_travel(given.value))
        laid = _lay(given, shared, order.place) if shared is not None and order.place is not None else None
        return encode(laid or given)
    except MemoryError:
        return encode(Answer(Kind.NO_MEMORY))
    except Exception as error:  # noqa: BLE001  an order that cannot be read, an answer that cannot be sent
        return encode(Answer(Kind.RAISED, _made_to_travel(error)))


def _lay(given: Answer, shared: Writer, place: int) -> _Laid | None:
    """The answer with its large bytes on the shelf; None where it has none, or more than there is room for."""
    pieces: list[pickle.PickleBuffer] = []
    data = pickle.dumps(given, pickle.HIGHEST_PROTOCOL, buffer_callback=pieces.append)
    lengths = shared.lay(place, pieces) if pieces else None
    return _Laid(data, lengths) if lengths else None


def _made_to_travel(error: Exception) -> Exception:
    """The exception with the story of this process; another one where it would not survive the way (errors.py)."""
    story = "".join(traceback.format_exception(error))
    try:
        travelled = pickle.loads(pickle.dumps(error))  # noqa: S301  made here
    except Exception:  # noqa: BLE001  whatever its own __init__ raises
        travelled = None
    safe = error if type(travelled) is type(error) else RuntimeError(f"{type(error).__name__} in a worker process")
    safe.add_note(f"In a worker process:\n{story}")
    return safe


def _prepare_process() -> None:
    """Leave Ctrl-C to the parent, go when it goes, and keep freed memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    memory.keep_freed()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SIGNAL_OF_PARENTS_DEATH, signal.SIGKILL, 0, 0, 0)
    parent = parent_process()
    if sys.platform != "win32" and parent is not None and os.getppid() != parent.pid:
        os._exit(1)  # it died before we asked to be told
