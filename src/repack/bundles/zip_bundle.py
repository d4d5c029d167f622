"""Zip bundles: what the central directory lists, told as entries (`zipped` reads their bytes)."""

import struct
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from repack import deflate
from repack.bundles import code_pages, limits, zip_directory, zip_encryption, zip_methods
from repack.bundles.names import ReadName, read_name, tell_apart
from repack.bundles.places import Unreadable
from repack.bundles.zipped import PackedPlace, ZipPlace
from repack.errors import BundleUnreadable
from repack.model import DEFLATED, PASSWORD_VARIABLE, STORED, Access, Bundle, Entry, EntryUnreadable, Place, Stamp

_UTF8, _STREAMED, _ENCRYPTED, _STRONG = 0x800, 0x8, 0x1, 0x40  # APPNOTE 4.4.4
_MADE_ON_WINDOWS = frozenset({0, 10, 14})  # FAT, NTFS, VFAT: APPNOTE 4.4.2.2
_TIME_FIELDS = frozenset({0x5455, 0x000A})  # extended timestamp; NTFS times: APPNOTE 4.5.5
_UNICODE_PATH = 0x7075  # APPNOTE 4.6.9
_READABLE = frozenset({STORED, DEFLATED}) | zip_methods.READABLE
_TRIED, _SMALL = 3, 4 << 20  # encrypted entries that a password is tried on; bytes of one that is read whole


def recognises(path: Path) -> bool:
    """Does the file end as a zip ends (APPNOTE 4.3.16)?"""
    return path.is_file() and zipfile.is_zipfile(path)


def open_zip(path: Path, access: Access) -> Bundle:
    """List a zip by its central directory. Raises BundleUnreadable."""
    directory = zip_directory.read_directory(path)
    listed = directory.listed
    size = path.stat().st_size
    limits.check(path.name, ((_most(info), info.compress_size) for info in listed), size, access.limits)
    _refuse_unreadable(path, listed)
    locked = [info for info in listed if _is_locked(info)]
    if locked:
        _check_password(path, locked, len(listed), access)
    read = _read_names(listed)
    names = tell_apart([_as_file(name) if info.file_size else name for info, name in zip(listed, read, strict=True)])
    entries = tuple(
        _entry(path, index, info, names[index], _notes(directory, index), access.password)
        if index not in directory.overlapping
        else replace(
            _entry(path, index, info, names[index], _notes(directory, index), None),
            place=Unreadable("it shares its bytes with another entry, as archives made to do harm do"),
        )
        for index, info in enumerate(listed)
    )
    notes = (f"{len(locked)} of {len(listed)} entries are encrypted; in a new zip they are not",) if locked else ()
    return Bundle(path, "zip", size, entries, notes, directory.comment, len(locked))


def _as_file(read: ReadName) -> ReadName:
    """What holds bytes is no folder, although its name ends as that of one: unpackers make one, and lose the bytes."""
    if not read.name.raw.endswith(b"/"):
        return read
    note = "its name ended with a slash, as that of a folder does, although it holds bytes"
    name = replace(read.name, raw=read.name.raw.rstrip(b"/") + b".file")
    return replace(read, path=f"{read.path.rstrip('/')}.file", name=name, notes=(*read.notes, note), is_invented=True)


def is_encrypted(path: Path) -> bool:
    """Does it list an entry that needs a password? False for whatever is no zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(_is_locked(info) for info in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError):
        return False  # opening it says what is wrong


def _notes(directory: zip_directory.Directory, index: int) -> tuple[str, ...]:
    return (directory.doubts[index],) if index in directory.doubts else ()


def _most(info: zipfile.ZipInfo) -> int:
    method = _method(info)
    return limits.can_come_out(
        info.file_size, info.compress_size, is_stored=method == STORED, is_deflated=method == DEFLATED
    )


def _method(info: zipfile.ZipInfo) -> int:
    """The compression method; that of an AES entry stands in its extra field."""
    sealed = zip_encryption.read_aes_field(info.extra) if info.compress_type == zip_encryption.AES_METHOD else None
    return sealed.method if sealed else info.compress_type


def _is_locked(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & _ENCRYPTED) or info.compress_type == zip_encryption.AES_METHOD


def _refuse_unreadable(path: Path, listed: Sequence[zipfile.ZipInfo]) -> None:
    """A bundle of which some bytes cannot be had is not repacked: what was lost would not be noticed."""
    strange = [info for info in listed if _method(info) not in _READABLE or info.flag_bits & _STRONG]
    if strange:
        method = _method(strange[0])
        named = "strong encryption" if strange[0].flag_bits & _STRONG else zip_methods.NAMES.get(method, str(method))
        raise BundleUnreadable(
            path.name,
            f"{len(strange)} of {len(listed)} entries are packed by a method that this version cannot read ({named})",
            "unzip it with the program that made it and give the folder",
        )


def _check_password(path: Path, locked: Sequence[zipfile.ZipInfo], total: int, access: Access) -> None:
    """Try the password on the smallest entries, so that a wrong one is known before the work begins."""
    count = f"{len(locked)} of {total} entries are encrypted"
    password = access.password
    if password is None:
        advice = f"give the password with --password-file FILE or in the variable {PASSWORD_VARIABLE}"
        more = "" if access.decrypt else ", and --decrypt to have it written unencrypted"
        raise BundleUnreadable(path.name, count, advice + more)
    by_size = sorted((info for info in locked if info.file_size), key=lambda info: info.compress_size)
    tried = by_size[:_TRIED]
    if tried and not any(_opens(path, info, password) for info in tried):
        raise BundleUnreadable(
            path.name,
            f"{count}, and the password does not open them",
            "check the password (also blanks in its file)",
        )


def _opens(path: Path, info: zipfile.ZipInfo, password: bytes) -> bool:
    place = _place(path, info, password)
    try:
        place.read_start(1) if info.compress_size > _SMALL else place.read()
    except EntryUnreadable:
        return False
    return True


def _read_names(listed: Sequence[zipfile.ZipInfo]) -> list[ReadName]:
    """Every name as text: by flag, Unicode Path field, validity, or a code page that fits all that are left."""
    raws = [zip_directory.raw_name(info) for info in listed]
    told = [_unicode_path(info.extra, raw) for info, raw in zip(listed, raws, strict=True)]
    # A name that is told already has no say in the code page of the others.
    guessed = code_pages.decode_unknown([b"" if text else raw for raw, text in zip(raws, told, strict=True)])
    return [
        read_name(
            path.encode() if path else raw,
            is_utf8=bool(info.flag_bits & _UTF8),
            from_windows=info.create_system in _MADE_ON_WINDOWS,
            text=guess,
        )
        for info, raw, path, guess in zip(listed, raws, told, guessed, strict=True)
    ]


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name of the Unicode Path field (APPNOTE 4.6.9) where its CRC says that it belongs to this raw name."""
    for kind, value in _fields(extra):
        if kind == _UNICODE_PATH and value[:1] == b"\1" and value[1:5] == deflate.crc32(raw).to_bytes(4, "little"):
            try:
                return value[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _entry(
    path: Path, index: int, info: zipfile.ZipInfo, read: ReadName, notes: tuple[str, ...], password: bytes | None
) -> Entry:
    is_directory = read.name.raw.endswith(b"/")
    year, month, day, hour, minute, second = info.date_time
    stamp = Stamp(
        (year - 1980) << 9 | month << 5 | day,
        hour << 11 | minute << 5 | second // 2,
        _keep_times(info.extra),
    )
    return Entry(
        index=index,
        path=read.path,
        name=read.name,
        is_directory=is_directory,
        size=info.file_size,
        stored=info.compress_size,
        stamp=stamp,
        attributes=info.external_attr,
        made_by=info.create_system << 8 | info.create_version,
        place=None if is_directory else _place(path, info, password),
        notes=(*read.notes, *notes),
    )


def _place(path: Path, info: zipfile.ZipInfo, password: bytes | None) -> Place:
    method = _method(info)
    lies = ZipPlace(path, info.header_offset, info.compress_type, info.compress_size, info.file_size, info.CRC)
    if not _is_locked(info):
        return lies if method in {STORED, DEFLATED} else PackedPlace(lies, method)
    sealed = zip_encryption.read_aes_field(info.extra) if info.compress_type == zip_encryption.AES_METHOD else None
    is_streamed = info.flag_bits & _STREAMED
    time = info.date_time[3] << 11 | info.date_time[4] << 5 | info.date_time[5] // 2
    check = time >> 8 if is_streamed else info.CRC >> 24
    lock = zip_encryption.Lock(sealed.strength if sealed else 0, check, password or b"")
    return PackedPlace(lies, method, lock, has_crc=not (sealed and sealed.is_without_crc))


def _keep_times(extra: bytes) -> bytes:
    """The extra fields that tell times; user ids and the like stay behind (APPNOTE 4.5.1)."""
    return b"".join(
        struct.pack("<2H", kind, len(value)) + value for kind, value in _fields(extra) if kind in _TIME_FIELDS
    )


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """The extra fields (APPNOTE 4.5.1) that are whole."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length <= len(extra):
            yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length
