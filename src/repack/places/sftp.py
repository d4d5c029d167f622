"""Places behind an SSH server (draft-ietf-secsh-filexfer-02, OpenSSH's posix-rename), by paramiko."""

import contextlib
import errno
import fnmatch
import logging
import posixpath
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from repack.places import addresses
from repack.places.store import Seen, Store, Taken

_PIECE = 4 << 20
_PATIENCE = 60  # seconds without a sign of life from the server


class UnknownHost(Exception):
    """The key of the server is not that of a host which ssh knows."""


class _OnlyKnownHosts:
    """Refuses hosts that ssh does not know: somebody could stand in between."""

    def missing_host_key(self, _client: object, _hostname: str, _key: object) -> None:
        raise UnknownHost


def open_store(root: str) -> tuple[Store, Callable[[], None]]:
    """The place, and how to close it. Raises `failures`.

    Keys are those of ssh and its agent. Anything else that is secret comes from fsspec's configuration, for example a
    password from FSSPEC_SFTP_PASSWORD.
    """
    import paramiko  # noqa: PLC0415  only who names such an address has it installed
    from fsspec.config import conf  # noqa: PLC0415  as above

    logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)  # what it has to say is said by us, in one line
    login: dict[str, Any] = {"timeout": _PATIENCE, "banner_timeout": _PATIENCE, "auth_timeout": _PATIENCE}
    login |= conf.get("sftp", {}) | addresses.read_login(root)
    with contextlib.ExitStack() as stack:
        client = paramiko.SSHClient()
        stack.callback(_close, client)
        client.load_system_host_keys()
        client.set_missing_host_key_policy(_OnlyKnownHosts())
        try:
            client.connect(login.pop("host"), **login)
        except paramiko.BadHostKeyException as error:
            raise UnknownHost from error
        files = client.open_sftp()
        client.get_transport().set_keepalive(_PATIENCE // 4)
        files.get_channel().settimeout(_PATIENCE)
        return SftpStore(files), stack.pop_all().close


def _close(client: Any) -> None:  # noqa: ANN401  paramiko has no types
    import paramiko  # noqa: PLC0415  as above

    with contextlib.suppress(OSError, EOFError, paramiko.SSHException):  # a connection that is lost already
        client.close()


def failures() -> tuple[type[Exception], ...]:
    """What paramiko raises where the server or the way to it fails; UnicodeError where no host can be called so."""
    import paramiko  # noqa: PLC0415  as above
    from paramiko.hostkeys import InvalidHostKey  # noqa: PLC0415  as above

    return OSError, EOFError, UnicodeError, paramiko.SSHException, paramiko.SFTPError, InvalidHostKey, UnknownHost


class SftpStore:
    """Files of an SSH server; a rename gives a file its name in one step."""

    def __init__(self, files: Any) -> None:  # noqa: ANN401  paramiko has no types
        self._files = files

    def look(self, path: str) -> Seen | None:
        """What lies there; None where nothing does, or a folder."""
        try:
            found = self._files.stat(path)
        except FileNotFoundError:
            return None
        return None if stat.S_ISDIR(found.st_mode or 0) else _seen(path, found)

    def is_folder(self, path: str) -> bool:
        """Is it a folder?"""
        try:
            return stat.S_ISDIR(self._files.stat(path).st_mode or 0)
        except FileNotFoundError:
            return False

    def fetch(self, path: str, target: Path) -> None:
        """Download the whole file."""
        self._files.get(path, str(target), max_concurrent_prefetch_requests=64)

    def put(self, source: Path, path: str) -> None:
        """Upload the whole file; its folder is made where it is missing."""
        self._make_folder(posixpath.dirname(path))
        self._files.put(str(source), path)

    def _make_folder(self, folder: str) -> None:
        if not self.is_folder(folder):
            self._make_folder(posixpath.dirname(folder))
            with contextlib.suppress(OSError):  # somebody else was faster; else the upload says what is wrong
                self._files.mkdir(folder)

    def read(self, path: str) -> Iterator[bytes]:
        """The content in pieces, from the server."""
        with self._files.open(path, "rb") as file:
            file.prefetch(max_concurrent_requests=64)
            while piece := file.read(_PIECE):
                yield piece

    def publish(self, temporary: str, final: str, *, overwrite: bool) -> None:
        """Give a whole file its name in one step. Raises Taken."""
        if overwrite:
            self._files.posix_rename(temporary, final)
            return
        if self.look(final) is not None:
            raise Taken
        try:
            self._files.rename(temporary, final)  # of protocol version 3: it fails where the name is in use
        except OSError as error:
            if self.look(final) is not None:
                raise Taken from error
            raise

    def remove(self, path: str) -> None:
        """Delete a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._files.remove(path)

    def files_in(self, folder: str, beginning: str = "") -> list[Seen]:
        """The files directly in a folder; none where there is no such folder."""
        try:
            listed = list(self._files.listdir_attr(folder))
        except FileNotFoundError:
            return []
        return [
            _seen(posixpath.join(folder, one.filename), one)
            for one in listed
            if stat.S_ISREG(one.st_mode or 0) and one.filename.startswith(beginning)
        ]

    def find(self, pattern: str) -> list[str]:
        """The paths that a pattern stands for, sorted; a star does not cross a slash."""
        found = ["/"]
        for part in pattern.strip("/").split("/"):
            if addresses.is_pattern(part):
                found = [posixpath.join(folder, name) for folder in found for name in self._names_like(folder, part)]
            else:
                found = [posixpath.join(folder, part) for folder in found]
        return sorted(path for path in found if self.look(path) is not None)

    def _names_like(self, folder: str, pattern: str) -> list[str]:
        try:
            names = self._files.listdir(folder)
        except OSError:  # no folder, or none of ours
            return []
        return [name for name in names if fnmatch.fnmatchcase(name, pattern)]


def _seen(path: str, found: Any) -> Seen:  # noqa: ANN401  as above
    if found.st_size is None:  # a server need not say (draft-ietf-secsh-filexfer-02, 5)
        raise OSError(errno.EIO, "the server does not say how large a file is")
    return Seen(path, found.st_size, f"{found.st_size} {found.st_mtime}")
