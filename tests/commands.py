"""How tests call the program: the type of the `run` fixture, and what every error must look like."""

from collections.abc import Callable

#: Words of a command line -> exit code, standard output, standard error.
Run = Callable[..., tuple[int, str, str]]


def one_line(err: str) -> str:
    """The message of an error, which is one line of ours."""
    assert err.startswith("repack: ")
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    return err.strip()


def flat(text: str) -> str:
    """A text as if it had not been wrapped."""
    return " ".join(text.split())
