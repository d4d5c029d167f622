"""Whole discs that cost a test little: the synthetic one with a tiny viewer in a few languages."""

import re
import struct
import zipfile
from pathlib import Path

import pytest

from fixtures.disc import DiscFile, dental_disc, write_zip

_LANGUAGE = re.compile(r"Viewer/(?:Languages/|locale/|translations/qt_)?(.+?)(?:/|\.qm)")
_LANGUAGES = frozenset("en es es-MX es_MX de fr English Spanish German French".split())


def small_disc(slices: int, size: int = 64, *, implicit: bool = False) -> tuple[DiscFile, ...]:
    """Everything that the synthetic disc has, but of its hundred languages only four."""
    return tuple(
        file
        for file in dental_disc(slices, size=size, implicit=implicit, viewer_scale=0)
        if (tag := _LANGUAGE.match(file.path)) is None or tag[1] in _LANGUAGES
    )


def write_small_disc(path: Path, slices: int, size: int = 64) -> Path:
    """That disc as a zip."""
    write_zip(path, small_disc(slices, size))
    return path


def spoil(path: Path, name: str, to: Path) -> Path:
    """A copy in which one bit of an entry's bytes is flipped."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
    content = bytearray(path.read_bytes())
    lengths = struct.unpack_from("<2H", content, info.header_offset + 26)
    content[info.header_offset + 30 + sum(lengths) + info.compress_size // 2] ^= 1
    to.write_bytes(content)
    return to


def symlink(link: Path, target: Path | str) -> None:
    """A link, or a skipped test where there are none."""
    try:
        link.symlink_to(target)
    except (OSError, NotImplementedError):
        pytest.skip("no symbolic links here")
