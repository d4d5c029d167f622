"""Every error survives the way out of a worker process, has its exit code, and says what, where and what to do."""

import inspect
import pickle

import pytest

from repack import errors
from repack.errors import (
    BundleUnreadable,
    DifferenceFound,
    ExitCode,
    Interrupted,
    OutputUnwritable,
    ProofFailed,
    RepackError,
    RuleInvalid,
    WrongUsage,
)

#: error, exit code (design, section 4), the words of its message.
EXAMPLES: tuple[tuple[RepackError, int, tuple[str, ...]], ...] = (
    (RepackError("a bug"), 1, ("a bug",)),
    (WrongUsage("--codec gif is not known", "it has: jpegls"), 2, ("--codec gif is not known", "it has: jpegls")),
    (
        BundleUnreadable("disc.zip", "the directory is damaged", "fetch it again"),
        3,
        ("cannot read disc.zip", "the directory is damaged", "fetch it again"),
    ),
    (
        RuleInvalid("mine.toml", "line 3", "no such key: foo", "one of: path, magic"),
        4,
        ("mine.toml, line 3", "no such key: foo", "one of: path, magic"),
    ),
    (
        OutputUnwritable("out.zip", "it exists already", "use --overwrite"),
        5,
        ("cannot write out.zip", "it exists already", "use --overwrite"),
    ),
    (
        ProofFailed("out.zip", "DICOM/I1", "reads back differently"),
        6,
        ("out.zip was not published", "DICOM/I1 reads back differently", "then run again"),
    ),
    (
        DifferenceFound("out.zip", "its directory", "cannot be read"),
        7,
        ("out.zip has changed", "its directory cannot be read", "get a better copy"),
    ),
    (Interrupted(), 130, ("interrupted", "the input is untouched", "nothing half-written was left")),
)
NAMES = [type(error).__name__ for error, _code, _words in EXAMPLES]


def test_every_error_has_an_example() -> None:
    found = {
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, BaseException) and value.__module__ == errors.__name__
    }
    assert found == set(NAMES)


def test_every_error_is_drawn_in_the_tree() -> None:
    assert errors.__doc__ is not None
    for error, code, _words in EXAMPLES:
        (line,) = [line for line in errors.__doc__.splitlines() if f" {type(error).__name__} " in line]
        assert f" {code} " in line


@pytest.mark.parametrize(("error", "code", "words"), EXAMPLES, ids=NAMES)
def test_exit_code_and_message(error: RepackError, code: int, words: tuple[str, ...]) -> None:
    assert error.code == code
    assert isinstance(error.code, ExitCode)
    message = str(error)
    assert "\n" not in message
    positions = [message.index(word) for word in words]
    assert positions == sorted(positions)
    assert message[-1] not in ".;: "


@pytest.mark.parametrize("error", [error for error, _code, _words in EXAMPLES], ids=NAMES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_gives_the_same_error(error: RepackError, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  our own bytes
    assert type(again) is type(error)
    assert again.args == error.args
    assert str(again) == str(error)
    assert again.code is error.code


def test_exit_codes_differ() -> None:
    codes = [error.code for error, _code, _words in EXAMPLES]
    assert len(set(codes)) == len(codes)
    assert ExitCode.DONE == 0
    assert ExitCode.DIFFERENT == 7
