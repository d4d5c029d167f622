"""Small discs that keep every rule, to be broken one rule at a time; each file is read as a run would read it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path

from pydicom import Dataset, dcmread, dcmwrite

from fixtures.dicom import dicomdir, image_file
from fixtures.header import SeriesHeader
from fixtures.phantom import slice_words
from repack.conformance.checks import evaluate
from repack.conformance.disc import Disc, as_found
from repack.model import EntryUnreadable, Facts, Finding, Raw, Wishes
from repack.planning.plan import decide
from tests.classify.synthetic import classify, lay_out

Files = dict[str, bytes | Facts]
Change = Callable[[Files], None]

INDEX, FIRST, SECOND = "DICOMDIR", "DICOM/I0000001", "DICOM/I0000002"


@dataclass(frozen=True, slots=True)
class Broken:
    """A place whose bytes cannot be had."""

    def read(self) -> bytes:
        raise EntryUnreadable("damaged")

    def read_start(self, _length: int) -> bytes:
        raise EntryUnreadable("damaged")

    def chunks(self) -> Iterator[bytes]:
        raise EntryUnreadable("damaged")

    def raw(self) -> Raw | None:
        raise EntryUnreadable("damaged")


@cache
def image(number: int = 0, *, implicit: bool = False, patient: str = "PHANTOM^HEAD") -> bytes:
    """One slice of 8 by 8 pixels."""
    series = SeriesHeader(patient_name=patient, patient_id=patient)
    return image_file(slice_words(number, 9, 8), index=number, count=9, series=series, implicit=implicit)


def stated_as(syntax: str, content: bytes) -> bytes:
    """The file with another transfer syntax in its file meta; its pixels stay as they are, which no check looks at."""
    return rewrite_meta(content, lambda meta: setattr(meta, "TransferSyntaxUID", syntax))


def rewrite_meta(content: bytes, change: Callable[[Dataset], object]) -> bytes:
    """The same data set behind other file meta."""
    found = dcmread(BytesIO(content))
    rest = content[132 + 12 + found.file_meta.FileMetaInformationGroupLength :]
    change(found.file_meta)
    found.file_meta.FileMetaInformationGroupLength = 0
    written = BytesIO()
    dcmwrite(written, replace_with_nothing(found), enforce_file_format=False)
    meta = written.getvalue()
    return meta + rest


def replace_with_nothing(found: Dataset) -> Dataset:
    """An empty data set with the same preamble and file meta."""
    empty = Dataset()
    empty.preamble = found.preamble
    empty.file_meta = found.file_meta
    return empty


def sound() -> Files:
    """A disc that keeps every rule: an index, two images, a page, a README."""
    images = {FIRST: image(0), SECOND: image(1)}
    return {
        INDEX: dicomdir(images.items()),
        **images,
        "README.TXT": b"made by a test\r\n",
        "INDEX.HTM": b'<html><a href="IHE_PDI/PAGE.HTM">page</a><a href="README.TXT">readme</a></html>',
        "IHE_PDI/PAGE.HTM": b'<html><img src="A.JPG"></html>',
        "IHE_PDI/A.JPG": b"\xff\xd8\xff\xe0" + bytes(64),
    }


def indexed(files: Files, images: Mapping[str, bytes]) -> None:
    """Put these images on the disc, and a DICOMDIR that lists them."""
    files.update(images)
    files[INDEX] = dicomdir(images.items())


def look(files: Files, *, kind: str = "zip", name: str = "DICOM.ZIP", broken: tuple[str, ...] = ()) -> Disc:
    """The disc as a survey finds it; the contents of `broken` cannot be read."""
    found = lay_out(files)
    entries = [replace(e, place=Broken()) if e.path in broken else e for e in found.bundle.entries]
    facts = [Facts("unreadable") if e.path in broken else f for e, f in zip(entries, found.facts, strict=True)]
    again = classify(entries, facts)
    bundle = replace(again.bundle, kind=kind, path=Path(name))
    return as_found(decide(bundle, again.facts, again.verdicts, again.needs, Wishes()))


def check(name: str, disc: Disc) -> Finding:
    """What one check finds."""
    return evaluate(disc)[name]


def shift_offsets(index: bytes, amount: int) -> bytes:
    """A DICOMDIR whose offsets are all wrong by one amount."""
    found = dcmread(BytesIO(index))
    keywords = (
        "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity",
        "OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity",
        "OffsetOfTheNextDirectoryRecord",
        "OffsetOfReferencedLowerLevelDirectoryEntity",
    )
    for level in (found, *found.DirectoryRecordSequence):
        for keyword in keywords:
            if level.get(keyword):
                setattr(level, keyword, level.get(keyword) + amount)
    written = BytesIO()
    dcmwrite(written, found)
    return written.getvalue()
