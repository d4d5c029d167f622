"""Addresses of bundles and outputs: what is a plain path, and how an address is shown without its secrets.

`s3://bucket/discs/a.zip`, `sftp://user@host/discs/a.zip`, `file:///discs/a.zip` (RFC 8089), or a path as ever. Only
these: of them it is known that an object appears under its name in one step.
"""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from repack.errors import WrongUsage

S3, SFTP = "s3", "sftp"
#: Scheme of an address -> the kind of place.
REMOTE = {"s3": S3, "sftp": SFTP, "ssh": SFTP}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # two letters at least: C:// is a path on Windows


def find_local(address: str) -> Path | None:
    """The path that an address means on this computer; None where it lies elsewhere. Raises WrongUsage."""
    found = _SCHEME.match(address)
    if found is None:
        return Path(address)
    scheme = found[1].lower()
    if scheme in REMOTE:
        return None
    if scheme != "file":
        known = ", ".join(f"{name}://" for name in (*REMOTE, "file"))
        raise WrongUsage(f"{scheme}:// is no kind of address that repack knows", f"it knows {known} and plain paths")
    rest = address[found.end() :]
    host, _slash, path = rest.partition("/")
    if host not in {"", "localhost"}:
        raise WrongUsage(f"file://{host}/... names another computer", "write file:///... with three slashes")
    return Path(url2pathname(f"/{path}"))


def has_scheme(word: str) -> bool:
    """Is it written as an address, of whatever kind, and no path?"""
    return _SCHEME.match(word) is not None


def is_remote(address: str) -> bool:
    """Does it lie elsewhere? Raises WrongUsage where it is an address of an unknown kind."""
    return find_local(address) is None


def show(address: str) -> str:
    """An address for messages and records: without user, password and anything behind a question mark."""
    found = _SCHEME.match(address)
    if found is None:
        return address
    scheme, rest = address[: found.end()], address[found.end() :]
    if ":" in rest.partition("/")[0]:  # a password may hold any letter: better too little is shown than too much
        rest = rest.rpartition("@")[2]
    authority, slash, path = rest.partition("/")
    if found[1].lower() not in {"s3", "file"}:  # these have nothing behind a question mark: it is one of the name
        path = path.partition("?")[0]
    return scheme + authority.rpartition("@")[2] + slash + path


def name_of(address: str) -> str:
    """The last part of an address, which is the name of the file."""
    local = find_local(address)
    return local.name if local is not None else address.rstrip("/").rpartition("/")[2]


def within(folder: str, name: str) -> str:
    """The address of a file in a folder (or below a prefix)."""
    local = find_local(folder)
    return str(local / name) if local is not None else f"{folder.rstrip('/')}/{name}"


def is_pattern(address: str) -> bool:
    """Does it stand for several?"""
    return any(letter in address for letter in "*?[")


def split(address: str) -> tuple[str, str, str]:
    """Kind of place, what leads to the place (with its secrets), and the path in it."""
    scheme, _, rest = address.partition("://")
    kind = REMOTE[scheme.lower()]
    if kind == S3:
        return kind, f"{scheme}://", rest
    authority, _slash, path = rest.partition("/")
    return kind, f"{scheme}://{authority}", f"/{path}"


def join(root: str, path: str) -> str:
    """The address of a path in a place; the opposite of `split`."""
    return root + (path if root.endswith("://") else f"/{path.lstrip('/')}")


def identify(address: str) -> str:
    """Which file a remote address means, however its login is written; never its password. Raises WrongUsage."""
    kind, root, path = split(address)
    if kind == S3:
        return f"s3://{path}"
    login = read_login(root)
    return f"sftp://{login.get('username', '')}@{login['host']}:{login.get('port', 22)}{path}"


def has_password(address: str) -> bool:
    """Would whoever sees the address see a password?"""
    return is_remote(address) and split(address)[0] == SFTP and "password" in read_login(split(address)[1])


def read_login(root: str) -> dict[str, str | int]:
    """Host, port, user and password of the beginning of an sftp address (RFC 3986 3.2). Raises WrongUsage."""
    try:
        parts = urlsplit(root)
        port = parts.port
    except ValueError:  # its text would show the address
        raise WrongUsage("an sftp address cannot be read", "write sftp://user@host:port/folder/name") from None
    if not parts.hostname:
        raise WrongUsage("an sftp address names no host", "write sftp://user@host/folder/name")
    found = {"host": parts.hostname, "port": port, "username": parts.username, "password": parts.password}
    return {key: unquote(value) if isinstance(value, str) else value for key, value in found.items() if value}
