"""Give the originals back from a finished zip: every file is compared with its SHA-256 before it gets its name.

Restore records come one at a time out of one solid stream and are paired with their entries on the way to the
workers, so that memory stays bounded. A file that does not come back is named, and costs no other file.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from repack import outcomes
from repack.classify.patterns import matches
from repack.errors import OutputUnwritable, WrongUsage
from repack.giveback import placing
from repack.giveback.finished import Finished, open_finished
from repack.giveback.giving import FileTask, Present, give_file, give_packed, is_same, make_empty_folder
from repack.giveback.originals import Item, Unlike, explain_crash
from repack.model import STORED, Access, Packed, Proof, Raw, Wishes
from repack.output import archive, drafts, proving, readback
from repack.processes import interrupts
from repack.processes.workers import Crashed, Pool, give_time, with_tasks
from repack.progress import NoProgress, Progress

_DAMAGED = "was damaged in the original already; a zip as target (-o NAME.zip) takes its bytes as they are"
_NO_STREAM = "cannot be restored, because the restore data is damaged"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: which zip, where to (a folder, or a new zip), which entries (none: all)."""

    source: Path
    target: Path
    globs: tuple[str, ...] = ()
    jobs: int = 1
    overwrite: bool = False
    access: Access = field(default_factory=Access)

    @property
    def is_zip(self) -> bool:
        """Is a new zip wanted, and not a folder?"""
        return self.target.suffix.lower() == ".zip" and not self.target.is_dir()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: entries by their number in the manifest, each with its problem or none.

    `problems` are differences; `unwritten` is what the target would not take.
    """

    finished: Finished
    chosen: tuple[int, ...]
    problems: dict[int, str]
    names: dict[int, str] = field(default_factory=dict)  # those that lie under another name than their own
    skipped: dict[int, str] = field(default_factory=dict)  # what could not be had from the original either
    unwritten: dict[int, str] = field(default_factory=dict)
    present: frozenset[int] = frozenset()  # of what came back, what lay in the target already, byte for byte

    @property
    def given(self) -> tuple[int, ...]:
        """The entries that came back."""
        lost = self.problems.keys() | self.skipped.keys() | self.unwritten.keys()
        return tuple(n for n in self.chosen if n in self.finished.entries and n not in lost)


def restore(
    request: Request, progress: Progress | None = None, when_published: Callable[[], None] | None = None
) -> Restored:
    """Give back a zip's originals. Raises RepackError; files that do not come back are in the result.

    `when_published` is called in the moment in which a new zip appears, before an interrupt can come between.
    """
    finished = open_finished(request.source, request.access.password)
    chosen = _choose(finished, request.globs)
    progress = progress or NoProgress()
    files = [n for n in chosen if n in finished.entries and not finished.manifest.entries[n].folder]
    progress.begin("Restoring", sum(finished.manifest.entries[n].before.size for n in files), len(files))
    to_target = partial(_to_zip, when_published=when_published) if request.is_zip else _to_folder
    with Pool(request.jobs) as pool:
        pool.warm(partial(outcomes.get_ready, wishes=Wishes()))
        return to_target(request, finished, chosen, pool, progress)


def _choose(finished: Finished, globs: Sequence[str]) -> tuple[int, ...]:
    """The numbers of the wanted lines of the manifest. Raises WrongUsage where nothing of them is there."""
    lines = list(enumerate(finished.manifest.entries))
    for glob in globs:
        if not any(matches(glob, line.path) for _n, line in lines):
            raise WrongUsage(f"no entry of {finished.name} matches {glob}", "see its REPACK/manifest.json for names")
    chosen = tuple(n for n, line in lines if not globs or any(matches(glob, line.path) for glob in globs))
    if globs and all(finished.manifest.entries[n].after is None for n in chosen):
        what = "what you name was dropped" if len(chosen) == 1 else f"all {len(chosen):,} that you name were dropped"
        raise WrongUsage(f"{what} when {finished.name} was made", "only the original disc still has it")
    return chosen


def _items(finished: Finished, chosen: Sequence[int], problems: dict[int, str]) -> Iterator[Item]:
    """The entries to be worked on, each with its restore record; first those that have one, in their order."""
    lines, waiting = finished.manifest.entries, set(chosen) & set(finished.entries)
    with_record = {n for n in waiting if lines[n].proof is Proof.EXACT}
    waiting -= with_record
    try:
        for number, restorable in finished.records():
            place = finished.entries[number].place if number in with_record else None
            if place is not None:
                with_record.discard(number)
                yield Item(number, lines[number], place, restorable)
    except ValueError:
        problems.update(dict.fromkeys(with_record, _NO_STREAM))
    else:
        problems.update(dict.fromkeys(with_record, "has no restore data"))
    for number in sorted(waiting):
        place = finished.entries[number].place
        if place is not None:
            yield Item(number, lines[number], place)


def _find_missing(finished: Finished, chosen: Sequence[int]) -> dict[int, str]:
    return dict.fromkeys(set(finished.missing) & set(chosen), "is missing in the zip")


# --- into a folder ---


def _to_folder(
    request: Request, finished: Finished, chosen: tuple[int, ...], pool: Pool, progress: Progress
) -> Restored:
    root = _prepare_folder(request.target)
    lines = finished.manifest.entries
    present = [(n, finished.entries[n].path) for n in chosen if n in finished.entries]
    skipped = {n: _DAMAGED for n, _path in present if lines[n].damaged}
    files = [(n, path) for n, path in present if not lines[n].folder and n not in skipped]
    placed = placing.place_all(files, ignores_case=placing.ignores_case(root))
    problems, unwritten = _find_missing(finished, chosen), dict[int, str]()
    with placing.without_litter(root, placed.values(), pool.dismiss):
        there = frozenset[int]() if request.overwrite else _find_present(root, placed, finished, pool)
        for number in there:
            progress.advance(lines[number].before.size)
        tasks = (
            FileTask(item, root, placed[item.number], finished.entries[item.number].stamp, request.overwrite)
            for item in _items(finished, [n for n, _path in files if n not in there], problems)
        )
        for task, result in with_tasks(pool, give_file, tasks, lambda task: give_time(task.item.line.before.size)):
            if isinstance(result, Crashed):
                problems[task.item.number] = explain_crash(result)
            elif result is not None:
                (unwritten if result.is_of_target else problems)[task.item.number] = result.problem
            progress.advance(task.item.line.before.size)
    for number, path in reversed(present):
        if lines[number].folder:
            make_empty_folder(root, path, finished.entries[number].stamp)
    names = {n: "/".join(placed[n]) for n, path in files if "/".join(placed[n]) != path}
    return Restored(finished, chosen, problems, names, skipped, unwritten, there)


def _prepare_folder(target: Path) -> Path:
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        is_taken = isinstance(error, FileExistsError)
        problem = "a file of that name is there" if is_taken else error.strerror or "it cannot be made"
        raise OutputUnwritable(target.name, problem, "choose another folder with -o") from error
    return target


def _find_present(root: Path, placed: dict[int, tuple[str, ...]], finished: Finished, pool: Pool) -> frozenset[int]:
    """What lies there already, byte for byte, and so need not be written. Raises OutputUnwritable for all else there.

    So the zips of one disc (`--split study`) go into one folder, and an interrupted restore can go on.
    """
    found = {number: parts for number, parts in placed.items() if os.path.lexists(root.joinpath(*parts))}
    lines = finished.manifest.entries
    tasks = (Present(root, parts, lines[number], _made_anew(finished, number)) for number, parts in found.items())
    answers = with_tasks(pool, is_same, tasks, lambda task: give_time(task.line.before.size))
    same = frozenset(number for number, (_task, answer) in zip(found, answers, strict=True) if answer is True)
    taken = [parts for number, parts in found.items() if number not in same]
    if taken:
        count = f"{len(taken):,} of the files exist" if len(taken) > 1 else "it exists"
        raise OutputUnwritable("/".join(taken[0]), f"{count} already", "use --overwrite, or an empty folder with -o")
    return same


def _made_anew(finished: Finished, number: int) -> Item | None:
    """What a file is made from whose original is not in the zip, so that no hash in the manifest is the file's."""
    line, place = finished.manifest.entries[number], finished.entries[number].place
    return Item(number, line, place) if line.proof is Proof.SAMPLES and place is not None else None


# --- into a zip ---


def _to_zip(
    request: Request,
    finished: Finished,
    chosen: tuple[int, ...],
    pool: Pool,
    progress: Progress,
    *,
    when_published: Callable[[], None] | None,
) -> Restored:
    lines, entries = finished.manifest.entries, finished.entries
    problems = _find_missing(finished, chosen)
    hashes: dict[int, str] = {}
    damaged: dict[int, Raw] = {}
    drafts.clear_stale(request.target)
    with archive.drafting(request.target, overwrite=request.overwrite, end_work=pool.dismiss) as draft:
        items = _items(finished, [n for n in chosen if not lines[n].folder], problems)
        for item, result in with_tasks(pool, give_packed, items, lambda item: give_time(item.line.before.size)):
            if isinstance(result, Crashed | Unlike):
                problems[item.number] = explain_crash(result) if isinstance(result, Crashed) else result.problem
            else:
                draft.add(entries[item.number], result.content)
                index = entries[item.number].index
                if result.sha256 or not isinstance(result.content, Raw):
                    hashes[index] = result.sha256
                else:
                    damaged[index] = result.content
            progress.advance(item.line.before.size)
        for number in chosen:
            if lines[number].folder and number in entries:
                draft.add(entries[number], Packed(b"", STORED, 0, 0))
        _prove(draft, finished.bundle.comment, hashes, damaged, pool)
        with interrupts.undisturbed():
            draft.publish(overwrite=request.overwrite)
            if when_published is not None:
                when_published()
    return Restored(finished, chosen, problems)


def _prove(
    draft: archive.Draft, comment: bytes, hashes: Mapping[int, str], damaged: Mapping[int, Raw], pool: Pool
) -> None:
    """Re-open the new zip and compare every content once more. Raises ProofFailed."""
    positions = draft.positions()
    written = draft.finish(comment)
    readback.check_directory(draft.path, draft.target, written, draft.comment)
    names = {n: one.name.raw.decode("utf-8", "replace") for n, one in zip(positions, written, strict=True)}
    lies = [(n, one, hashes.get(n)) for n, one in zip(positions, written, strict=True)]
    checks = proving.make_checks(draft, lies, damaged, names)
    proving.prove_entries(proving.EarlyProof(draft, pool), checks, names, NoProgress().advance)
