"""What a name in an archive really says: code pages, backslashes, names that would leave the tree."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from repack.model import EntryName

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")  # Unicode category Cc
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # Unicode UAX 9: explicit directions
_CONVERTED = "its name was in an old code page, which its letters tell; it is in UTF-8 now"
_PORTS = tuple(f"{kind}{digit}" for kind in ("com", "lpt") for digit in "123456789¹²³")

#: Names that Windows gives to devices, whatever their extension or case.
DEVICE_NAMES = frozenset(["con", "conin$", "conout$", "prn", "aux", "nul", *_PORTS])


@dataclass(frozen=True, slots=True)
class ReadName:
    """A name as people read it, as the new zip holds it, and what had to be said about it."""

    path: str
    name: EntryName
    notes: tuple[str, ...] = ()
    is_invented: bool = False  # it got a safe name, which another entry may have by right


def as_text(name: str) -> str:
    """A file name that JSON can hold: bytes that are not UTF-8 (on Linux, surrogates in Python) become escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def read_name(raw: bytes, *, is_utf8: bool, from_windows: bool, text: str | None = None) -> ReadName:
    """Decode the name bytes of a zip entry without ever baking wrong letters in.

    `text` is what is known of the name from elsewhere (Unicode Path field, a code page told from all names). UTF-8 by
    flag or by validity (macOS leaves the flag out) is taken as such; anything else keeps its bytes and is shown as
    code page 437 (APPNOTE appendix D). A backslash separates only where FAT or NTFS wrote a name without slashes. A
    name that would leave the tree gets a safe one.
    """
    known, notes = True, list[str]()
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded, known = raw.decode("cp437"), False
    if text is None:
        text = decoded
    else:
        if not known:
            notes.append(_CONVERTED)
        known, raw = True, text.encode("utf-8")
    name = EntryName(raw, is_utf8=known and not raw.isascii())
    if not known:
        notes.append(
            "its name is flagged as UTF-8 but is not; the bytes are kept without the flag"
            if is_utf8
            else "the code page of its name cannot be told; the bytes of the name are kept as they are"
        )
    path = text
    if from_windows and known and "\\" in text and "/" not in text:
        path = text.replace("\\", "/")
        name = EntryName(path.encode("utf-8"), is_utf8=not path.isascii())
        notes.append("backslashes in its name became slashes")
    safe = make_safe(path)
    is_invented = safe != path
    if is_invented:
        path = safe
        name = EntryName(safe.encode("utf-8"), is_utf8=not safe.isascii())
        notes.append("its name led out of the folder or hid something; it got a safe one")
    if _TURNING.search(path):
        notes.append("its name holds marks that turn the direction of letters, as disguised programs do")
    if not is_invented and is_troublesome(path):
        notes.append("Windows cannot make a file of this name; other systems can")
    return ReadName(path.rstrip("/"), name, tuple(notes), is_invented=is_invented)


def is_troublesome(path: str) -> bool:
    """Does a component name a device, or end in a dot or blank? Windows makes another file of it, or none."""
    return any(
        part.split(".")[0].rstrip(" ").lower() in DEVICE_NAMES or part.endswith((".", " "))
        for part in path.rstrip("/").split("/")
        if part not in {".", ".."}
    )


def tell_apart(reads: Sequence[ReadName]) -> tuple[ReadName, ...]:
    """Give invented names that another entry has already a number, and note names that meet (containers Z10, Z18).

    Duplicates of the bundle itself stay as they are: no name of an original is changed.
    """
    taken: dict[str, set[str]] = {}
    for read in reads:
        if not read.is_invented:
            taken.setdefault(folded(read.path), set()).add(read.path)
    apart: list[ReadName] = []
    for read in reads:
        chosen = read
        if read.is_invented:
            number = 1
            while folded(chosen.path) in taken:
                number += 1
                chosen = _numbered(read, number)
            taken[folded(chosen.path)] = {chosen.path}
        apart.append(chosen)
    seen: set[str] = set()
    for n, read in enumerate(apart):
        key = folded(read.path)
        if key in seen:
            is_same = len(taken[key]) == 1
            note = (
                "an entry before it has the same name; both are kept"
                if is_same
                else "its name differs from another only in case or accents; on Windows and macOS they are one file"
            )
            apart[n] = replace(read, notes=(*read.notes, note))
        seen.add(key)
    return tuple(apart)


def _numbered(read: ReadName, number: int) -> ReadName:
    folder, slash, base = read.path.rpartition("/")
    stem, dot, extension = base.rpartition(".")
    base = f"{stem}_{number}.{extension}" if dot and stem else f"{base}_{number}"
    path = folder + slash + base
    end = "/" if read.name.raw.endswith(b"/") else ""
    return replace(read, path=path, name=EntryName((path + end).encode(), is_utf8=not path.isascii()))


def make_safe(path: str) -> str:
    """The same path without `..`, drive letters, leading slashes and control characters; usually unchanged."""
    is_directory = path.endswith("/")
    cleaned = _CONTROL.sub("_", path)
    parts = cleaned.split("/")
    if cleaned.startswith("/") or any(".." in part.split("\\") for part in parts):
        kept = [
            part.replace("\\", "_") if ".." in part.split("\\") else part
            for part in parts
            if part not in {"", ".", ".."}
        ]
        cleaned = ("/".join(kept) or "_") + ("/" if is_directory and kept else "")
    if cleaned.startswith("\\"):
        cleaned = "_" + cleaned[1:]
    if cleaned[1:2] == ":":  # last: it may have stood behind a slash; pathlib takes any character for a drive
        cleaned = cleaned[0] + "_" + cleaned[2:]
    return cleaned or "_"


def folded(path: str) -> str:
    """A key under which two spellings of one name meet: case and Unicode composition do not count."""
    return unicodedata.normalize("NFC", path).casefold()
