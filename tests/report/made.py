"""A small finished run, a bundle that was only looked at, and what was seen of their images, made by hand.

`python -m tests.report.made` writes golden.json anew: look at the difference before you commit it.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from repack.model import Category, Proof
from repack.record.manifest import CodecRecord, EntryRecord, State
from repack.report import telling
from repack.report.page import Report
from repack.report.told import Told
from repack.thumbnails.drawing import Picture
from repack.thumbnails.looking import Looked, SeriesLook
from repack.thumbnails.person import Person

GOLDEN = Path(__file__).with_name("golden.json")
EXPLICIT, JPEG_LS, BASELINE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.50"
HIDDEN = frozenset({"doe", "jane", "pat-12345"})
#: A grey PNG of 1 x 1.
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)


def entry(path: str, category: Category, size: int, after: int | None = None, **more: Any) -> EntryRecord:  # noqa: ANN401
    """A line of the manifest: unchanged, unless `after` or `action` says otherwise."""
    action = more.pop("action", "copied" if after is None else "transcoded")
    was, now = more.pop("was", None), more.pop("now", None)
    before = State(size, size, "a" * 64, was)
    left = None if action == "dropped" else State(after or size, after or size, "b" * 64, now or was)
    proof = None if left is None else Proof.EXACT if action == "transcoded" else Proof.IDENTICAL
    return EntryRecord(path, category, more.pop("rule", f"{category}.rule"), action, more.pop("reason", "kept"),
                       before, left, more.pop("proof", proof), **more)  # fmt: skip


def entries() -> tuple[EntryRecord, ...]:
    slices = [entry(f"DOE_JANE/I{n}", Category.DICOM, 1_000_000, 400_000, was=EXPLICIT, now=JPEG_LS) for n in range(3)]
    return (
        entry("DICOMDIR", Category.DICOMDIR, 4_000),
        *slices,
        entry("DOE_JANE/US1", Category.DICOM, 90_000, was=BASELINE, reason="compressed with loss"),
        entry("Viewer/view.exe", Category.VIEWER, 500_000),
        entry("Viewer/lang/de.dll", Category.LOCALE, 20_000, action="dropped", rule="locale.folder",
              wish="--keep-locales"),
        entry("Viewer/lang/fr.dll", Category.LOCALE, 30_000, action="dropped", rule="locale.folder",
              wish="--keep-locales"),
        entry("Viewer/lang/en.dll", Category.LOCALE, 25_000, wish="--drop-path **/lang/*",
              guard="Viewer/view.exe needs it", reason="needed"),
        entry("Redist/vcredist_x86.exe", Category.REDISTRIBUTABLE, 2_000_000, action="dropped",
              rule="redist.vc-installer", wish="--drop-redist"),
        entry("Jane Doe/letter.pdf", Category.DOCUMENT, 60_000),
        entry("empty", Category.UNKNOWN, 0, folder=True),
    )  # fmt: skip


def run() -> Told:
    """A finished run."""
    return Told(
        entries(),
        "doe_jane.zip",
        5_800_000,
        2_000_000,
        ("view.exe of JANE may not open JPEG-LS",),
        "jpegls",
        (CodecRecord("jpegls", JPEG_LS, "CharLS in pyjpegls", "CharLS in imagecodecs", "CharLS"),),
        version="9.9.9",
        day="2026-01-02",
        sha256="c" * 64,
        tools={"numpy": "2.0"},
    )


def bundle() -> Told:
    """The same, only looked at."""
    only_seen = tuple(
        msgspec.structs.replace(e, action="copied", after=None, proof=None, wish="", guard="") for e in entries()
    )
    return Told(only_seen, "doe_jane.zip", 5_800_000, None, version="9.9.9")


def looked(*, with_patient: bool = False) -> Looked:
    """Two series: one with a picture, one without."""
    who = Person("Doe Jane", "PAT-12345", "1970-01-31", "F", "2024-03-15", "Head") if with_patient else Person()
    dots = (Picture(DOT, 1, 1, "image 1 of 3"),)
    return Looked(
        (
            SeriesLook((1, 2, 3), "CT", "BRAIN 1MM", 3, ((512, 512),), dots, person=who),
            SeriesLook((4,), "US", "ABDOMEN", 20, ((640, 480),), without="the name may be written in the picture"),
        ),
        with_patient,
        frozenset() if with_patient else HIDDEN,
    )  # fmt: skip


def structure(report: Report) -> object:
    """A report as plain JSON values."""
    return msgspec.json.decode(msgspec.json.encode(report))


if __name__ == "__main__":
    golden = {
        "run": structure(telling.compose(run(), looked())),
        "bundle": structure(telling.compose(bundle(), looked())),
    }
    GOLDEN.write_bytes(msgspec.json.format(msgspec.json.encode(golden), indent=1) + b"\n")
    sys.stdout.write(f"{GOLDEN.name} written\n")
