"""Interrupts: never in the middle of a step, never twice, never lost, and never a hang."""

import os
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends itself signals as POSIX knows them")

#: A shell lets what it runs in the background ignore Ctrl-C; here it counts.
_START = """
import os, signal, sys, time
from repack.processes import interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
_HIT = "os.kill(os.getpid(), signal.SIGINT)\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _START + code], capture_output=True, text=True, check=False)


def test_a_step_is_finished_first() -> None:
    done = run(
        "interrupts.listen()\n"
        "try:\n    with interrupts.undisturbed():\n        with interrupts.undisturbed():\n            "
        + _HIT
        + "        print('inner', flush=True)\n        time.sleep(0.01)\n        print('whole', flush=True)\n"
        "    print('behind')\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    )
    assert done.stdout.split() == ["inner", "whole", "interrupted"]


@pytest.mark.lengthy
@pytest.mark.parametrize("second", ["SIGINT", "SIGTERM"])
def test_a_second_interrupt_does_not_break_the_clean_up(second: str) -> None:
    done = run(
        "interrupts.listen()\ntry:\n    " + _HIT + "    time.sleep(5)\n"
        "except KeyboardInterrupt as error:\n    interrupts.accept(error)\n"
        f"    for _ in range(3):\n        os.kill(os.getpid(), signal.{second})\n        time.sleep(0.6)\n"
        "    print('cleaned up')\ninterrupts.finish()\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "cleaned up\n", "")


def test_an_interrupt_in_a_destructor_is_not_lost() -> None:
    done = run(
        "class Strange:\n    def __del__(self):\n        " + _HIT + "        sum(range(1000))\n"
        "interrupts.listen()\ntry:\n    Strange()\n    time.sleep(5)\n    print('lost')\n"
        "except KeyboardInterrupt:\n    print('raised')\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "raised\n", "")


@pytest.mark.lengthy
def test_an_interrupt_that_is_caught_by_mistake_comes_again() -> None:
    done = run(
        "interrupts.listen()\ntry:\n    try:\n        " + _HIT + "        time.sleep(5)\n"
        "    except BaseException:\n        print('swallowed', flush=True)\n    time.sleep(5)\n    print('lost')\n"
        "except KeyboardInterrupt as error:\n    interrupts.accept(error)\n    print('raised')\n"
    )
    assert done.stdout.split() == ["swallowed", "raised"]


@pytest.mark.lengthy
def test_a_clean_up_that_hangs_is_ended() -> None:
    start = time.monotonic()
    done = run(
        "interrupts._PATIENCE = 1.5\ninterrupts.listen()\ntry:\n    " + _HIT + "    time.sleep(5)\n"
        "except KeyboardInterrupt as error:\n    interrupts.accept(error)\n    time.sleep(60)\n"
    )
    assert done.returncode == 130
    assert "the clean-up hung" in done.stderr
    assert time.monotonic() - start < 50


@pytest.mark.lengthy
def test_an_exit_that_hangs_behind_the_clean_up_is_ended() -> None:
    """Python joins the threads of an executor once more when it exits: one may wait for the disk for ever."""
    done = run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "interrupts._PATIENCE = 1.5\ninterrupts.listen()\ntry:\n"
        "    stuck = ThreadPoolExecutor(1)\n    stuck.submit(time.sleep, 30)\n    " + _HIT + "    time.sleep(5)\n"
        "except KeyboardInterrupt as error:\n    interrupts.accept(error)\n    print('cleaned up', flush=True)\n"
        "interrupts.finish()\n"
    )
    assert (done.returncode, done.stdout) == (130, "cleaned up\n")
    assert "the clean-up hung" in done.stderr


@pytest.mark.lengthy
def test_an_interrupt_that_led_to_nothing_does_not_end_a_process_that_is_done() -> None:
    done = run(
        "interrupts._PATIENCE = 0.5\ninterrupts.listen()\ntry:\n    " + _HIT + "    time.sleep(5)\n"
        "except KeyboardInterrupt:\n    interrupts.finish()\ntime.sleep(1.5)\nprint('done')\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_what_comes_too_late_changes_nothing() -> None:
    done = run(
        "interrupts.listen()\nwith interrupts.undisturbed():\n    "
        + _HIT
        + "    interrupts.finish()\n"
        + _HIT
        + "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(0.01)\nprint('done')\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_program_that_does_not_listen_is_left_alone() -> None:
    done = run(
        "with interrupts.undisturbed():\n    interrupts.finish()\n    interrupts.accept(KeyboardInterrupt())\n"
        "try:\n    " + _HIT + "    time.sleep(5)\nexcept KeyboardInterrupt:\n    print('as ever')\n"
    )
    assert done.stdout == "as ever\n"


@pytest.mark.lengthy
def test_what_follows_the_result_can_be_given_up() -> None:
    done = run(
        "interrupts.listen()\ninterrupts.finish()\n"
        + _HIT
        + "interrupts.listen_again()\ntry:\n    "
        + _HIT
        + "    time.sleep(5)\nexcept KeyboardInterrupt:\n    print('given up', flush=True)\n"
        + "finally:\n    interrupts.finish()\n"
        + _HIT
        + "time.sleep(1.5)\nprint('done')\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "given up\ndone\n", "")


def test_nobody_listens_again_who_did_not_listen() -> None:
    done = run("interrupts.listen_again()\nprint(signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n")
    assert done.stdout == "True\n"
