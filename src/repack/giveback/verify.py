"""Check a finished zip against its own manifest, and on request against the bundle that it was made from.

Everything that is found is named and nothing stops the check: the skeleton of the zip, every content, every image
decoded and its original rebuilt, the DICOMDIR, and the manifest's own sums.

Only bits that no program looks at escape it: those that fill up a deflate stream to whole bytes (RFC 1951 3.2.3).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from repack import outcomes
from repack.bundles import open_bundle
from repack.classify import references
from repack.dicom import dicomdir
from repack.dicom.dicomdir import Directory
from repack.dicom.image import NotDone
from repack.errors import BundleUnreadable
from repack.giveback import against
from repack.giveback.finished import Finished, is_finished, open_finished, set_foreign_aside
from repack.giveback.originals import Item, Unlike, check_content, explain_crash, rebuild_to
from repack.model import MANIFEST_NAME, RESTORE_NAME, Access, Bundle, Category, Entry, EntryUnreadable, Proof, Wishes
from repack.output.archive import digest_raw
from repack.output.structure import Finding, check_structure
from repack.processes.workers import Crashed, Pool, give_time, with_tasks
from repack.progress import NoProgress, Progress
from repack.record import manifest

_HOW = {
    Proof.EXACT: "decoded; the original rebuilt, its SHA-256 compared",
    Proof.SAMPLES: "decoded; the zip does not hold the original",
    Proof.BOUNDED: "near-lossless: its own SHA-256 only",
}
_OURS = -1  # the number of an entry that is not in the manifest's list


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `share` of the rewritten images is decoded: 1.0 all, 0.0 none (hashes only).

    `access` says how `against` may be opened; its password is tried on `source` as well.
    """

    source: Path
    against: Path | None = None
    share: float = 1.0
    jobs: int = 1
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the report: what was looked at, how many of how many, and how."""

    subject: str
    done: int
    of: int
    how: str


@dataclass(slots=True)
class Verified:
    """What was checked, and every difference that was found."""

    finished: Finished
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def note(self, subject: str, count: tuple[int, int], how: str, findings: Iterable[Finding]) -> None:
        """Add a row, and what it found."""
        self.checks.append(Check(subject, *count, how))
        self.findings += findings


def verify(request: Request, progress: Progress | None = None) -> Verified:
    """Check a zip. Raises BundleUnreadable where it is not ours, DifferenceFound where not even its manifest is."""
    progress = progress or NoProgress()
    finished = open_finished(request.source, request.access.password)
    done = Verified(finished)
    if finished.bundle.kind == "zip":
        found = check_structure(finished.bundle.path, finished.manifest.directory)
        count = len(finished.bundle.entries)
        done.note("zip", (count, count), "every header; nothing in front, between or behind", found)
    done.note("manifest", _twice(len(finished.manifest.entries)), "its sums; each line has its entry", _sums(finished))
    with Pool(request.jobs) as pool:
        if request.share:
            pool.warm(partial(outcomes.get_ready, wishes=Wishes()))
        check_contents(done, request.share, pool, progress)
        directories = list(_directories(finished))
        if directories:
            found = [finding for entry, data in directories for finding in _check_dicomdir(finished, entry, data)]
            done.note("DICOMDIR", _twice(len(directories)), "offsets; transfer syntax of each image", found)
        if request.against is not None:
            original = set_foreign_aside(open_bundle(request.against, request.access))
            _check_against(finished, original, done, pool, progress)
    return done


def _twice(count: int) -> tuple[int, int]:
    return count, count


def _sums(finished: Finished) -> Iterator[Finding]:
    """The manifest against itself and against the list of entries."""
    record = finished.manifest
    for number in finished.missing:
        yield Finding(record.entries[number].path, "is missing in the zip")
    for file in record.own:
        if file.path not in finished.own:
            yield Finding(file.path, "is missing in the zip")
    for entry in finished.extra:
        yield Finding(entry.path, "is in the zip, but the manifest does not know it")
    if not manifest.adds_up(record):
        yield Finding(MANIFEST_NAME, "has totals that are not those of its entries")
    for line in record.entries:
        if not manifest.is_consistent(line):
            yield Finding(MANIFEST_NAME, f"contradicts itself about {line.path}")
    if finished.bundle.kind == "zip":
        yield from _places(finished)


def _places(finished: Finished) -> Iterator[Finding]:
    """Order and room of the entries in the zip, by the manifest."""
    order = [entry.index for _number, entry in sorted(finished.entries.items())]
    if order != sorted(order):
        yield Finding("the directory of the zip", "has another order than the manifest")
    for number, entry in finished.entries.items():
        after = finished.manifest.entries[number].after
        if after is not None and entry.stored != after.stored:
            yield Finding(entry.path, "takes another number of bytes in the zip than the manifest says")


# --- contents ---


@dataclass(frozen=True, slots=True)
class _Task:
    item: Item
    is_deep: bool  # decode it and rebuild the original


def check_contents(done: Verified, share: float, pool: Pool, progress: Progress) -> None:
    """Every content by its hash; of the rewritten ones a share is decoded, and the original rebuilt and hashed."""
    finished = done.finished
    lines = finished.manifest.entries
    files = {n: e for n, e in finished.entries.items() if e.place is not None and not lines[n].folder}
    rewritten = [n for n in sorted(files) if lines[n].action == "transcoded"]
    deep = _spread(rewritten, share)
    progress.begin("Verifying", sum(lines[n].before.size for n in files), len(files))
    found = list(_check_own(finished))
    tasks = _tasks(finished, set(files), deep, found)
    for task, result in with_tasks(pool, _check_one, tasks, lambda task: give_time(task.item.line.before.size)):
        problem = Unlike(explain_crash(result)) if isinstance(result, Crashed) else result
        if problem is not None:
            found.append(Finding(task.item.line.path, problem.problem))
        progress.advance(task.item.line.before.size)
    damaged = sum(lines[n].damaged for n in files)
    own = len(finished.manifest.own)
    done.note("files", _twice(len(files) - damaged + own), "size, CRC and SHA-256 of each content", found)
    if damaged:
        done.note("damaged", _twice(damaged), "so in the original already: compressed bytes only", ())
    unlike = {finding.where for finding in found}
    for proof, how in _HOW.items():
        of_proof = [n for n in rewritten if lines[n].proof is proof]
        if of_proof:
            looked_at = deep.intersection(of_proof)
            sound = sum(lines[n].path not in unlike for n in looked_at)
            done.note(proof, (sound, len(of_proof)), how if looked_at else "not decoded", ())


def _spread(numbers: list[int], share: float) -> set[int]:
    """A share of the numbers, evenly spread from the first on; at least one where there is any share."""
    chosen = {n for at, n in enumerate(numbers) if int((at + 1) * share) > int(at * share)}
    return chosen or set(numbers[: 1 if share else 0])


def _tasks(finished: Finished, files: set[int], deep: set[int], found: list[Finding]) -> Iterator[_Task]:
    """Every file once; those with a restore record as it comes by, in the order of the one solid stream."""
    lines = finished.manifest.entries
    exact = {n for n in files if lines[n].proof is Proof.EXACT}
    left = set(files)
    seen: set[int] = set()
    try:
        for number, restorable in finished.records():
            entry = finished.entries.get(number)
            if number not in exact or number in seen or entry is None or entry.place is None:
                if number >= len(lines) or lines[number].after is None or number in seen:
                    found.append(Finding(RESTORE_NAME, f"holds a record of no entry (number {number})"))
                continue
            seen.add(number)
            left.discard(number)
            yield _Task(Item(number, lines[number], entry.place, restorable), number in deep)
    except ValueError as error:
        found.append(Finding(RESTORE_NAME, f"cannot be read to its end: {error}"))
    else:
        found.extend(Finding(lines[n].path, "has no restore data") for n in sorted(exact & left))
    for number in sorted(left):
        entry = finished.entries[number]
        if entry.place is not None:
            yield _Task(Item(number, lines[number], entry.place), number in deep - exact)


def _check_one(task: _Task) -> Unlike | None:
    """Compare one entry with its line of the manifest. Pure, so that worker processes share the work."""
    item = task.item
    if item.line.damaged:
        return _check_damaged(item)
    problem = check_content(item)
    if problem is not None or not task.is_deep:
        return problem
    return rebuild_to(item, lambda _piece: None)


def _check_damaged(item: Item) -> Unlike | None:
    """A content that was damaged in the original has no hash; its compressed bytes have one."""
    try:
        raw = item.place.raw()
    except EntryUnreadable as error:
        return Unlike(f"cannot be read: {error}")
    if raw is None or item.line.carried is None:
        return None
    return None if digest_raw(raw) == item.line.carried else Unlike("was damaged in the original, and is more so now")


def _check_own(finished: Finished) -> Iterator[Finding]:
    """The files that repack added, by the hashes in the manifest."""
    for file in finished.manifest.own:
        entry = finished.own.get(file.path)
        if entry is None or entry.place is None:
            continue
        line = manifest.line_of_own(file)
        problem = check_content(Item(_OURS, line, entry.place))
        if problem is not None:
            yield Finding(file.path, problem.problem)


# --- DICOMDIR ---


def _directories(finished: Finished) -> Iterator[tuple[Entry, Directory | NotDone]]:
    """The DICOMDIRs that repack has rewritten; one that was carried over says what it always said.

    A rule of the user may call one something else: what it holds decides. Its own transfer syntax never changes.
    """
    for number, line in enumerate(finished.manifest.entries):
        entry = finished.entries.get(number)
        keeps_syntax = line.after is not None and line.after.transfer_syntax == line.before.transfer_syntax
        if line.action != "transcoded" or entry is None or entry.place is None or not keeps_syntax:
            continue
        try:
            directory = dicomdir.read_directory(entry.place.read())
        except EntryUnreadable:
            continue  # named already
        if line.category is Category.DICOMDIR or not isinstance(directory, NotDone):
            yield entry, directory


def _check_dicomdir(finished: Finished, entry: Entry, directory: Directory | NotDone) -> Iterator[Finding]:
    if isinstance(directory, NotDone):
        yield Finding(entry.path, f"cannot be read as a DICOMDIR: {directory.reason}")
        return
    if dicomdir.has_stray_offsets(directory):
        yield Finding(entry.path, "has offsets that lead to no record")
    by_index = {e.index: finished.manifest.entries[n] for n, e in finished.entries.items()}
    by_path = references.index_paths(finished.bundle.entries)
    for file_id, stated in dicomdir.stated_syntaxes(directory).items():
        index = references.find_listed(entry.path, file_id, by_path)
        line = by_index.get(index) if index is not None else None
        if line is not None and line.action == "transcoded" and line.after and line.after.transfer_syntax != stated:
            yield Finding(entry.path, f"states another transfer syntax than {line.path} has")


# --- the original ---


def _check_against(finished: Finished, original: Bundle, done: Verified, pool: Pool, progress: Progress) -> None:
    """Every original file against `before` in the manifest; what is rewritten was compared with that above."""
    path = original.path
    if original.path.resolve() == finished.bundle.path.resolve():
        raise BundleUnreadable(path.name, "it is the zip itself", "give --against the bundle that it was made from")
    lines = finished.manifest.entries
    pairing = against.pair(original, lines, finished.entries)
    progress.begin("Comparing", sum(p.line.before.size for p in pairing.pairs), len(pairing.pairs))
    problems: list[str] = []
    for lot, result in with_tasks(pool, against.compare, against.lots(pairing.pairs)):
        problems += ("could not be read",) * len(lot) if isinstance(result, Crashed) else result
        for pair in lot:
            progress.advance(pair.line.before.size)
    files = sum(not line.folder for line in lines)
    found = against.tell(pairing, problems, lines, path.name)
    if is_finished(original):
        found = [against.tell_of_finished(path.name, finished.manifest.source.name)]
    done.note("original", (len(pairing.pairs), files), f"each file of {path.name}, by its SHA-256", found)
    samples = sum(pair.new is not None for pair in pairing.pairs)
    if samples:
        done.note("samples", _twice(samples), "each stored word compared with the original's", ())
