"""What a file that is no bundle seems to be, and what to do with it (containers I3, I4, Z21)."""

from pathlib import Path

_SECTOR = 2048
_RAW_SYNC = b"\x00" + b"\xff" * 10 + b"\x00"  # begins each raw sector of 2,352 bytes (ECMA-130 14.2)
_UNZIP = "unpack it with 7-Zip or the like and give the folder"
_MOUNT = "open it with the program that made it (or mount it) and copy its content into a folder"
_ISO_INSTEAD = "convert it to an ISO image, or copy the disc itself into a folder"
_WHOLE = "fetch it again, or ask for the disc once more"
_GIVE = "give a zip, an ISO image or a folder"
#: First bytes -> what it is, what to do.
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"Rar!", "it is a RAR archive", _UNZIP),
    (b"7z\xbc\xaf", "it is a 7z archive", _UNZIP),
    (b"\x1f\x8b", "it is a gzip file", _UNZIP),
    (b"PK\x03\x04", "its end is missing; the download may be incomplete", _WHOLE),
    (_RAW_SYNC, "it is a raw disc image (2,352-byte sectors)", _ISO_INSTEAD),
    (b"MEDIA DESCRIPTOR", "it is the description of an Alcohol image", _ISO_INSTEAD),
)
#: Last bytes -> what it is, what to do: distance from the end first.
_ENDS: tuple[tuple[int, bytes, str, str], ...] = (
    (12, b"NER5", "it is a Nero image", _ISO_INSTEAD),
    (8, b"NERO", "it is a Nero image", _ISO_INSTEAD),
    (512, b"koly", "it is an Apple disk image", _MOUNT),
)


def explain(path: Path) -> tuple[str, str]:
    """What the file seems to be, and advice."""
    with path.open("rb") as file:
        start = file.read(4096)
        size = file.seek(0, 2)
        if not start:
            return "it is empty", _GIVE
        for distance, magic, meaning, advice in _ENDS:
            file.seek(max(0, size - distance))
            if file.read(len(magic)) == magic:
                return meaning, advice
        file.seek(16 * _SECTOR)
        volume = file.read(4 * _SECTOR)
    for magic, meaning, advice in _STARTS:
        if start.startswith(magic):
            return meaning, advice
    if path.suffix.lower() == ".cue" or (start.startswith(b"FILE ") and b"BINARY" in start):
        return "it only describes a raw disc image", _ISO_INSTEAD
    if any(volume[n : n + 5] == b"NSR0" + version for n in range(1, len(volume), _SECTOR) for version in (b"2", b"3")):
        return "it is a UDF image without an ISO 9660 half", "mount it and copy its content into a folder"
    return "it is no zip", _GIVE
