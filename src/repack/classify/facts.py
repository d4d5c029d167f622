"""What can be read off an entry without judging it: magic, DICOM header, PE facts, the files it names."""

from collections.abc import Iterator, Sequence

from repack.bundles import digests
from repack.classify import mentions, pe
from repack.classify.window import Span
from repack.dicom import dicomdir, header, part10, syntaxes
from repack.dicom.dicomdir import Directory
from repack.model import DicomFacts, Digest, DirectoryFacts, Entry, EntryUnreadable, Facts, Place
from repack.stopwatch import timed

_NOTHING_READ = DicomFacts(
    transfer_syntax=None,
    sop_class="",
    modality="",
    study_uid="",
    series_uid="",
    series_description="",
    frames=0,
    has_pixels=False,
    is_directory=False,
)
_PROGRAMS = frozenset({"pe", "elf", "macho"})
_START = 16 << 10  # bytes that hold the header of nearly every slice
_MOST = 64 << 20  # bytes of one entry that are read for facts, at most
_AT_ONCE = 4 << 20  # bytes of a program's beginning that are read in one piece
_QUICK = 128 << 10  # bytes of a program or text up to which its facts are there at once
_FARTHEST = 1 << 30  # behind this no table of a program is looked for
_INSTALLER_DATABASES = frozenset({"msi", "msp", "msm"})
_PROGRAM_EXTENSIONS = frozenset("exe dll ocx sys cpl scr drv ax mui com".split())
_PREAMBLE_END = 132
#: What file meta information must hold, of all that no reader can do without (PS3.10 table 7.1-1).
_META = (
    (header.MEDIA_STORAGE_SOP_CLASS, "the kind of its object (0002,0002)"),
    (header.MEDIA_STORAGE_SOP_INSTANCE, "the identifier of its object (0002,0003)"),
    (part10.TRANSFER_SYNTAX_UID, "its transfer syntax (0002,0010)"),
)

#: Magic of a file -> name, longest first where one begins another.
MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "pe"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"%PDF", "pdf"),
    (b"MSCF", "cab"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (b"\x7fELF", "elf"),
    (b"\xca\xfe\xba\xbe", "macho"),
    (b"\xcf\xfa\xed\xfe", "macho"),
    (b"\xce\xfa\xed\xfe", "macho"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"\xfd7zXZ", "xz"),
    (b"\xde\x12\x04\x95", "gettext"),
    (b"\x95\x04\x12\xde", "gettext"),
    (b"\x3c\xb8\x64\x18", "qt"),
    (b"ITSF", "chm"),
    (b"Microsoft C/C++ MSF 7.00", "pdb"),
    (b"BSJB", "pdb"),  # of .NET (ECMA-335 II.24.2.1)
    (b"!<arch>\n", "ar"),
    (b"{\\rtf", "rtf"),
    (b"RIFF", "riff"),
    (b"<?xml", "xml"),
    (b'{\n "schema": "repack-', "repack"),  # a manifest or another record of ours
    (b"<!DOCTYPE html>\n<!-- repack report", "repack"),
)


#: Kinds of content that no launch file, page or settings file has, whatever its name.
_NEVER_TEXT = frozenset("zip pdf cab elf macho png jpeg gzip 7z rar xz gettext qt chm pdb riff repack".split())


@timed("look")
def gather(entries: Sequence[Entry], *, digests: bool = False) -> tuple[Facts, ...]:
    """The facts of some entries, in their order; pure, so that a worker process can do it.

    With `digests`, a content that has to be inflated far is read to its end and hashed: it is wanted later anyway.
    """
    return tuple(_gather_one(entry, digests=digests) for entry in entries)


def takes_long(entry: Entry) -> bool:
    """Is it, by name and size, a program or text whose facts take a while?"""
    extension = mentions.extension_of(entry.path)
    return entry.size > _QUICK and (extension in _PROGRAM_EXTENSIONS or extension in mentions.EXTENSIONS)


def _gather_one(entry: Entry, *, digests: bool) -> Facts:
    if entry.place is None:
        return Facts(magic="directory" if entry.is_directory else "nothing")
    magic = "unknown"
    try:
        start = entry.place.read_start(_START)
        magic = magic_of(start)
        if magic == "dicom":
            return _dicom(entry.place, start, entry.size)
        extension = mentions.extension_of(entry.path)
        if magic == "pe":
            content = _Content(entry.place, start, digests=digests)
            program = pe.read_facts(content.fetch, entry.size)
            return Facts(magic, pe=program, installer=program.installer if program else "", digest=content.digest)
        if magic == "ole" and extension in _INSTALLER_DATABASES:
            return Facts(magic, installer="msi")
        if extension in mentions.EXTENSIONS and magic not in _NEVER_TEXT:
            said = mentions.read(entry.path, entry.place.read_start(min(entry.size, mentions.LARGEST_TEXT)))
            return Facts(magic, mentions=said.names, languages=said.languages)
    except EntryUnreadable as error:
        return Facts("unreadable", problem=str(error))
    except MemoryError:  # the same again alone: `workers`
        raise
    except Exception as error:  # noqa: BLE001  a boundary, as in `outcomes`: one odd file must not end the run
        fault = f"a fault in repack ({type(error).__name__}) when it was looked at; please report it"
        return Facts(magic, dicom=_NOTHING_READ if magic == "dicom" else None, problem=fault)
    return Facts(magic)


class _Content:
    """Spans of a program: from its beginning where they lie near it, else picked out of the stream, bounded."""

    def __init__(self, place: Place, start: bytes, *, digests: bool) -> None:
        self._place = place
        self._have, self._is_all = start, len(start) < _START
        self._wants_digest = digests
        self.digest: Digest | None = None

    def fetch(self, spans: Sequence[Span]) -> list[bytes]:
        end = max(offset + length for offset, length in spans)
        if len(self._have) < end <= _AT_ONCE and not self._is_all:
            wanted = min(max(end, 4 * len(self._have)), _AT_ONCE)
            self._have = self._place.read_start(wanted)
            self._is_all = len(self._have) < wanted
        if end <= len(self._have) or self._is_all:
            return [self._have[offset : offset + length] for offset, length in spans]
        raw = self._place.raw() if self._wants_digest else None
        self._wants_digest = False
        if raw is None:
            return _pick(self._place.chunks(), spans, is_bounded=True)
        found: list[Digest] = []
        picked = _pick(digests.reading(raw, found.append), spans, is_bounded=False)
        self.digest = found[0] if found else None
        return picked


def _pick(chunks: Iterator[bytes], spans: Sequence[Span], *, is_bounded: bool) -> list[bytes]:
    """Spans out of a content that is too large to hold; where `is_bounded`, it is read no further than they need."""
    found = [bytearray() for _ in spans]
    end = min(max(offset + length for offset, length in spans), _FARTHEST)
    at = 0
    try:
        for chunk in chunks:
            if at < end:
                for number, (offset, length) in enumerate(spans):
                    found[number] += chunk[max(offset - at, 0) : max(offset + length - at, 0)]
            at += len(chunk)
            if at >= end and is_bounded:
                break
    except EntryUnreadable:  # what lies behind is looked at later, and what is wrong there is said then
        if at < end:
            raise
    return [bytes(piece) for piece in found]


def magic_of(start: bytes) -> str:
    """The kind of content that the first bytes announce: a name of MAGICS, `dicom`, `empty` or `unknown`."""
    if start[part10.PREAMBLE_LENGTH : _PREAMBLE_END] == part10.PREFIX:
        return "dicom"
    for magic, name in MAGICS:
        if start.startswith(magic):
            return name
    if not start:
        return "empty"
    return "dicom" if _is_bare_dicom(start) else "unknown"


def is_program(start: bytes) -> bool:
    """Do the first bytes announce a program (Windows, Linux, macOS) or a script?"""
    return start.startswith(b"#!") or any(start.startswith(m) for m, name in MAGICS if name in _PROGRAMS)


def _is_bare_dicom(start: bytes) -> bool:
    """A DICOM file without preamble: file meta from byte 0, or a data set whose first elements fit."""
    try:
        meta = part10.read_meta(start)
    except part10.Unparseable:
        return False
    if meta is not None:
        return part10.TRANSFER_SYNTAX_UID in meta.elements
    return header.guess_encoding(start) is not None


def _dicom(place: Place, start: bytes, size: int) -> Facts:
    top: header.Header | None = None
    problem = ""
    while True:
        try:
            top, problem = header.read(start), ""
            needed, problem = top.needed, top.problem
        except part10.CutShort as error:
            needed, problem = error.needed, "it ends too early"
        except part10.Unparseable as error:
            needed, problem = 0, str(error)
        is_deflated = top is not None and top.meta is not None and len(top.data) != len(start)
        have = len(start)
        if needed <= have or have >= min(size, _MOST) or (is_deflated and have >= header.ENOUGH):
            break
        start = place.read_start(min(max(needed + _START, 2 * have), size, _MOST))
        if len(start) <= have:
            break
    if top is None:
        return Facts("dicom", dicom=_NOTHING_READ, problem=problem)
    return _describe(place, top, size, problem)


def _describe(place: Place, top: header.Header, size: int, problem: str) -> Facts:
    meta = top.meta
    is_directory = False
    sop_class = top.ascii(header.SOP_CLASS_UID)
    if meta is not None and (element := meta.elements.get(header.MEDIA_STORAGE_SOP_CLASS)):
        stated = top.data[element.value : element.end].rstrip(b"\0 ").decode("ascii", "replace")
        is_directory = stated == syntaxes.MEDIA_STORAGE_DIRECTORY
        sop_class = sop_class or stated
    directory = read_directory(place.read()) if is_directory and size <= _MOST else None
    facts = DicomFacts(
        transfer_syntax=meta.transfer_syntax if meta else None,
        sop_class=sop_class,
        modality=top.ascii(header.MODALITY),
        study_uid=top.ascii(header.STUDY_UID),
        series_uid=top.ascii(header.SERIES_UID),
        series_description=top.text(header.SERIES_DESCRIPTION),
        frames=top.frames or 0,
        has_pixels=top.pixel_data is not None,
        is_directory=is_directory,
        is_program=is_program(top.data),
        lacks=_lacks(top),
    )
    mentions = tuple(file_id for file_id, _syntax in directory.listed) if directory else ()
    return Facts("dicom", dicom=facts, directory=directory, mentions=mentions, problem=problem)


def _lacks(top: header.Header) -> str:
    """What the beginning of a DICOM file on media has and this one has not (PS3.10 7.1), or nothing."""
    if top.meta is None:
        return "file meta information"
    if top.data[part10.PREAMBLE_LENGTH : _PREAMBLE_END] != part10.PREFIX:
        return "the preamble with its mark DICM"
    missing = (name for tag, name in _META if tag not in top.meta.elements)
    return next(missing, "")


def read_directory(data: bytes) -> DirectoryFacts:
    """What a DICOMDIR says of its files; a `problem` where it cannot be taken apart."""
    directory = dicomdir.read_directory(data)
    if not isinstance(directory, Directory):
        return DirectoryFacts(problem=directory.reason)
    stated = dicomdir.stated_syntaxes(directory)
    return DirectoryFacts(
        listed=tuple((r.file_id, stated.get(r.file_id, "")) for r in directory.records if r.file_id),
        patients=dicomdir.count_patients(directory),
        has_stray_offsets=dicomdir.has_stray_offsets(directory),
    )
