"""Places on real servers, empty for each test."""

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.programs import miss
from tests.places import servers
from tests.places.servers import Place

HAS_S3 = all(importlib.util.find_spec(name) for name in ("s3fs", "moto", "flask", "boto3"))
_SOURCES = "moto from the extra test, openssh-server from Debian"
HAS_SSH = importlib.util.find_spec("paramiko") is not None and servers.SSHD is not None


@pytest.fixture(scope="session")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    """Started once, when first needed."""
    with ExitStack() as running, pytest.MonkeyPatch.context() as patch:
        environment = {"AWS_MAX_ATTEMPTS": "2"}
        places: dict[str, Place] = {}
        if HAS_S3:
            places["s3"] = running.enter_context(servers.s3_server(environment))
        if HAS_SSH:
            home = tmp_path_factory.mktemp("home")
            places["sftp"] = running.enter_context(servers.ssh_server(home, environment))
        for name, value in environment.items():
            patch.setenv(name, value)
        yield places


@pytest.fixture(params=["s3", "sftp"])
def place(request: pytest.FixtureRequest, _servers: dict[str, Place]) -> Place:
    if request.param not in _servers:
        miss(f"a server for {request.param}", _SOURCES)
    return _emptied(_servers[request.param])


@pytest.fixture
def bucket(_servers: dict[str, Place]) -> servers.Bucket:
    if "s3" not in _servers:
        miss("a server for s3", _SOURCES)
    found = _emptied(_servers["s3"])
    assert isinstance(found, servers.Bucket)
    return found


def _emptied(place: Place) -> Place:
    place.relay.mend()
    match place:
        case servers.Bucket(client=client, name=name):
            for one in client.list_multipart_uploads(Bucket=name).get("Uploads", []):
                client.abort_multipart_upload(Bucket=name, Key=one["Key"], UploadId=one["UploadId"])
            for one in client.list_objects_v2(Bucket=name).get("Contents", []):
                client.delete_object(Bucket=name, Key=one["Key"])
        case servers.Folder(path=path):
            shutil.rmtree(path)
            path.mkdir()
    assert place.names() == []
    return place


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    return tmp_path / "staging"
