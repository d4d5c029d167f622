"""The way to a place elsewhere, and what is said where it fails.

Credentials come from where the libraries look for them (environment, configuration files, ssh agent), or from the
address. No message of a library is passed on, since it might hold one.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from repack.errors import BundleUnreadable, OutputUnwritable, RepackError, WrongUsage
from repack.places import addresses, s3, sftp
from repack.places.addresses import S3, SFTP
from repack.places.store import Store

_NEEDS = {S3: "s3fs", SFTP: "paramiko"}
_OPENERS: dict[str, Callable[[str], tuple[Store, Callable[[], None]]]] = {S3: s3.open_store, SFTP: sftp.open_store}
_FAILURES: dict[str, Callable[[], tuple[type[Exception], ...]]] = {S3: s3.failures, SFTP: sftp.failures}


@contextmanager
def connected(address: str) -> Iterator[tuple[Store, str]]:
    """The place of an address, and the path in it. Raises WrongUsage where a library is missing."""
    kind, root, path = addresses.split(address)
    try:
        importlib.import_module("fsspec")
        importlib.import_module(_NEEDS[kind])
    except ImportError as error:
        raise WrongUsage(
            f"{addresses.show(root)} needs the library {_NEEDS[kind]}", "install it with: pip install 'repack[places]'"
        ) from error
    store, close = _OPENERS[kind](root)
    try:
        yield store, path
    finally:
        close()


@contextmanager
def telling(address: str, error_type: Callable[[str, str, str], RepackError]) -> Iterator[None]:
    """Turn what is raised where a place or the way to it fails into an error of ours, told in our words.

    Anything else is a fault of ours, and stays what it is.
    """
    try:
        yield
    except RepackError:
        raise  # before the library is asked for its errors: it may be what is missing
    except _FAILURES[addresses.split(address)[0]]() as error:
        problem, advice = _explain(error)
        raise error_type(addresses.show(address), problem, advice) from error


def unreadable(shown: str, problem: str, advice: str) -> BundleUnreadable:
    """The error for an input elsewhere."""
    return BundleUnreadable(shown, problem, advice)


def unwritable(shown: str, problem: str, advice: str) -> OutputUnwritable:
    """The error for an output elsewhere."""
    return OutputUnwritable(shown, problem, advice)


def _explain(error: Exception) -> tuple[str, str]:
    """What happened and what to do, without a word of the library's: by the names of the classes of the error."""
    names = {kind.__name__ for kind in type(error).__mro__}
    for wanted, problem, advice in _MEANINGS:
        if names & wanted:
            return problem, advice
    return (
        f"the connection or the server failed ({type(error).__name__})",
        "check the network and the server, run again",
    )


_MEANINGS: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset({"FileNotFoundError", "NoSuchBucket"}), "there is no such file, folder or bucket", "check the address"),
    (
        frozenset({"UnknownHost"}),
        "its host key is not in your known_hosts file, or is another one",
        "connect once with ssh to compare and accept the key",
    ),
    (
        frozenset({"InvalidHostKey"}),
        "a line of your known_hosts file cannot be read",
        "connect once with ssh, which names the line",
    ),
    (
        frozenset({"PermissionError", "NoCredentialsError", "AuthenticationException", "PasswordRequiredException"}),
        "access was refused",
        "check the credentials in the environment and the rights of the account",
    ),
    (
        frozenset({"EndpointConnectionError", "NoValidConnectionsError", "ConnectionRefusedError", "gaierror"}),
        "the server cannot be reached",
        "check the address and the network, then run again",
    ),
    (
        frozenset({"TimeoutError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionError", "EOFError"}),
        "the connection was lost",
        "check the network, then run again",
    ),
    (
        frozenset({"ParamValidationError", "ValueError"}),
        "no place can be called so",
        "check the address, and an endpoint in the environment (AWS_ENDPOINT_URL)",
    ),
)
