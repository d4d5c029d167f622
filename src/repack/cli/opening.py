"""The options that say how a bundle may be opened: password, decrypting, limits."""

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from repack.errors import WrongUsage
from repack.model import PASSWORD_VARIABLE, Access, Limits

_DEFAULT = Limits()

PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        metavar="FILE",
        help=f"The first line is the bundle's password; or set {PASSWORD_VARIABLE}.",
    ),
]
Decrypt = Annotated[bool, typer.Option("--decrypt", help="Write an encrypted bundle into a zip that is not.")]
MaxEntries = Annotated[int, typer.Option("--max-entries", min=1, metavar="N", help="Refuse bundles with more entries.")]
MaxUnpacked = Annotated[
    int, typer.Option("--max-unpacked", min=1, metavar="GB", help="Refuse bundles that unpack to more than this.")
]
MaxRatio = Annotated[
    int, typer.Option("--max-ratio", min=1, metavar="N", help="Refuse what grows to more than N times its size.")
]
ENTRIES, UNPACKED, RATIO = _DEFAULT.entries, _DEFAULT.unpacked >> 30, _DEFAULT.ratio


def read_access(
    bundle: Path, password_file: Path | None, limits: Limits = _DEFAULT, *, decrypts: bool, may_ask: bool
) -> Access:
    """The password from a file, the environment or, on a terminal, the user; never an argument. Raises WrongUsage."""
    from repack.bundles import zip_bundle  # noqa: PLC0415  help is shown without loading all of this

    password = _read_password(password_file)
    if password is None and may_ask and _is_terminal() and zip_bundle.is_encrypted(bundle):
        password = getpass.getpass(f"Password of {bundle.name}: ").encode()
    return Access(password, decrypts, limits)


def read_limits(entries: int, unpacked: int, ratio: int) -> Limits:
    """The limits as they were typed: entries, GB, ratio."""
    return Limits(entries, unpacked << 30, ratio)


def _read_password(file: Path | None) -> bytes | None:
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE, "").encode("utf-8", "surrogateescape") or None
    try:
        first = file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
    except OSError as error:
        raise WrongUsage(
            f"the password file {file.name} cannot be read: {error.strerror or 'read error'}", "check --password-file"
        ) from error
    if not first or not first[0]:
        raise WrongUsage(f"the password file {file.name} is empty", "write the password into its first line")
    return first[0]


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
