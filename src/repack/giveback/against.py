"""Compare a finished zip with the bundle that it was made from: every original, entry by entry."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from repack.giveback.originals import has_same_samples
from repack.model import Bundle, Entry, EntryUnreadable, Place, Proof
from repack.output.archive import digest_raw
from repack.output.structure import Finding
from repack.record.manifest import EntryRecord

_LOT = 32
_OTHER_FILE, _OTHER_SAMPLES = "is another file in the original", "has other samples than the original"


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of the manifest and the entry of the original bundle that it speaks of."""

    number: int
    line: EntryRecord
    place: Place
    new: Place | None = None  # the entry in the finished zip, where its samples are to be compared


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which entry of the original each line speaks of, and what has no partner."""

    pairs: tuple[Pair, ...]
    gone: tuple[int, ...]  # lines that speak of no entry of the bundle
    closed: tuple[int, ...]  # lines of files that cannot be opened there any more: a link that leads nowhere, a pipe
    unknown: tuple[Entry, ...]  # entries that the manifest does not speak of


def pair(original: Bundle, lines: Sequence[EntryRecord], entries: Mapping[int, Entry]) -> Pairing:
    """Pair files by path, and where paths repeat, in order; records of folders tell nothing and are left out.

    `entries` are those of the finished zip, by the number of their line.
    """
    left: dict[str, list[Entry]] = {}
    for entry in original.entries:
        if not entry.is_directory:
            left.setdefault(entry.path, []).append(entry)
    pairs: list[Pair] = []
    gone: list[int] = []
    closed: list[int] = []
    for number, line in enumerate(lines):
        if line.folder:
            continue
        same = left.get(line.path)
        if not same:
            gone.append(number)
        elif (place := same.pop(0).place) is not None:
            new = entries[number].place if line.proof is Proof.SAMPLES and number in entries else None
            pairs.append(Pair(number, line, place, new))
        elif line.before.sha256 is not None:
            closed.append(number)
    unknown = tuple(sorted((e for same in left.values() for e in same), key=lambda entry: entry.index))
    return Pairing(tuple(pairs), tuple(gone), tuple(closed), unknown)


def lots(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, ...]]:
    """Pairs that travel to a worker together."""
    yield from (tuple(pairs[at : at + _LOT]) for at in range(0, len(pairs), _LOT))


def compare(lot: tuple[Pair, ...]) -> tuple[str, ...]:
    """What is wrong with each pair, or nothing. Pure, so that worker processes share the work."""
    return tuple(_compare_one(pair) for pair in lot)


def _compare_one(pair: Pair) -> str:
    digest = hashlib.sha256()
    try:
        if pair.line.damaged:
            raw = pair.place.raw()
            is_same = raw is not None and pair.line.carried in {None, digest_raw(raw)}
            return "" if is_same else "was damaged when the zip was made, and is another file in the original"
        for chunk in pair.place.chunks():
            digest.update(chunk)
        if pair.line.before.sha256 not in {None, digest.hexdigest()}:
            return _OTHER_FILE
        if pair.new is not None and not has_same_samples(pair.place.read(), pair.new.read()):
            return _OTHER_SAMPLES
    except EntryUnreadable as error:
        return "" if pair.line.before.sha256 is None else f"cannot be compared with the original: {error}"
    return ""


def tell_of_finished(name: str, first: str) -> Finding:
    """The only line on a bundle that repack made: whatever was made from it, its own original is another one."""
    return Finding(name, f"was itself made by repack; the first original was {first}", is_of_original=True)


def tell(pairing: Pairing, problems: Sequence[str], lines: Sequence[EntryRecord], original: str) -> list[Finding]:
    """Each difference, given what `compare` said of each pair; in one line where not a single file is the same."""
    if (pairing.pairs or pairing.gone) and not pairing.closed and all(problem == _OTHER_FILE for problem in problems):
        return [Finding(original, "is another disc: no file of it is in the zip as it was", is_of_original=True)]
    found = [Finding(lines[n].path, f"is not in {original}", is_of_original=True) for n in pairing.gone]
    closed = f"is a link or a device in {original}, and cannot be compared"
    found += [Finding(lines[n].path, closed, is_of_original=True) for n in pairing.closed]
    unknown = f"is in {original}, but the manifest does not know it"
    found += [Finding(entry.path, unknown, is_of_original=True) for entry in pairing.unknown]
    for pair, problem in zip(pairing.pairs, problems, strict=True):
        if problem:  # where the original is the same file and its samples are not, the zip is wrong
            found.append(Finding(pair.line.path, problem, is_of_original=problem != _OTHER_SAMPLES))
    return found
