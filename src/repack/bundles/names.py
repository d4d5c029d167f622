"""What a name in an archive really says: code pages, backslashes, names that would leave the tree."""

import unicodedata
from dataclasses import dataclass

from repack.model import EntryName

#: Names that Windows gives to devices, whatever their extension or case.
DEVICE_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))]
)


@dataclass(frozen=True, slots=True)
class ReadName:
    """A name as people read it, as the new zip holds it, and what had to be said about it."""

    path: str
    name: EntryName
    notes: tuple[str, ...] = ()


def read_name(raw: bytes, *, is_utf8: bool, from_windows: bool) -> ReadName:
    """Decode the name bytes of a zip entry without ever baking wrong letters in.

    UTF-8 by flag or by validity (macOS leaves the flag out) is taken as such; anything else keeps its bytes and is
    shown as code page 437 (APPNOTE appendix D). A backslash separates only where FAT or NTFS wrote a name without
    slashes. A name that would leave the tree gets a safe one.
    """
    try:
        text, known = raw.decode("utf-8"), True
    except UnicodeDecodeError:
        text, known = raw.decode("cp437"), False
    notes: list[str] = []
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
    if safe != path:
        path = safe
        name = EntryName(safe.encode("utf-8"), is_utf8=not safe.isascii())
        notes.append("its name led out of the folder or hid something; it got a safe one")
    return ReadName(path.rstrip("/"), name, tuple(notes))


def make_safe(path: str) -> str:
    """The same path without `..`, drive letters, leading slashes and control characters; usually unchanged."""
    is_directory = path.endswith("/")
    cleaned = "".join("_" if unicodedata.category(letter) == "Cc" else letter for letter in path)
    parts = cleaned.split("/")
    if cleaned.startswith("/") or any(".." in part.split("\\") for part in parts):
        kept = [
            part.replace("\\", "_") if ".." in part.split("\\") else part
            for part in parts
            if part not in {"", ".", ".."}
        ]
        cleaned = ("/".join(kept) or "_") + ("/" if is_directory and kept else "")
    if len(cleaned) > 1 and cleaned[1] == ":" and cleaned[0].isalpha():  # last: it may have stood behind a slash
        cleaned = cleaned[0] + "_" + cleaned[2:]
    return "_" + cleaned[1:] if cleaned.startswith("\\") else cleaned


def folded(path: str) -> str:
    """A key under which two spellings of one name meet: case and Unicode composition do not count."""
    return unicodedata.normalize("NFC", path).casefold()
