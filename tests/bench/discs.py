"""The discs that are measured: built once, kept between calls because that takes a while."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fixtures.chance import packed_bytes
from fixtures.disc import DATE
from fixtures.header import SeriesHeader, image_header
from fixtures.phantom import slice_words
from tests.shared_data import SHARED

_SERIES = SHARED / "data" / "ct-series" / "S2030"
_UNDEFINED_PIXELS = b"\xe0\x7f\x10\x00OW\0\0"  # (7FE0,0010), Explicit VR Little Endian


def _made_by_fixtures(*options: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        subprocess.run([sys.executable, "-m", "fixtures", *options, "--out", str(path)], check=True)

    return make


def multi_frame(frames: int, size: int = 752) -> Callable[[Path], None]:
    """One Part 10 file of many frames, alone in its zip."""

    def make(path: Path) -> None:
        entry = ZipInfo("DICOM/VOLUME", DATE)
        entry.compress_type = ZIP_DEFLATED
        with ZipFile(path, "w") as archive, archive.open(entry, "w", force_zip64=True) as file:
            for piece in _volume(frames, size):
                file.write(piece)

    return make


def _volume(frames: int, size: int) -> Iterator[bytes]:
    from fixtures.dicom import _part10

    image = image_header(SeriesHeader(), 0, 1, size, size)
    image.NumberOfFrames = frames
    yield _part10(image, implicit=False)
    yield _UNDEFINED_PIXELS + (2 * size * size * frames).to_bytes(4, "little")
    for index in range(frames):
        yield slice_words(index, frames, size).astype("<u2").tobytes()


def _many_files(count: int) -> Callable[[Path], None]:
    """Files of a few hundred bytes that nobody knows, a hundred in each folder."""

    def make(path: Path) -> None:
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for index in range(count):
                name = f"DATA/{index // 100:04}/F{index:06}.bin"
                archive.writestr(ZipInfo(name, DATE), packed_bytes(index, 300), ZIP_DEFLATED)

    return make


DISCS: dict[str, Callable[[Path], None]] = {
    "phantom-752": _made_by_fixtures("--slices", "752"),
    "phantom-100": _made_by_fixtures("--slices", "100"),
    "phantom-1500": _made_by_fixtures("--slices", "1500"),
    "real-140": _made_by_fixtures("--images", str(_SERIES)),
    "multi-frame": multi_frame(950),
    "mostly-viewer": _made_by_fixtures("--slices", "8", "--viewer-scale", "60"),
    "tiny-5000": _made_by_fixtures("--slices", "5000", "--size", "64"),
    **{f"files-{count}": _many_files(count) for count in (100, 1_000, 10_000, 100_000)},
}


def build(name: str, folder: Path) -> Path | None:
    """The disc of that name; None where the real images that it needs are not here."""
    if name == "real-140" and not _SERIES.is_dir():
        return None
    path = folder / f"{name}.zip"
    if not path.exists():
        draft = path.with_suffix(".draft.zip")
        DISCS[name](draft)
        draft.replace(path)
    return path
