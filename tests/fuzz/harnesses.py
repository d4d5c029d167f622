"""What is fuzzed: for every reader of foreign bytes, seeds made by our own fixtures, and what must hold for any input.

A harness takes bytes and raises only where a promise is broken: an error of another kind than the contract names, more
bytes than announced, two parts of the program that contradict each other.
"""

import io
import json
import lzma
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fixtures.dicom import dicomdir as make_dicomdir
from fixtures.dicom import image_file
from fixtures.header import SeriesHeader
from fixtures.pe import program
from fixtures.phantom import slice_words
from fixtures.viewer import launch_files
from repack.bundles import open_bundle
from repack.bundles.names import read_name
from repack.classify import mentions, pe, rulefile
from repack.codecs import BY_NAME
from repack.codecs.frames import CodecFailed, FrameLayout
from repack.dicom import dicomdir, explicit, header, part10
from repack.dicom.image import NotDone
from repack.dicom.order import Order
from repack.dicom.transcode import Rewritten, invert, transcode
from repack.errors import BundleUnreadable, RuleInvalid
from repack.model import EntryUnreadable, Restorable
from repack.record.manifest import decode as decode_manifest
from repack.record.restoredata import RestoreWriter, read_records
from tests import raw_dicom
from tests.bundles.handmade import DESCRIPTOR, UTF8, Made, make_zip

_ENTRIES_LOOKED_AT = 20
_SECTOR = 2048
_SYSTEM_AREA = 16 * _SECTOR  # of an ISO image (ECMA-119 6.2.1), left out of what is fuzzed


@dataclass(frozen=True, slots=True)
class Harness:
    """Seeds to begin with, and what to do with each input."""

    make_seeds: Callable[[], Sequence[bytes]]
    run: Callable[[bytes], None]
    longest: int = 4096  # bytes of an input


# --- bundles ---


@cache
def _file() -> Path:
    """A file in memory, where the system has such a place; the same one for all runs of this process."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  speed; the name is a random one
    handle, name = tempfile.mkstemp(".zip", dir=place)
    os.close(handle)
    return Path(name)


def _open(data: bytes) -> None:
    """Open a bundle and read from its entries."""
    path = _file()
    path.write_bytes(data)
    try:
        bundle = open_bundle(path)
    except BundleUnreadable:
        return
    for entry in bundle.entries[:_ENTRIES_LOOKED_AT]:
        parts = entry.path.split("/")
        assert ".." not in parts, entry.path
        assert not entry.path.startswith("/"), entry.path
        assert "\0" not in entry.path, entry.path
        if entry.place is None:
            continue
        try:
            assert len(entry.place.read_start(1024)) <= 1024
            size = 0
            for piece in entry.place.chunks():
                size += len(piece)
                assert size <= max(entry.size, entry.stored), "more bytes than announced"
                if size > 1 << 22:  # the rest would only be more of the same
                    break
        except EntryUnreadable:
            continue


def _zip_seeds() -> list[bytes]:
    some = [
        Made(b"DICOMDIR", b"index" * 9, method=8),
        Made("größe/a".encode(), b"x", flags=UTF8),
        Made(b"DIR/", b""),
        Made(b"s", b"streamed" * 20, method=8, flags=DESCRIPTOR),
        Made(b"b\\c", b"", system=0, central_extra=b"UT\5\0\3\0\0\0\0"),
    ]
    return [
        make_zip([]),
        make_zip(some[:1]),
        make_zip(some, comment=b"a comment"),
        make_zip(some[2:4], prefix=b"MZ" + bytes(30)),
        make_zip([Made(b"caf\xe9", method=9, data=b"x"), Made(b"e", flags=1), Made(b"z", b"b" * 40, method=12)]),
    ]


def _iso_seeds() -> list[bytes]:
    import pycdlib

    seeds = []
    for kwargs in ({}, {"joliet": 3}, {"rock_ridge": "1.09", "joliet": 3}):
        made = pycdlib.PyCdlib()
        made.new(**kwargs)
        more = {"joliet_path": "/" + "long name"} if "joliet" in kwargs else {}
        more |= {"rr_name": "long"} if "rock_ridge" in kwargs else {}
        made.add_fp(io.BytesIO(b"content"), 7, "/A.TXT;1", **more)
        folder = {"joliet_path": "/dir"} if "joliet" in kwargs else {}
        folder |= {"rr_name": "dir"} if "rock_ridge" in kwargs else {}
        made.add_directory("/DIR", **folder)
        out = io.BytesIO()
        made.write_fp(out)
        made.close()
        whole = out.getvalue()
        seeds.append(whole[_SYSTEM_AREA : len(whole.rstrip(b"\0")) + 16])
    return seeds


# --- DICOM ---


def _raw_images() -> list[raw_dicom.RawImage]:
    words = bytes(range(32))
    private = raw_dicom.text(0x0009_0010, "LO", "SIEMENS CT VA0  COAD", explicit=False)
    nested = raw_dicom.sequence(
        0x0008_1140,
        [raw_dicom.text(0x0008_1155, "UI", "1.2.3", explicit=False)],
        explicit=False,
        defined=False,
    )
    return [
        raw_dicom.RawImage(words, 4, 4),
        raw_dicom.RawImage(words, 4, 4, explicit=False, extra=private + nested),
        raw_dicom.RawImage(words[:27], 3, 3, allocated=8, stored=8, samples=3, planar=1, padding=b"\0"),
        raw_dicom.RawImage(words, 2, 4, frames=2, has_image_group_length=True, has_pixel_group_length=True),
        raw_dicom.RawImage(words, 4, 4, preamble=b"", behind=raw_dicom.element(0xFFFC_FFFC, "OB", b"\0\0")),
    ]


def _part10_seeds() -> list[bytes]:
    fragments = raw_dicom.RawImage(bytes(32), 4, 4).expected_after([b"\xff\xd8stream"])
    return [one.content for one in _raw_images()] + [fragments]


def _read_part10(data: bytes) -> None:
    try:
        top = header.read(data)
    except part10.Unparseable:
        return
    assert all(element.value <= len(top.data) + 12 for element in top.elements.values())
    for tag in top.elements:
        top.value(tag)
        top.number(tag)
    top.text(header.SERIES_DESCRIPTION)
    assert top.frames is None or top.frames > 0
    if top.pixel_data is not None and top.pixel_data.length == part10.UNDEFINED:
        try:
            spans, behind = part10.read_fragments(top.data, top.pixel_data.value)
        except part10.Unparseable:
            return
        assert all(start <= end <= behind <= len(top.data) for start, end in spans)


def _transcode(data: bytes) -> None:
    """Either a reason, or a file that leads back to the very same bytes."""
    result = transcode(data, Order((BY_NAME["jpegls"],), is_named=True))
    if isinstance(result, Rewritten) and result.restorable is not None:
        assert invert(result.data, result.restorable) == data


def _convert(data: bytes) -> None:
    """A sign of pixels, and a data set in Implicit VR: refused, or the same elements in Explicit VR."""
    body = data[1:]
    try:
        new = explicit.convert(body, 0, len(body), is_signed=bool(data[:1] and data[0] & 1))
    except (explicit.NotConvertible, part10.Unparseable):
        return
    assert explicit.agrees(body, (0, len(body)), new, (0, len(new))), "another data set came out"


def _implicit_seeds() -> list[bytes]:
    found = [b"\0" + one.data_set(None) for one in _raw_images() if not one.explicit]
    words = slice_words(0, 4, 16)
    file = image_file(words, index=0, count=4, series=SeriesHeader(), implicit=True)
    meta = part10.read_meta(file)
    assert meta is not None
    return [*found, b"\1" + file[meta.data_set : -len(words)][:3000]]


def _read_dicomdir(data: bytes) -> None:
    """Every record may get another transfer syntax, and what comes out lists the same files."""
    directory = dicomdir.read_directory(data)
    if isinstance(directory, NotDone):
        return
    files = [record.file_id for record in directory.records]
    patched = dicomdir.patch(directory, dict.fromkeys(files, raw_dicom.JPEG_LS))
    if isinstance(patched, NotDone):
        return
    again = dicomdir.read_directory(patched.data)
    assert not isinstance(again, NotDone)
    assert [record.file_id for record in again.records] == files


def _dicomdir_seeds() -> list[bytes]:
    series = SeriesHeader()
    images = [(f"DICOM/I{n}", image_file(slice_words(n, 2, 8), index=n, count=2, series=series)) for n in range(2)]
    return [make_dicomdir(images), make_dicomdir(images[:1])]


def _decode_jpegls(data: bytes) -> None:
    """The first four bytes are the shape that is expected, the rest is the stream."""
    if len(data) < 4:
        return
    layout = FrameLayout(1 + data[0] % 64, 1 + data[1] % 64, (1, 3)[data[2] & 1], 1 + (data[2] >> 1 & 1), 16)
    try:
        frame = BY_NAME["jpegls"].decode(data[4:], layout)
    except CodecFailed:
        return
    assert len(frame) == layout.size


def _jpegls_seeds() -> list[bytes]:
    seeds = []
    for rows, columns, samples, width in ((5, 7, 1, 2), (16, 16, 1, 1), (8, 8, 3, 1), (12, 9, 1, 2)):
        layout = FrameLayout(rows, columns, samples, width, 8 * width)
        frame = bytes(n * n % 251 for n in range(layout.size))
        shape = bytes((rows - 1, columns - 1, (samples > 1) | (width - 1) << 1, 0))
        seeds.append(shape + BY_NAME["jpegls"].encode(frame, layout))
    return seeds


# --- rules, programs, texts ---


def _read_rules(data: bytes) -> None:
    try:
        rulefile.read_rules("fuzz.toml", data.decode("utf-8", "replace"))
    except RuleInvalid:
        return


def _rule_seeds() -> list[bytes]:
    rules = Path(__file__).resolve().parents[2] / "rules"
    own = """[[rule]]
id = "x"
category = "junk"
why = "because"
match = [{path = "**/{locale}/*.dll", siblings = 3}, {magic = ["pe", "zip"], larger_than = 10}]
unless = {name = "a.b[c]", pe = {company = "^Acme", kind = "dll"}, dicom = {modality = "CT"}}
action = "keep"
"""
    return [own.encode(), *(path.read_bytes()[:3000] for path in sorted(rules.glob("*.toml")))]


def _read_pe(data: bytes) -> None:
    facts = pe.read_facts(pe.from_bytes(data), len(data))
    assert facts is None or all(name == name.lower() for name in facts.imports)


def _pe_seeds() -> list[bytes]:
    version = {"CompanyName": "Acme", "ProductName": "Viewer", "OriginalFilename": "v.exe", "FileVersion": "1.0.0.0"}
    return [
        program(is_dll=False, machine="x86", version=version, imports={"kernel32.dll": ["ExitProcess"]}),
        program(is_dll=True, machine="x64", version={}, imports={"a.dll": ["f"]}, delay_imports={"b.dll": ["g"]}),
    ]


_LAUNCHERS = (
    "autorun.inf", "start.bat", "index.htm", "run.sh", "x.vbs", "x.hta", "v.ini", "a.js", "b.xml", "s.lnk", "e.desktop",
    "Info.plist",
)  # fmt: skip


def _read_mentions(data: bytes) -> None:
    """The first byte chooses the kind of file."""
    if not data:
        return
    said = mentions.read(_LAUNCHERS[data[0] % len(_LAUNCHERS)], data[1:])
    for name in said.names:
        assert "\\" not in name
        assert name


def _mention_seeds() -> list[bytes]:
    texts = [content for _path, content in launch_files()]
    texts += [b'<a href="a%20b.exe">x</a>', 'start "größe.exe"'.encode("cp1252"), "open=x.exe".encode("utf-16")]
    return [bytes([n % len(_LAUNCHERS)]) + text[:2000] for n, text in enumerate(texts)]


def _read_name(data: bytes) -> None:
    if not data:
        return
    read = read_name(data[1:], is_utf8=bool(data[0] & 1), from_windows=bool(data[0] & 2))
    assert ".." not in read.path.split("/")
    assert not read.path.startswith("/")
    written = read.name.raw.decode("utf-8") if read.name.is_utf8 else read.name.raw.decode("ascii", "replace")
    assert ".." not in written.split("/")


# --- our own records, which may be damaged ---


def _read_restore(data: bytes) -> None:
    """The first byte says whether the rest is the stream or the text within it."""
    stream = lzma.compress(data[1:], preset=0) if data[:1] == b"\1" else data[1:]
    try:
        for entry, restorable in read_records(io.BytesIO(stream)):
            assert entry >= 0
            assert isinstance(restorable, Restorable)
    except ValueError:
        return


def _restore_seeds() -> list[bytes]:
    writer = RestoreWriter()
    writer.add(3, Restorable(b"head" * 5, b"tail"))
    writer.add(4, Restorable(b"head" * 5, is_planar=True))
    writer.add(5, Restorable(b"DICOMDIR", has_frames=False))
    stream = writer.finish()
    return [b"\0" + stream, b"\1" + lzma.decompress(stream)]


def _read_manifest(data: bytes) -> None:
    try:
        decode_manifest(data)
    except ValueError:
        return


def _manifest_seeds() -> list[bytes]:
    entry = {
        "path": "a",
        "category": "dicom",
        "rule": "r",
        "action": "copied",
        "reason": "x",
        "before": {},
        "after": None,
    }
    made = {"schema": "1", "version": "0", "source": {}, "options": {}, "tools": {}, "entries": [entry], "totals": {}}
    return [json.dumps(made).encode()]


HARNESSES: dict[str, Harness] = {
    "zip": Harness(_zip_seeds, _open, 2048),
    "iso": Harness(_iso_seeds, lambda data: _open(bytes(_SYSTEM_AREA) + data), 60_000),
    "part10": Harness(_part10_seeds, _read_part10),
    "transcode": Harness(_part10_seeds, _transcode),
    "implicit": Harness(_implicit_seeds, _convert),
    "dicomdir": Harness(_dicomdir_seeds, _read_dicomdir),
    "jpegls": Harness(_jpegls_seeds, _decode_jpegls, 1024),
    "rules": Harness(_rule_seeds, _read_rules),
    "pe": Harness(_pe_seeds, _read_pe, 8192),
    "references": Harness(_mention_seeds, _read_mentions),
    "names": Harness(lambda: [b"\0a/../b", "\1größe\\c".encode(), b"\2c:\\x\\..\\y", b"\3\xff/con"], _read_name, 200),
    "restore": Harness(_restore_seeds, _read_restore),
    "manifest": Harness(_manifest_seeds, _read_manifest),
}
