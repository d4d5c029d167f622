"""Restore a zip that repack made, without repack: docs/restore-format.md as a program.

python standalone_reader.py OUT.zip FOLDER
"""

import hashlib
import io
import json
import lzma
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.pixels import get_decoder


def records(archive: zipfile.ZipFile) -> Iterator[tuple[dict, bytes, bytes]]:
    """Each record of REPACK/restore.xz: its line of JSON, head and tail."""
    with lzma.open(archive.open("REPACK/restore.xz")) as stream:
        assert json.loads(stream.readline()) == {"format": "repack restore data", "version": 1}
        while line := stream.readline():
            record = json.loads(line)
            yield record, stream.read(record["head"]), stream.read(record["tail"])


def decode(file: pydicom.FileDataset) -> Iterator[list[bytes]]:
    """All frames, as each decoder here gives them: words of Bits Allocated, colour by pixel."""
    frames, width = int(file.get("NumberOfFrames") or 1), file.BitsAllocated // 8
    uid = file.file_meta.TransferSyntaxUID
    if not uid.is_compressed:
        size = file.Rows * file.Columns * file.SamplesPerPixel * width
        cut = [file.PixelData[n * size : (n + 1) * size] for n in range(frames)]
        yield [planes(one, width, 3, back=True) for one in cut] if file.get("PlanarConfiguration") else cut
        return
    decoder = get_decoder(uid)
    for plugin in decoder.available_plugins:
        made = []
        for n in range(frames):
            words, _about = decoder.as_array(file, index=n, raw=True, decoding_plugin=plugin)
            made.append(words.astype(f"<i{width}" if words.dtype.kind == "i" else f"<u{width}").tobytes())
        yield made


def planes(frame: bytes, width: int, colours: int, *, back: bool = False) -> bytes:
    """RGB RGB RGB to RRR GGG BBB, or back."""
    words = [frame[at : at + width] for at in range(0, len(frame), width)]
    step = len(words) // colours if back else colours
    return b"".join(word for start in range(step) for word in words[start::step])


def rebuild(record: dict, head: bytes, tail: bytes, new: bytes, sha256: str) -> bytes | None:
    """The original file; None where no decoder gives it."""
    if not record.get("frames", True):
        return head
    file = pydicom.dcmread(io.BytesIO(new), force=True)
    for decoded in decode(file):
        width, frames = file.BitsAllocated // 8, decoded
        if record.get("planes"):
            frames = [planes(frame, width, 3) for frame in decoded]
        if record.get("swapped"):  # the two bytes of each pair change places
            frames = [bytes(frame[at ^ 1] for at in range(len(frame))) for frame in frames]
        original = head + bytes.fromhex(record.get("gap", "")).join(frames) + tail
        if "deflate" in record:
            start, level, memory, rest = record["deflate"]
            deflater = zlib.compressobj(level, zlib.DEFLATED, -15, memory)
            original = original[:start] + deflater.compress(original[start:]) + deflater.flush() + bytes.fromhex(rest)
        if hashlib.sha256(original).hexdigest() == sha256:
            return original
    return None


def restore(source: Path) -> Iterator[tuple[str, bytes | None]]:
    """Path and original content of each entry of which the zip promises it; None where it does not come back."""
    with zipfile.ZipFile(source) as archive:
        entries = json.loads(archive.read("REPACK/manifest.json"))["entries"]
        for entry in entries:
            if entry["action"] == "copied" and not entry.get("folder") and not entry.get("damaged"):
                data = archive.read(entry["path"])
                yield entry["path"], data if hashlib.sha256(data).hexdigest() == entry["before"]["sha256"] else None
        for record, head, tail in records(archive) if "REPACK/restore.xz" in archive.namelist() else ():
            entry = entries[record["entry"]]
            yield entry["path"], rebuild(record, head, tail, archive.read(entry["path"]), entry["before"]["sha256"])


def main(source: str, folder: str) -> None:
    """Write what comes back; name what does not."""
    for path, content in restore(Path(source)):
        sys.stdout.write(f"{'NOT RESTORED' if content is None else 'restored'} {path}\n")
        if content is not None and ".." not in path:
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_bytes(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
