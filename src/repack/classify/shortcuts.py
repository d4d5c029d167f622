"""Windows shortcuts (.lnk): the texts in them that may name a file ([MS-SHLLINK] 2.1, 2.3, 2.4)."""

import struct
from collections.abc import Iterator

_HEADER = b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"
_HEADER_LENGTH, _FLAGS = 0x4C, 0x14
_HAS_ID_LIST, _HAS_INFO, _IS_UNICODE = 0x01, 0x02, 0x80
_STRINGS = (0x04, 0x08, 0x10, 0x20, 0x40)  # name, relative path, working folder, arguments, icon: in this order
_DESCRIPTION = 0x04


def read_texts(data: bytes) -> tuple[str, ...]:
    """The target, arguments and icon of a shortcut; what a broken one still says. Nothing of it is followed."""
    if not data.startswith(_HEADER) or len(data) < _HEADER_LENGTH:
        return ()
    try:
        return tuple(text for text in _texts(data) if text)
    except (struct.error, IndexError):
        return ()


def _texts(data: bytes) -> Iterator[str]:
    (flags,) = struct.unpack_from("<I", data, _FLAGS)
    at = _HEADER_LENGTH
    if flags & _HAS_ID_LIST:
        at += 2 + struct.unpack_from("<H", data, at)[0]
    if flags & _HAS_INFO:
        (size,) = struct.unpack_from("<I", data, at)
        yield _local_path(data[at : at + size])
        at += size
    width, encoding = (2, "utf-16-le") if flags & _IS_UNICODE else (1, "cp1252")
    for flag in _STRINGS:
        if flags & flag:
            (count,) = struct.unpack_from("<H", data, at)
            text = data[at + 2 : at + 2 + count * width].decode(encoding, "replace")
            at += 2 + count * width
            if flag != _DESCRIPTION:
                yield text


def _local_path(info: bytes) -> str:
    """The local path of the target and its suffix, in the ANSI code page of whoever made it."""
    if len(info) < 0x1C:
        return ""
    (start,) = struct.unpack_from("<I", info, 0x10)
    (suffix,) = struct.unpack_from("<I", info, 0x18)
    return "".join(info[at:].split(b"\0", 1)[0].decode("cp1252", "replace") for at in (start, suffix) if at)
