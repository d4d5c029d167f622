"""What the header of a DICOM file says, read from its first bytes without decoding more than is asked for."""

import warnings
from dataclasses import dataclass

from repack import deflate
from repack.dicom import part10, syntaxes
from repack.dicom.part10 import CutShort, Element, Encoding, FileMeta, Unparseable

SOP_CLASS_UID = 0x0008_0016
CHARACTER_SET = 0x0008_0005
MODALITY = 0x0008_0060
SERIES_DESCRIPTION = 0x0008_103E
STUDY_UID = 0x0020_000D
SERIES_UID = 0x0020_000E
NUMBER_OF_FRAMES = 0x0028_0008
MEDIA_STORAGE_SOP_CLASS, MEDIA_STORAGE_SOP_INSTANCE = 0x0002_0002, 0x0002_0003

_ENCODINGS = {
    syntaxes.IMPLICIT_LE: part10.IMPLICIT,
    syntaxes.BIG_ENDIAN_EXPLICIT: part10.BIG_ENDIAN,
}
_LONGEST_INTEGER = 12  # characters of an IS (PS3.5 table 6.2-1)
ENOUGH = 1 << 20  # bytes of a deflated data set that are looked at for facts


@dataclass(frozen=True, slots=True)
class Header:
    """The top level of a data set up to Pixel Data: where each element lies in `data`."""

    data: bytes
    meta: FileMeta | None
    encoding: Encoding
    elements: dict[int, Element]
    pixel_data: Element | None
    problem: str = ""  # where reading ended early: why
    needed: int = 0  # and how many bytes would get it further

    def value(self, tag: int) -> bytes | None:
        """The bytes of a value, or None where the element is missing, a sequence, or cut off."""
        element = self.elements.get(tag)
        if element is None or element.length == part10.UNDEFINED or element.end > len(self.data):
            return None
        return self.data[element.value : element.end]

    def number(self, tag: int) -> int | None:
        """An unsigned short (US), or None where the element is missing or of another length."""
        value = self.value(tag)
        return int.from_bytes(value, self.encoding.order) if value is not None and len(value) == 2 else None

    def ascii(self, tag: int) -> str:
        """A text of the default repertoire (UI, CS, IS), without padding; empty where missing."""
        value = self.value(tag)
        return "" if value is None else value.strip(b" \0").decode("ascii", "replace")

    def text(self, tag: int) -> str:
        """A text in the file's own character set, for the screen."""
        value = self.value(tag) or b""
        if value.isascii() and b"\x1b" not in value:
            return value.strip(b" \0").decode("ascii")
        return _decode(value, self.ascii(CHARACTER_SET)).strip(" \0")

    @property
    def frames(self) -> int | None:
        """Number of Frames; 1 where it is not stated, None where it is no positive number (PS3.3 C.7.6.6)."""
        stated = self.ascii(NUMBER_OF_FRAMES)
        if not stated:
            return 1
        if not stated.isdecimal() or len(stated) > _LONGEST_INTEGER:
            return None
        return int(stated) or None


def read(data: bytes) -> Header:
    """Read a Part 10 file, or a bare data set, up to its Pixel Data.

    A data set that ends early or turns into something else gives what was read so far, with `problem`. Raises
    CutShort and Unparseable where not even the file meta can be read.
    """
    meta = part10.read_meta(data)
    if meta is None:
        encoding = guess_encoding(data)
        if encoding is None:
            raise Unparseable("it has neither the DICM mark nor the elements of a DICOM file")
        return _read_elements(data, None, encoding, 0)
    if meta.transfer_syntax == syntaxes.DEFLATED_EXPLICIT:
        try:
            data = data[: meta.data_set] + deflate.inflate_start(data[meta.data_set :], ENOUGH)
        except deflate.Damaged as error:
            raise Unparseable(str(error)) from error
    return read_inflated(data, meta)


def read_inflated(data: bytes, meta: FileMeta) -> Header:
    """As `read`, of a file whose data set is not deflated, or no longer, whatever its file meta says."""
    encoding = _ENCODINGS.get(meta.transfer_syntax or "", part10.EXPLICIT)
    return _read_elements(data, meta, encoding, meta.data_set)


def _read_elements(data: bytes, meta: FileMeta | None, encoding: Encoding, at: int) -> Header:
    elements: dict[int, Element] = {}
    end = 1 << 62  # the walk ends at Pixel Data, at the end of the bytes, or with CutShort
    if at < len(data):
        try:
            for element, behind in part10.walk(data, at, end, encoding):
                if element.tag == part10.PIXEL_DATA:
                    return Header(data, meta, encoding, elements, element)
                elements.setdefault(element.tag, element)
                if behind == len(data):
                    break
        except CutShort as error:
            return Header(data, meta, encoding, elements, None, "it ends too early", error.needed)
        except Unparseable as error:
            return Header(data, meta, encoding, elements, None, str(error))
    return Header(data, meta, encoding, elements, None)


def guess_encoding(data: bytes) -> Encoding | None:
    """The encoding of a data set without file meta, told from its first elements; None where it is no data set.

    Its first element must be of group 0008, and three elements must follow each other in ascending order.
    """
    for encoding in (part10.EXPLICIT, part10.IMPLICIT, part10.BIG_ENDIAN):
        tags = []
        try:
            for element, _behind in part10.walk(data, 0, len(data), encoding):
                tags.append(element.tag)
                if len(tags) == 3:
                    break
        except Unparseable:
            continue
        if len(tags) == 3 and tags == sorted(set(tags)) and all(tag >> 16 == 0x0008 for tag in tags):
            return encoding
    return None


def _decode(value: bytes, character_set: str) -> str:
    from pydicom.charset import convert_encodings, decode_bytes  # noqa: PLC0415  heavy, and rarely needed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a wrong character set is for the reader of the screen to see
        try:
            return decode_bytes(value, convert_encodings(character_set.split("\\")), set())
        except (LookupError, UnicodeError, ValueError):
            return value.decode("ascii", "replace")
