"""Every codec on one series of real slices: size, speed there and back, and who opens it, as a Markdown table.

Run by hand: `python -m tests.bench.codecs [FOLDER]`; without a folder the CT series S2030 of the
shared data. One process, one thread, time of the processor; the best of three passes counts. Frames are cut out by
pydicom, not by repack.
"""

import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom

from repack import codecs
from repack.codecs import charls, jpegls
from repack.codecs.frames import Codec, FrameLayout
from tests.shared_data import shared_files

_PASSES = 3
_SLICES = 24  # spread over the series; the slow efforts of JPEG XL take minutes for all of it

Frame = tuple[bytes, FrameLayout]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: share of the raw pixels, raw megabytes a second."""

    name: str
    share: float
    encoding: float
    decoding: float
    opened_by: str


def load(files: list[Path]) -> list[Frame]:
    """The frames of some files, with the precision that repack would choose for clean words."""
    frames = []
    for path in files[:: max(1, len(files) // _SLICES)]:
        image = pydicom.dcmread(path)
        is_signed, allocated = bool(image.PixelRepresentation), image.BitsAllocated
        precision = image.BitsStored if allocated == 16 and image.BitsStored > 8 and not is_signed else allocated
        layout = FrameLayout(image.Rows, image.Columns, image.SamplesPerPixel, allocated // 8, precision, is_signed)
        frames.append((bytes(image.PixelData)[: layout.size], layout))
    return frames


def measure(name: str, chosen: tuple[Codec, ...], frames: list[Frame]) -> Row:
    """Encode and decode all frames, several times; `smallest` takes the smaller stream for each frame."""
    raw = sum(len(frame) for frame, _layout in frames) / 1e6
    there, back, size = float("inf"), float("inf"), 0
    for _ in range(_PASSES):
        began = time.process_time()
        streams = [
            min(((codec.encode(frame, layout), codec) for codec in chosen), key=lambda made: len(made[0]))
            for frame, layout in frames
        ]
        between = time.process_time()
        words = [
            codec.decode(stream, layout) for (stream, codec), (_frame, layout) in zip(streams, frames, strict=True)
        ]
        there, back = min(there, between - began), min(back, time.process_time() - between)
        if not any(codec.max_error for codec in chosen) and words != [frame for frame, _layout in frames]:
            sys.exit(f"{name} does not give back what it was given")
        size = sum(len(stream) for stream, _codec in streams)
    opened_by = chosen[0].opened_by if len(chosen) == 1 else f"as {' or '.join(codec.name for codec in chosen)}"
    return Row(name, size / raw / 1e6, raw / there, raw / back, opened_by)


def choices() -> list[tuple[str, tuple[Codec, ...]]]:
    """What is measured: each name, JPEG XL with several efforts, near-lossless with two errors."""
    return [
        ("`jpegls`", codecs.choose("jpegls")),
        *_other_writers(),
        ("`j2k`", codecs.choose("j2k")),
        ("`smallest`", codecs.choose("smallest")),
        ("`htj2k`", codecs.choose("htj2k")),
        *((f"`jpegxl --effort {effort}`", codecs.choose("jpegxl", effort=effort)) for effort in (1, 3, 5, 7)),
        ("`rle`", codecs.choose("rle")),
        *((f"`jpegls-near --max-error {error}`", codecs.choose("jpegls-near", error)) for error in (1, 3)),
    ]


def _other_writers() -> list[tuple[str, tuple[Codec, ...]]]:
    """JPEG-LS as it is written where CharLS cannot be called itself."""
    if jpegls.LOSSLESS.encode is not charls.encode:
        return []
    return [("`jpegls`, written by pyjpegls", (replace(jpegls.LOSSLESS, encode=jpegls._write_with_pyjpegls),))]


def main(files: list[Path]) -> None:
    """Print the table."""
    frames = load(files)
    raw = sum(len(frame) for frame, _layout in frames) / 1e6
    print(f"{len(frames)} frames, {raw:.1f} MB raw, {frames[0][1]}\n")
    print("| `--codec` | share of raw | encode MB/s | decode MB/s | opened by |")
    print("|---|---|---|---|---|")
    for name, chosen in choices():
        row = measure(name, chosen, frames)
        speeds = " | ".join(f"{speed:.0f}" for speed in (row.encoding, row.decoding))
        print(f"| {row.name} | {row.share:.3f} | {speeds} | {row.opened_by} |", flush=True)
    print(f"| `none` | 1.000 | - | - | {codecs.NONE_OPENED_BY} |")


if __name__ == "__main__":
    found = sorted(Path(sys.argv[1]).iterdir()) if len(sys.argv) > 1 else shared_files("ct-series/S2030")
    main(found or sys.exit("no slices: name a folder"))
