"""A real Orthanc server of our own: on loopback, with a storage of its own, gone at the end of the block."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.programs import find, find_file

GDCM_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancGdcm.so")
_PATIENCE = 30  # seconds, for starting, for an answer, and for stopping
_ATTEMPTS = 3  # another program may take the port first

#: Without the proxies of the environment: the server is on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Orthanc:
    url: str

    def ask(self, path: str, content: bytes | None = None, method: str | None = None) -> bytes:
        """The body of the answer; raises HTTPError where the server refuses."""
        request = urllib.request.Request(self.url + path, data=content, method=method)  # noqa: S310  our own server
        with _OPENER.open(request, timeout=_PATIENCE) as answer:
            return bytes(answer.read())

    def take_in(self, content: bytes) -> list[str]:
        """Store a DICOM file, or all of a zip; the identifiers, which follow from the UIDs in the files."""
        answer: Any = json.loads(self.ask("/instances", content))
        stored = answer if isinstance(answer, list) else [answer]
        assert {each["Status"] for each in stored} <= {"Success"}, stored
        return sorted(each["ID"] for each in stored)

    def remove_all(self) -> None:
        for instance in json.loads(self.ask("/instances")):
            self.ask(f"/instances/{instance}", method="DELETE")

    def give_back(self, instance: str) -> bytes:
        """The file as it was taken in."""
        return self.ask(f"/instances/{instance}/file")

    def render(self, instance: str) -> list[str]:
        """The stored values of all frames, decoded by the server, as rows of numbers in Matlab's way of writing.

        The one route of Orthanc 1.10 that shows values without a window and asks its plug-ins for help.
        """
        count = len(json.loads(self.ask(f"/instances/{instance}/frames")))
        return [self.ask(f"/instances/{instance}/frames/{number}/matlab").decode("ascii") for number in range(count)]


@contextmanager
def running(folder: Path, *plugins: Path) -> Iterator[Orthanc]:
    """Start a server in a new folder, wait until it answers, and always stop it."""
    for _ in range(_ATTEMPTS):
        port = _free_port()
        process = _start(folder, port, plugins)
        server = Orthanc(f"http://127.0.0.1:{port}")
        try:
            if _answers(server, process):
                yield server
                return
        finally:
            _stop(process)
    raise AssertionError((folder / "orthanc.log").read_text("utf-8", "replace"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(folder: Path, port: int, plugins: tuple[Path, ...]) -> "subprocess.Popen[bytes]":
    folder.mkdir(exist_ok=True)
    configuration = {
        "Name": "INTEROP",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": port,
        "RemoteAccessAllowed": False,  # it answers this machine only
        "AuthenticationEnabled": False,
        "DicomServerEnabled": False,
        "Plugins": [str(find_file(plugin)) for plugin in plugins],
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration), "utf-8")
    with (folder / "orthanc.log").open("wb") as log:
        return subprocess.Popen(
            [find("Orthanc"), str(folder / "orthanc.json")], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )


def _answers(server: Orthanc, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until the server answers; false where it ended, for want of its port for one."""
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            return json.loads(server.ask("/system"))["Name"] == "INTEROP"
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_PATIENCE)
