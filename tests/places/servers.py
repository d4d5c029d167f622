"""Real servers on this computer, started for the tests and stopped behind them: S3 (moto) and SSH (OpenSSH).

A relay in front of each can cut the connection after so many bytes, as a lost network does.
"""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if Path("/usr/sbin/sshd").exists() else None)
_HOST = "127.0.0.1"


class Relay:
    """Passes bytes on to a server; after `cut_after` bytes towards it the network is down until it is mended."""

    def __init__(self, port: int) -> None:
        self._server_port, self.cut_after, self.is_down = port, 0, False
        self._listening = socket.create_server((_HOST, 0))
        self.port = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                near, _address = self._listening.accept()
            except OSError:
                return
            if self.is_down:
                near.close()
                continue
            far = socket.create_connection((_HOST, self._server_port))
            self._open += (near, far)
            for one in ((near, far, True), (far, near, False)):
                self._threads.append(threading.Thread(target=self._pass, args=one, daemon=True))
                self._threads[-1].start()

    def _pass(self, source: socket.socket, sink: socket.socket, is_up: bool) -> None:  # noqa: FBT001
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if is_up and self.cut_after:
                    self.cut_after -= len(data)
                    if self.cut_after <= 0:
                        threading.Thread(target=self.cut, daemon=True).start()
                        return
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """End every connection now, and let none through."""
        self.cut_after, self.is_down = 0, True
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for one in self._open:
            one.close()
        self._open.clear()
        self._threads.clear()

    def mend(self) -> None:
        self.cut_after, self.is_down = 0, False

    def close(self) -> None:
        self._listening.close()
        self.cut()


class Place(Protocol):
    """A folder on a server, seen from behind: what really lies there."""

    relay: Relay

    def address(self, name: str) -> str: ...

    def write(self, name: str, content: bytes) -> None: ...

    def read(self, name: str) -> bytes: ...

    def names(self) -> list[str]: ...


@dataclass
class Bucket:
    """A bucket of the S3 server."""

    relay: Relay
    client: object
    name: str

    def address(self, name: str) -> str:
        return f"s3://{self.name}/discs/{name}"

    def write(self, name: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=f"discs/{name}", Body=content)

    def read(self, name: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=f"discs/{name}")["Body"].read()

    def names(self) -> list[str]:
        listed = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        begun = self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])
        return sorted(one["Key"].removeprefix("discs/") for one in (*listed, *begun))


@dataclass
class Folder:
    """A folder of the SSH server."""

    relay: Relay
    path: Path
    user: str = field(default_factory=lambda: __import__("getpass").getuser())

    def address(self, name: str) -> str:
        return f"sftp://{self.user}@{_HOST}:{self.relay.port}{self.path}/{name}"

    def write(self, name: str, content: bytes) -> None:
        (self.path / name).write_bytes(content)

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file())


@contextmanager
def s3_server(environment: dict[str, str]) -> Iterator[Bucket]:
    """An S3 server with one bucket; `environment` gets what a client has to know."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address=_HOST, port=0, verbose=False)
    server.start()
    relay = Relay(server.get_host_and_port()[1])
    environment |= {
        "AWS_ACCESS_KEY_ID": "AKIATESTKEY", "AWS_SECRET_ACCESS_KEY": "topsecret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{_HOST}:{relay.port}", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    client = boto3.client(
        "s3", endpoint_url=f"http://{_HOST}:{server.get_host_and_port()[1]}", region_name="us-east-1",
        aws_access_key_id="AKIATESTKEY", aws_secret_access_key="topsecret",  # noqa: S106  of this test alone
    )  # fmt: skip
    client.create_bucket(Bucket="clinic")
    try:
        yield Bucket(relay, client, "clinic")
    finally:
        client.close()
        relay.close()
        server.stop()


@contextmanager
def ssh_server(home: Path, environment: dict[str, str]) -> Iterator[Folder]:
    """An SSH server whose host and user keys are known in `home`."""
    folder, keys = home / "discs", home / ".ssh"
    for made in (folder, keys):
        made.mkdir(parents=True)
    for name in ("host", "id_ed25519"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys / name], check=True)
    shutil.copy(keys / "id_ed25519.pub", keys / "authorized_keys")
    with closing(socket.create_server((_HOST, 0))) as free:
        port = free.getsockname()[1]
    settings = {
        "Port": port, "ListenAddress": _HOST, "HostKey": keys / "host", "AuthorizedKeysFile": keys / "authorized_keys",
        "StrictModes": "no", "UsePAM": "no", "PidFile": "none", "Subsystem": "sftp internal-sftp",
        "PasswordAuthentication": "no", "PermitRootLogin": "yes",
    }  # fmt: skip
    (keys / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where a server of root puts its unprivileged part
    server = subprocess.Popen([str(SSHD), "-D", "-e", "-f", keys / "sshd_config"], stderr=subprocess.DEVNULL)
    relay = Relay(port)
    host_key = " ".join((keys / "host.pub").read_text().split()[:2])
    (keys / "known_hosts").write_text(f"[{_HOST}]:{relay.port} {host_key}\n")
    environment["HOME"] = str(home)
    try:
        _await(port)
        yield Folder(relay, folder)
    finally:
        relay.close()
        server.terminate()
        server.wait(10)


def _await(port: int) -> None:
    for _try in range(100):
        with suppress(OSError), socket.create_connection((_HOST, port)):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on port {port}")
