"""Ctrl-C and SIGTERM: heard at any moment, but never in the middle of a step that must be whole, and never lost.

Python raises KeyboardInterrupt wherever the main thread happens to be: in the middle of starting a process, or in a
clean-up that then ends half-way; in a weak reference's callback or a destructor it is printed and lost. So
the process's entry point calls `listen`, and from then on

* a step inside `undisturbed` is finished first;
* the first interrupt is raised, and again after a second until the clean-up says that it has come there (`accept`);
  further ones are not heard, so a second Ctrl-C cannot break the clean-up;
* `finish` ends all listening: the result is there, and what comes now changes nothing;
* whatever hangs, the process ends itself a few seconds after the interrupt.

In a program that has not called `listen`, all of this changes nothing.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_AGAIN = 1.0  # seconds after which an interrupt that led to nothing is raised once more
_SOON = 0.01  # seconds in which a destructor should be over
_PATIENCE = 10.0  # seconds that a clean-up may take before the process ends without it
_NUMBERS = (signal.SIGINT, signal.SIGTERM)
_GIVEN_UP = b"\nrepack: interrupted; the clean-up hung, so a *.repack-draft may be left; the next run removes it\n"


class _Ear:
    """What was heard; the main thread changes it (but for `last`, which the reminder sets back)."""

    def __init__(self) -> None:
        self.undisturbed = 0  # steps, one inside the other
        self.is_waiting = False  # an interrupt waits for the end of such a step
        self.first = self.last = 0.0  # when an interrupt was raised; 0: never
        self.is_accepted = False
        self.is_over = False
        self.was_lost = threading.Event()  # Python has printed an interrupt instead of raising it

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, now or at the end of the step under way."""
        if self.is_accepted or self.is_over:
            return
        if self.undisturbed:
            self.is_waiting = True
        elif time.monotonic() - self.last >= _AGAIN or not self.last:
            self.raise_now()

    def raise_now(self) -> None:
        """Raise, and see to it that something comes of it."""
        self.is_waiting = False
        self.last = time.monotonic()
        if not self.first:
            self.first = self.last
            with suppress(RuntimeError):  # no thread to be had: then nobody reminds, and all else works
                threading.Thread(target=_remind, args=(self, _leave), daemon=True).start()
        raise KeyboardInterrupt


_ear = _Ear()


def listen() -> None:
    """Hear Ctrl-C and SIGTERM in the way described above; for the entry point of a process."""
    for number in _NUMBERS:
        signal.signal(number, _ear.hear)
    sys.unraisablehook = _hear_of_lost


def _hear_of_lost(lost: "sys.UnraisableHookArgs") -> None:
    """An interrupt that met a weak reference's callback or a destructor is not printed, but raised again."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        _ear.was_lost.set()
    else:
        sys.__unraisablehook__(lost)


def finish() -> None:
    """Stop listening: what was to be done is done."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) != _ear.hear:
        return
    _ear.is_over = True
    for number in _NUMBERS:
        signal.signal(number, signal.SIG_IGN)


def listen_again() -> None:
    """Hear interrupts once more after `finish`: something follows that may be given up without harm."""
    global _ear  # noqa: PLW0603  a new ear for what follows; the old one has heard the end
    if _ear.is_over and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        _ear = _Ear()
        listen()


def accept(error: BaseException | None) -> None:
    """Say that a clean-up has begun; if an interrupt was the reason for it, nothing disturbs it from now on."""
    if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
        _ear.is_accepted = bool(_ear.first)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A step that is finished before an interrupt is raised; it must be short, or the user waits."""
    if threading.current_thread() is not threading.main_thread():  # interrupts never come there
        yield
        return
    _ear.undisturbed += 1
    try:
        yield
    finally:
        _ear.undisturbed -= 1
        if _ear.is_waiting and not (_ear.undisturbed or _ear.is_accepted or _ear.is_over):
            _ear.raise_now()


def _remind(ear: _Ear, leave: Callable[[], None]) -> None:
    """Raise the interrupt again while nothing has come of it; in the end, leave without a clean-up.

    An interrupted process may hang even when all is over: Python's exit waits for a thread that waits for the disk.
    """
    while time.monotonic() - ear.first < _PATIENCE:
        if ear.was_lost.wait(_AGAIN):
            time.sleep(_SOON)
            ear.was_lost.clear()
            ear.last = 0.0
        if ear.is_over and not ear.is_accepted:  # the result was there before the interrupt led to anything
            return
        if not ear.is_accepted:
            _send_to_main_thread()
    leave()


def _send_to_main_thread() -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)  # wakes it where it waits for the system
    else:
        signal.raise_signal(signal.SIGINT)


def _leave() -> None:
    """End this process at once; its workers notice by themselves."""
    with suppress(OSError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _GIVEN_UP)
    os._exit(130)
