"""The floor: encode and decode the frames of a disc on all cores, nothing else. Prints the seconds of the slowest core.

Frames are in memory before the clock starts; they are cut from the files by pydicom, not by repack.
"""

import io
import multiprocessing
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import imagecodecs
import jpeg_ls
import pydicom

_Frame = tuple[bytes, int, int, int]


def read_frames(disc: Path) -> Iterator[_Frame]:
    """Every frame of every image: its words, rows, columns, bits."""
    with zipfile.ZipFile(disc) as archive:
        for name in archive.namelist():
            if not name.startswith("DICOM/"):
                continue
            image = pydicom.dcmread(io.BytesIO(archive.read(name)))
            size = image.Rows * image.Columns * 2
            for start in range(0, len(image.PixelData) - size + 1, size):
                words = bytes(image.PixelData[start : start + size])
                yield words, image.Rows, image.Columns, image.BitsStored if not image.PixelRepresentation else 16


def work(disc: Path, part: int, parts: int, start: Barrier, times: "Queue[float]") -> None:
    """Wait until every core is ready; then encode and decode, and tell how long it took."""
    frames = [frame for number, frame in enumerate(read_frames(disc)) if number % parts == part]
    start.wait()
    began = time.perf_counter()
    for words, rows, columns, bits in frames:
        stream = jpeg_ls.encode_pixel_data(words, rows=rows, columns=columns, samples_per_pixel=1, bits_stored=bits)
        imagecodecs.jpegls_decode(bytes(stream))
    times.put(time.perf_counter() - began)


def main(disc: Path) -> float:
    """Seconds of the slowest core."""
    cores = len(os.sched_getaffinity(0))
    context = multiprocessing.get_context("spawn")
    start, times = context.Barrier(cores), context.Queue()
    processes = [context.Process(target=work, args=(disc, part, cores, start, times)) for part in range(cores)]
    for process in processes:
        process.start()
    slowest = max(times.get() for _ in processes)
    for process in processes:
        process.join()
    return slowest


if __name__ == "__main__":
    print(f"{main(Path(sys.argv[1])):.3f}")
