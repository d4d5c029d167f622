"""Which bundles are meant, and under which names their outputs appear.

A disc is known by its full address: given by another relative path it is the same disc, and another disc of the same
name is another one. Outputs are named like those of the main job; where that would give two discs one name, each gets
eight letters of its key as well. A name that was recorded once stays.
"""

import glob
import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from repack.batch import lock
from repack.batch.line import Source
from repack.errors import WrongUsage
from repack.output import drafts
from repack.places import addresses, carriage

RECORD = "batch.jsonl"
_SUFFIX = ".repacked.zip"
_CONTAINERS = frozenset({".zip", ".iso"})
_LONGEST = 200  # bytes of a name that are taken over; 255 is what file systems allow
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Disc:
    """A bundle: as it was given, and by its full address."""

    given: str
    address: str

    @property
    def key(self) -> str:
        """SHA-256 of the full address, without a password."""
        address = addresses.identify(self.address) if addresses.is_remote(self.address) else self.address
        return hashlib.sha256(os.fsencode(address)).hexdigest()


def find_discs(words: Iterable[str], out_dir: Path | None, place: str = "") -> list[Disc]:
    """Every bundle once, in the order given; the out-dir and what batches wrote there are none. Raises WrongUsage.

    `place` is the address of the outputs, where they do not go to the out-dir. A
    pattern is expanded where the shell has not done it; one that matches nothing stays, and fails as a bundle that is
    not there.
    """
    found: dict[str, Disc] = {}
    inside = Path(os.path.realpath(out_dir)) if out_dir is not None else None
    for word in words:
        for given in _expand(word):
            local = addresses.find_local(given)
            address = given if local is None else os.path.abspath(local)  # noqa: PTH100  a link stays a link
            if local is None:
                is_ours = bool(place) and _is_ours_elsewhere(address, place)
            else:
                is_ours = inside is not None and _is_ours(given, Path(os.path.realpath(address)), inside)
            if not is_ours:
                disc = Disc(addresses.show(given), address)
                found.setdefault(disc.key, disc)
    return list(found.values())


def _is_ours(given: str, path: Path, out_dir: Path) -> bool:
    if path != out_dir and out_dir.is_relative_to(path):
        problem = f"the out-dir lies inside the bundle {given}: a later run would take the new zips along"
        advice = f"name another folder with --out-dir, or the discs in this one as '{given.rstrip('/')}/*.zip'"
        raise WrongUsage(problem, advice)
    is_written = path.name.endswith((_SUFFIX, drafts.SUFFIX)) or path.name in {RECORD, lock.NAME}
    return path == out_dir or (path.parent == out_dir and is_written)


def _is_ours_elsewhere(address: str, place: str) -> bool:
    folder, _slash, name = addresses.identify(address).rpartition("/")
    return folder == addresses.identify(place).rstrip("/") and name.endswith(_SUFFIX)


def _expand(word: str) -> Iterator[str]:
    if addresses.is_remote(word):
        yield from carriage.expand(word) or (word,)
        return
    pattern = str(addresses.find_local(word)) if word.lower().startswith("file:") else word
    is_pattern = _WILD.intersection(pattern) and not os.path.lexists(pattern)
    matches = sorted(glob.glob(pattern, recursive=True)) if is_pattern else []  # noqa: PTH207  patterns with ~ or drives
    yield from matches or (pattern,)


def read_names(data: bytes) -> Iterator[str]:
    """The names in a file: one a line, or each ended by a zero byte, as `find -print0` writes them."""
    separator = b"\0" if b"\0" in data else b"\n"
    for name in data.removeprefix(b"\xef\xbb\xbf").split(separator):
        if stripped := name.rstrip(b"\r\n"):
            yield os.fsdecode(stripped)


def name_outputs(discs: Sequence[Disc], recorded: Mapping[str, str]) -> list[str]:
    """The name of each disc's output: distinct, also where case does not count, and the same each time."""
    names: dict[str, str] = {}
    taken = {_fold(name) for name in recorded.values()}
    plain = Counter(_fold(_stem(disc.address) + _SUFFIX) for disc in discs if disc.key not in recorded)
    for disc in discs:
        key, stem = disc.key, _stem(disc.address)
        if key in recorded:
            names[key] = recorded[key]
            continue
        wanted = [f"{stem}{_SUFFIX}"] if plain[_fold(stem + _SUFFIX)] == 1 and not _is_long(stem) else []
        wanted += [f"{_shorten(stem)}.{key[:length]}{_SUFFIX}" for length in (8, 16, 32)]
        names[key] = next(name for name in wanted if _fold(name) not in taken)
        taken.add(_fold(names[key]))
    return [names[disc.key] for disc in discs]


def rename(disc: Disc, read: Source) -> str:
    """The name for another disc under an address, where the earlier one's output keeps its own: by the disc's state."""
    state = hashlib.sha256(f"{disc.key} {read.size} {read.changed} {read.sha256}{read.mark}".encode()).hexdigest()
    return f"{_shorten(_stem(disc.address))}.{state[:8]}{_SUFFIX}"


def _shorten(stem: str) -> str:
    return stem.encode("utf-8")[:_LONGEST].decode("utf-8", "ignore")


def _stem(address: str) -> str:
    last = PurePath(address.rstrip("/")).name or "disc"  # the root of a drive has no name
    stem, suffix = os.path.splitext(last)  # noqa: PTH122  of a name, not of a path
    return _in_utf8(stem if suffix.lower() in _CONTAINERS else last)


def _in_utf8(name: str) -> str:
    """A name that the record can hold, and any system write: bytes that are not UTF-8 become %FF."""
    return "".join(
        "".join(f"%{byte:02X}" for byte in os.fsencode(letter)) if "\ud800" <= letter <= "\udfff" else letter
        for letter in name
    )


def _is_long(stem: str) -> bool:
    return len(stem.encode("utf-8")) > _LONGEST


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
