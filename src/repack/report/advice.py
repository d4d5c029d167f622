"""How to open the images on each system with programs that cost nothing, and how to get the originals back."""

from collections.abc import Iterable, Iterator, Sequence

from repack import codecs
from repack.codecs.frames import Codec
from repack.dicom import syntaxes
from repack.dicom.syntaxes import Kind
from repack.model import Category, Proof
from repack.record.manifest import EntryRecord, is_image, syntax_now
from repack.report import words
from repack.report.page import Advice, Column, Step, Table
from repack.report.told import Told

_REBUILD = Step("REPACK/README.txt in the zip says in plain words how to rebuild the originals byte for byte.")
_JPEG = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"}
_USUAL = "nearly every viewer"
_VIEWER = (
    Step("Get Weasis, a free viewer for Windows, macOS and Linux:", link="https://weasis.org"),
    Step("Open the folder of the images in Weasis, or drag the folder onto its window."),
)
_OWN = "The viewer of the disc is in the folder, too. An old one may not show compressed images; Weasis does."
_KITS = ("GDCM", "DCMTK")
_NO_TOOL = "GDCM and DCMTK, the usual tool kits, do not decompress {} yet: use repack."
_NO_WAY_BACK = "No program gives back the original values of images that were compressed with a loss."
_AS_THEY_ARE = Step("Its images are not compressed anew: unzip them; they can be used as they are.")
#: What is known of Horos, by the codec's name.
_HOROS = {
    "jpegls": "Horos is free, too, but is known to have shown some JPEG-LS images black or in wrong colours.",
    "j2k": "Horos 1.0.4 and later is free, too, and opens JPEG 2000.",
    "rle": "Horos is free, too, but its version 4.0.1 is said to spoil RLE images.",
}


def opening(told: Told) -> tuple[Advice, ...]:
    """The steps for each system."""
    used = [codec for uid in _used(told) if (codec := codecs.OPENED_AS.get(uid))]
    doubt = _doubt(used)
    has_viewer = any(entry.category is Category.VIEWER and (entry.after or not told.is_done) for entry in told.files)
    horos = next((_HOROS[codec.name] for codec in used if codec.name in _HOROS), "Horos is free, too.")
    is_zip = told.is_done or told.name.lower().endswith(".zip")
    systems = (
        ("Windows", Step("Right-click the zip and choose “Extract All”."), _OWN if has_viewer and used else ""),
        ("macOS", Step("Double-click the zip; a folder appears beside it."), horos),
        ("Linux", Step("Unpack the zip in the file manager, or with", "unzip THIS.zip"), _name_kits(used)),
    )
    return tuple(
        Advice(system, (*((unpack,) if is_zip else ()), *_VIEWER), doubt or remark)
        for system, unpack, remark in systems
    )


def _doubt(used: Sequence[Codec]) -> str:
    """What speaks against the steps, where hardly any program opens what was written."""
    strange = [codec.name for codec in used if "Weasis" not in codec.opened_by]
    if strange:
        return f"Weasis is not known to open {', '.join(strange)}; the table says which programs are."
    rare = [codec.name for codec in used if codec.few_readers]
    return f"Hardly any program but Weasis opens {', '.join(rare)} yet; the table says which do." if rare else ""


def _name_kits(used: Sequence[Codec]) -> str:
    kits = dict.fromkeys(unpacker.kit for codec in used for unpacker in codec.unpackers) if used else _KITS
    return f"Programs built on {' or '.join(kits)} open most of these images, too; see the table." if kits else ""


def _used(told: Told) -> tuple[str, ...]:
    """The transfer syntaxes of the images as they are now."""
    states = ((entry.after if told.is_done else entry.before) for entry in told.files if is_image(entry))
    return tuple(dict.fromkeys(state.transfer_syntax for state in states if state and state.transfer_syntax))


def readers(told: Told) -> Table:
    """Which programs are known to open what is in it."""
    columns = (Column("Stored as"), Column("Opened by"))
    rows = []
    for uid in _used(told):
        syntax = syntaxes.find(uid)
        codec = codecs.OPENED_AS.get(uid)
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
    is_exact = all(entry.proof is Proof.EXACT for entry in images)
    rebuilds = any(entry.proof is Proof.EXACT for entry in images)
    return (
        Advice(
            "With repack",
            (
                Step(f"Give back {'the original' if is_exact else 'the'} files:", "repack restore THIS.zip -o FOLDER"),
                Step("Check the zip at any time:", "repack verify THIS.zip"),
            ),
            _not_back(images, told),
        ),
        Advice(
            "Without repack",
            (
                *_unpacking(images),
                *([_REBUILD] if rebuilds else []),
            ),
            "REPACK/manifest.json in the zip lists every file with its SHA-256 before and after.",
        ),
    )


def _unpacking(images: Sequence[EntryRecord]) -> Iterator[Step]:
    """How to get the pixels back with programs of others, as far as any of them can."""
    lossless = dict.fromkeys(syntax_now(image) for image in images if image.proof is not Proof.BOUNDED)
    for tool, uids in codecs.find_unpackers(lossless).items():
        yield Step(
            f"{tool.kit} makes an image A ({_name_all(uids)}) into an uncompressed one, B:", f"{tool.command} A B"
        )
    closed = [uid for uid in lossless if uid in codecs.OPENED_AS and not codecs.OPENED_AS[uid].unpackers]
    if closed:
        yield Step(_NO_TOOL.format(_name_all(closed)))
    if any(image.proof is Proof.BOUNDED for image in images):
        yield Step(_NO_WAY_BACK)
    if not any(syntax_now(image) in codecs.OPENED_AS for image in images):
        yield _AS_THEY_ARE


def _name_all(uids: Iterable[str]) -> str:
    return ", ".join(syntaxes.find(uid).name for uid in uids)


def _not_back(images: Sequence[EntryRecord], told: Told) -> str:
    dropped = sum(entry.action == "dropped" for entry in told.files)
    lossy = sum(entry.proof is Proof.BOUNDED for entry in images)
    samples = sum(entry.proof is Proof.SAMPLES for entry in images)
    said = []
    if lossy:
        lost = words.plural(lossy, "image")
        said.append(f"The original values of {lost} do not come back: {_were(lossy)} compressed with a loss.")
    if samples:
        came = words.plural(samples, "image comes", "images come")
        said.append(f"{came} back uncompressed, pixel for pixel, not as the bytes of the original files.")
    if dropped:
        gone = words.plural(dropped, "file was left out and does", "files were left out and do")
        said.append(f"{gone} not come back: keep the original disc for those.")
    return " ".join(said) or "Everything comes back."


def _were(count: int) -> str:
    return "it was" if count == 1 else "they were"
