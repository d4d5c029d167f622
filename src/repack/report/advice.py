"""How to open the images on each system with programs that cost nothing, and how to get the originals back."""

from collections.abc import Sequence

from repack import codecs
from repack.codecs import jpegls
from repack.dicom import syntaxes
from repack.dicom.syntaxes import Kind
from repack.model import Category, Proof
from repack.record.manifest import EntryRecord, is_image
from repack.report.page import Advice, Column, Table
from repack.report.told import Told

_NEAR = "1.2.840.10008.1.2.4.81"
_JPEG = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"}
_USUAL = "every current viewer"
_VIEWER = "Get Weasis, which is free: weasis.org. Install and start it."
_OPEN = "Open the folder of the images in Weasis, or drag the folder onto its window."
#: What is known of Horos, by the codec's name.
_HOROS = {
    "jpegls": "Horos is free, too, but has shown some JPEG-LS images black or in wrong colours.",
    "j2k": "Horos 1.0.4 and later is free, too, and opens JPEG 2000.",
    "rle": "Horos is free, too, but its version 4.0.1 is said to spoil RLE images.",
}


def opening(told: Told) -> tuple[Advice, ...]:
    """The steps for each system."""
    used = _used(told)
    names = [codec.name for uid in used if (codec := codecs.BY_TRANSFER_SYNTAX.get(_like(uid)))]
    has_viewer = any(entry.category is Category.VIEWER and (entry.after or not told.is_done) for entry in told.files)
    own = "The viewer of the disc is in the folder, too. An old one may not show compressed images; Weasis does."
    horos = next((_HOROS[name] for name in names if name in _HOROS), "Horos is free, too.")
    zipped = told.is_done or told.name.lower().endswith(".zip")
    return (
        Advice(
            "Windows",
            (*(("Right-click the zip and choose “Extract All”.",) if zipped else ()), _VIEWER, _OPEN),
            own if has_viewer and names else "",
        ),
        Advice(
            "macOS",
            (*(("Double-click the zip; a folder appears beside it.",) if zipped else ()), _VIEWER, _OPEN),
            horos,
        ),
        Advice(
            "Linux",
            (*(("Unpack the zip in the file manager, or with: unzip THIS.zip",) if zipped else ()), _VIEWER, _OPEN),
            "Programs built on GDCM or DCMTK open most of these images, too; see the table.",
        ),
    )


def _used(told: Told) -> tuple[str, ...]:
    """The transfer syntaxes of the images as they are now."""
    states = ((entry.after if told.is_done else entry.before) for entry in told.files if is_image(entry))
    return tuple(dict.fromkeys(state.transfer_syntax for state in states if state and state.transfer_syntax))


def _like(uid: str) -> str:
    """The lossless sister of a transfer syntax that the same programs open."""
    return jpegls.LOSSLESS.transfer_syntax if uid == _NEAR else uid


def readers(told: Told) -> Table:
    """Which programs are known to open what is in it."""
    columns = (Column("Stored as"), Column("Opened by"))
    rows = []
    for uid in _used(told):
        syntax = syntaxes.find(uid)
        codec = codecs.BY_TRANSFER_SYNTAX.get(_like(uid))
        if codec is not None:
            rows.append((syntax.name, codec.opened_by))
        elif syntax.kind is Kind.NATIVE:
            rows.append((syntax.name, codecs.NONE_OPENED_BY))
        elif uid in _JPEG:
            rows.append((syntax.name, _USUAL))
    return Table("Who opens these images", columns, tuple(rows))


def giving_back(told: Told) -> tuple[Advice, ...]:
    """The ways back to the originals, and what does not come back."""
    if not told.is_done:
        return ()
    images = [entry for entry in told.files if is_image(entry) and entry.action == "transcoded"]
    return (
        Advice(
            "With repack",
            (
                "Give back all original files: repack restore THIS.zip -o FOLDER",
                "Check the zip at any time: repack verify THIS.zip",
            ),
            _not_back(images, told),
        ),
        Advice(
            "Without repack",
            (
                "The images are standard DICOM files: any DICOM tool kit decompresses them.",
                "REPACK/README.txt in the zip says in plain words how to rebuild the originals byte for byte.",
            ),
            "REPACK/manifest.json in the zip lists every file with its SHA-256 before and after.",
        ),
    )


def _not_back(images: Sequence[EntryRecord], told: Told) -> str:
    dropped = sum(entry.action == "dropped" for entry in told.files)
    lossy = sum(entry.proof is Proof.BOUNDED for entry in images)
    samples = sum(entry.proof is Proof.SAMPLES for entry in images)
    said = []
    if lossy:
        said.append(f"The original values of {lossy:,} images do not come back: they were compressed with a loss.")
    if samples:
        said.append(f"{samples:,} images come back uncompressed, pixel for pixel, not as the bytes of their files.")
    if dropped:
        said.append(f"The {dropped:,} files that were left out do not come back: keep the original disc for those.")
    return " ".join(said) or "Everything comes back."
