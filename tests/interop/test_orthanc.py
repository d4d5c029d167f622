"""A real Orthanc server takes in what repack wrote and shows the frames that it shows of the originals.

Its own decoder (DCMTK's) reads JPEG-LS and RLE, the GDCM plug-in JPEG 2000 as well; neither reads HTJ2K or JPEG XL.
"""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError

import numpy as np
import pytest

from fixtures.disc import dress, write_zip
from repack.dicom.image import NotDone
from repack.dicom.transcode import Rewritten, transcode
from tests.commands import repack
from tests.discs import write_small_disc
from tests.interop.images import SYNTHETIC, read, words_of
from tests.interop.orthanc import GDCM_PLUGIN, Orthanc, running
from tests.interop.programs import call
from tests.interop.readers import CODECS, NEAR, find_codec, rewrite
from tests.shared_data import require, shared_files

pytestmark = pytest.mark.interop

SLICES = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"]
REAL = SLICES[::40] + shared_files("dicom/series", "*.dcm")[::6]

PLAIN, WITH_PLUGIN = {"jpegls", "rle"}, {"jpegls", "rle", "j2k"}
SERVERS = {"plain": (), "with GDCM": (GDCM_PLUGIN,)}

#: Orthanc 1.10 shows none of these, native or compressed; GDCM 3.0.21 takes the whole server down at some.
NEVER_SHOWN = {
    "7 in 8 bits",
    "6 in 8 bits",
    "signed 8 bits",
    "colour by pixel, 16 bits",
    "colour by plane, 16 bits",
    "YBR_FULL by pixel",
    "YBR_FULL by plane",
}
#: And these look one way native and another way compressed, whoever compressed them. (Plain Orthanc takes the native
#: image of 8 in 16 bits for one of 8.)
SHOWN_OTHERWISE = [
    ("plain", "8 in 16 bits"),
    ("plain", "high bit 15 of 12 in 16"),
    ("with GDCM", "dirty bits in every word"),
    ("with GDCM", "one dirty bit"),
]
SHOWN = sorted(SYNTHETIC.keys() - NEVER_SHOWN)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Orthanc]]:
    folder = tmp_path_factory.mktemp("orthanc")
    with running(folder / "plain") as plain, running(folder / "plugin", GDCM_PLUGIN) as with_plugin:
        yield {"plain": plain, "with GDCM": with_plugin}


def shown(server: Orthanc, content: bytes) -> dict[str, list[str]]:
    """What the server shows of a file or of a zip, by its own identifiers, which follow from the UIDs; then forgets."""
    try:
        return {instance: server.render(instance) for instance in server.take_in(content)}
    finally:
        server.remove_all()


def rewritten(name: str, codec: str) -> bytes:
    new = rewrite(SYNTHETIC[name], codec)
    assert not isinstance(new, NotDone), new
    return new


READS = [
    *(("plain", codec) for codec in CODECS if codec in PLAIN),
    *(("with GDCM", codec) for codec in CODECS if codec in WITH_PLUGIN),
]


@pytest.mark.parametrize(
    ("server", "codec", "name"),
    [(server, codec, name) for server, codec in READS for name in SHOWN if (server, name) not in SHOWN_OTHERWISE],
)
def test_frames_are_those_of_the_original(name: str, codec: str, server: str, servers: dict[str, Orthanc]):
    before, after = (shown(servers[server], content) for content in (SYNTHETIC[name], rewritten(name, codec)))
    assert len(before) == 1
    assert after == before


@pytest.mark.parametrize(("server", "codec"), READS)
@pytest.mark.parametrize("name", ["12 in 16 bits", "signed 12 in 16 bits", "colour by plane"])
def test_the_frames_are_the_stored_words(name: str, codec: str, server: str, servers: dict[str, Orthanc]):
    (frames,) = shown(servers[server], rewritten(name, codec)).values()
    original = read(SYNTHETIC[name])
    numbers = " ".join(frame[frame.index("[") + 1 : frame.index("]")] for frame in frames).replace(";", " ")
    words = np.frombuffer(words_of(original), f"<{'ui'[original.PixelRepresentation]}{original.BitsAllocated // 8}")
    assert [int(number) for number in numbers.split()] == words.tolist()


@pytest.mark.parametrize(
    ("server", "codec"),
    [("plain", "j2k"), *((server, codec) for server in SERVERS for codec in ("htj2k", "jpegxl"))],
)
def test_what_it_cannot_decode_it_keeps_and_says_so(server: str, codec: str, servers: dict[str, Orthanc]):
    if codec not in CODECS:
        pytest.skip(f"this installation does not write {codec}")
    with pytest.raises(HTTPError):
        shown(servers[server], rewritten("12 in 16 bits", codec))


@pytest.mark.parametrize("codec", CODECS)
def test_files_are_stored_and_given_back_as_they_were_sent(codec: str, servers: dict[str, Orthanc]):
    server = servers["plain"]
    (original,) = server.take_in(SYNTHETIC["12 in 16 bits"])
    server.remove_all()
    new = rewritten("12 in 16 bits", codec)
    (instance,) = server.take_in(new)
    assert server.give_back(instance) == new
    assert (instance == original) == (codec != NEAR)  # a near-lossless image is another instance
    server.remove_all()


@pytest.mark.parametrize("name", sorted(NEVER_SHOWN))
def test_what_is_never_shown_is_not_shown_native_either(name: str, servers: dict[str, Orthanc]):
    with pytest.raises(HTTPError):
        shown(servers["plain"], SYNTHETIC[name])


@pytest.mark.parametrize(("server", "name"), SHOWN_OTHERWISE)
def test_what_is_shown_otherwise_is_so_with_the_files_of_dcmtk(
    name: str, server: str, servers: dict[str, Orthanc], tmp_path: Path
):
    (tmp_path / "old.dcm").write_bytes(SYNTHETIC[name])
    call("dcmcjpls", tmp_path / "old.dcm", tmp_path / "other.dcm")

    def try_it(content: bytes) -> dict[str, list[str]] | None:
        try:
            return shown(servers[server], content)
        except HTTPError:
            return None

    before = try_it(SYNTHETIC[name])
    after = try_it(rewritten(name, "jpegls"))
    assert before is not None
    assert after != before
    assert after == try_it((tmp_path / "other.dcm").read_bytes())


@pytest.mark.parametrize("name", sorted({name for _server, name in SHOWN_OTHERWISE} - {"8 in 16 bits"}))
def test_people_are_told_of_images_that_may_be_shown_otherwise(name: str):
    result = transcode(SYNTHETIC[name], find_codec("jpegls"))
    assert isinstance(result, Rewritten)
    assert any("show such images otherwise" in note for note in result.notes)


# --- whole discs ---


def images_of(disc: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(disc) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.startswith("DICOM/")}


def shown_one_by_one(server: Orthanc, images: Iterable[bytes]) -> dict[str, list[str]]:
    """What the server shows of each file; those that it cannot show are left out."""
    found: dict[str, list[str]] = {}
    for content in images:
        with suppress(HTTPError):
            found |= shown(server, content)
    return found


@pytest.mark.parametrize(("server", "codec"), READS)
def test_a_repacked_disc_shows_the_frames_of_the_disc(
    server: str, codec: str, servers: dict[str, Orthanc], tmp_path: Path
):
    disc, new = tmp_path / "disc.zip", tmp_path / "new.zip"
    write_small_disc(disc, 5, 96)
    repack(disc, "-o", new, "--codec", codec, "-q")
    images = images_of(new)
    assert {read(image).file_meta.TransferSyntaxUID for image in images.values()} == {find_codec(codec).transfer_syntax}
    before = shown_one_by_one(servers[server], images_of(disc).values())
    assert len(before) == len(images) == 5
    assert shown(servers[server], new.read_bytes()) == before


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom about values of the files, not about us
@pytest.mark.parametrize(("server", "codec"), [("plain", "jpegls"), ("with GDCM", "j2k")])
def test_a_disc_of_real_images_shows_the_same_frames(
    server: str, codec: str, servers: dict[str, Orthanc], tmp_path: Path
):
    require(REAL)
    disc, new = tmp_path / "disc.zip", tmp_path / "new.zip"
    write_zip(disc, dress([(path.name, path.read_bytes()) for path in REAL]))
    repack(disc, "-o", new, "--codec", codec, "-q")
    before = shown_one_by_one(servers[server], images_of(disc).values())
    after = shown_one_by_one(servers[server], images_of(new).values())
    assert len(before) > 10
    assert after == before
