"""The story of a run, top to bottom: bundle, facts, verdicts, plan, outcomes, zip, proof, manifest."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from repack import archive, deflate, manifest, outcomes
from repack.archive import Draft, Written
from repack.bundles import open_bundle
from repack.bundles.names import folded
from repack.bundles.zipped import ZipPlace
from repack.classify import facts, references, rulefile, rules
from repack.classify.rulefile import LoadedRule
from repack.classify.rules import Surroundings
from repack.errors import BundleUnreadable, ProofFailed, WrongUsage
from repack.manifest import EntryRecord, Manifest
from repack.model import (
    MANIFEST_NAME,
    RESTORE_NAME,
    STORED,
    Action,
    Bundle,
    Category,
    Entry,
    Facts,
    KeptAsIs,
    Lost,
    NoProgress,
    Outcome,
    Packed,
    Plan,
    Planned,
    Progress,
    Raw,
    Transcoded,
    Wishes,
)
from repack.plan import decide
from repack.restoredata import RestoreWriter
from repack.workers import Crashed, Pool

_FACTS_LOT = 64  # entries whose facts one task gathers
_INLINE_FACTS = 2_000  # below this many entries, workers would take longer to start than the facts take
_LOT_ENTRIES, _LOT_BYTES = 32, 4 << 20  # small entries travel together
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: the bundle, the wishes, where the result goes."""

    bundle: Path
    target: Path
    wishes: Wishes = field(default_factory=Wishes)
    rule_files: tuple[Path, ...] = ()
    jobs: int = 1
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """A bundle with everything that is known of its entries."""

    bundle: Bundle
    facts: tuple[Facts, ...]
    needs: tuple[references.Reference, ...]
    rules: tuple[LoadedRule, ...]
    surroundings: Surroundings


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: what was planned, what happened, and how large the new zip is."""

    plan: Plan
    manifest: Manifest
    target: Path
    size: int


def load_rules(files: Sequence[Path]) -> tuple[LoadedRule, ...]:
    """The user's rules, then the built-in ones. Raises RuleInvalid."""
    own = (loaded for file in files for loaded in rulefile.load_file(file))
    return (*own, *rulefile.load_builtin())


def survey(
    path: Path, rule_files: Sequence[Path], pool: Pool, progress: Progress, without: Path | None = None
) -> Survey:
    """Open a bundle and gather the facts of every entry. Raises BundleUnreadable and RuleInvalid."""
    loaded = load_rules(rule_files)
    bundle = _leave_out(open_bundle(path), without)
    if not any(not entry.is_directory for entry in bundle.entries):
        raise BundleUnreadable(bundle.path.name, "it holds no files", "check that this is the right bundle")
    progress.begin("Looking at the disc", sum(entry.size for entry in bundle.entries), len(bundle.entries))
    gathered: list[Facts] = []
    for lot, found in _gather(bundle.entries, pool):
        gathered += found
        progress.advance(sum(entry.size for entry in lot), len(lot))
    needs = references.relate(bundle.entries, gathered)
    around = rules.survey(bundle.entries, gathered, needs, loaded)
    return Survey(bundle, tuple(gathered), needs, loaded, around)


def _leave_out(bundle: Bundle, target: Path | None) -> Bundle:
    """The bundle without the output and its drafts, which may lie inside a folder that is being read."""
    if bundle.kind != "folder" or target is None:
        return bundle
    try:
        relative = target.resolve().relative_to(bundle.path).as_posix()
    except ValueError:
        return bundle
    kept = (e for e in bundle.entries if e.path != relative and not e.path.endswith(archive.DRAFT_SUFFIX))
    return replace(bundle, entries=tuple(replace(entry, index=n) for n, entry in enumerate(kept)))


def _gather(entries: Sequence[Entry], pool: Pool) -> Iterator[tuple[tuple[Entry, ...], tuple[Facts, ...]]]:
    lots = [tuple(entries[n : n + _FACTS_LOT]) for n in range(0, len(entries), _FACTS_LOT)]
    if len(entries) <= _INLINE_FACTS:
        yield from ((lot, facts.gather(lot)) for lot in lots)
        return
    for lot, found in zip(lots, pool.run(facts.gather, lots), strict=True):
        if isinstance(found, Crashed):
            yield lot, tuple(Facts("unreadable", problem="reading it crashed a worker") for _ in lot)
        else:
            yield lot, found


def make_plan(found: Survey, wishes: Wishes) -> Plan:
    """Verdicts on every entry, and what the wishes and guards make of them."""
    verdicts = tuple(
        rules.judge(entry, fact, found.rules, found.surroundings)
        for entry, fact in zip(found.bundle.entries, found.facts, strict=True)
    )
    return decide(found.bundle, found.facts, verdicts, found.needs, wishes)


def refuse_repacked(bundle: Bundle) -> None:
    """A zip that repack made holds restore data of its own, which a second run would have to merge."""
    ours = {folded(MANIFEST_NAME), folded(RESTORE_NAME)}
    if any(folded(entry.path) in ours for entry in bundle.entries):
        raise WrongUsage(
            f"{bundle.path.name} was made by repack already",
            "repack the original instead (this version cannot go on from its own result)",
        )


def run(request: Request, progress: Progress | None = None) -> Done:
    """The main job. Raises RepackError; the target appears only when it is complete and proven."""
    progress = progress or NoProgress()
    with Pool(request.jobs) as pool, ThreadPoolExecutor(1) as beside:
        pool.warm()
        source_hash = beside.submit(_hash_source, request.bundle)
        found = survey(request.bundle, request.rule_files, pool, progress, without=request.target)
        refuse_repacked(found.bundle)
        plan = make_plan(found, request.wishes)
        with archive.drafting(request.target, overwrite=request.overwrite) as draft:
            records, damaged = _carry_out(plan, draft, pool, progress)
            record = _record(plan, records, source_hash, request.rule_files)
            draft.add_ours(MANIFEST_NAME, deflate.pack(manifest.encode(record)))
            written = draft.finish()
            _prove(draft, written, record, damaged, pool, progress)
            size = draft.path.stat().st_size
            draft.publish(overwrite=request.overwrite)
    return Done(plan, record, request.target, size)


def _record(
    plan: Plan, records: Sequence[EntryRecord], source_hash: Future[str | None], rule_files: Sequence[Path]
) -> Manifest:
    return manifest.compose(plan, records, source_hash.result(), (file.name for file in rule_files))


def _hash_source(bundle: Path) -> str | None:
    """SHA-256 of the bundle's own file, None for a folder; hashing leaves the interpreter lock free for the rest."""
    if not bundle.is_file():
        return None
    try:
        with bundle.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleUnreadable(bundle.name, error.strerror or "read error", "check the medium") from error


def _carry_out(plan: Plan, draft: Draft, pool: Pool, progress: Progress) -> tuple[list[EntryRecord], dict[int, Raw]]:
    """Write every entry as its outcome comes in; the manifest's lines, and the damaged entries that were carried over.

    DICOMDIRs wait until the images that they list are done.
    """
    progress.begin("Repacking", sum(line.entry.size for line in plan.lines), len(plan.lines))
    records: dict[int, EntryRecord] = {}
    damaged: dict[int, Raw] = {}
    restore = RestoreWriter()
    waiting: list[tuple[Planned, KeptAsIs]] = []
    new_syntaxes: dict[int, str] = {}
    for line, outcome in _outcomes(plan, pool):
        if line.verdict.category is Category.DICOMDIR and isinstance(outcome, KeptAsIs):
            waiting.append((line, outcome))
            continue
        if isinstance(outcome, Transcoded) and outcome.after.transfer_syntax:
            new_syntaxes[outcome.index] = outcome.after.transfer_syntax
        records[outcome.index] = _write(line, outcome, draft, restore, damaged)
        progress.advance(line.entry.size)
    for line, unchanged in waiting:
        followed = outcomes.follow_images(line.entry, unchanged, _listed_syntaxes(plan, line, new_syntaxes))
        records[followed.index] = _write(line, followed, draft, restore, damaged)
        progress.advance(line.entry.size)
    if restore.records:
        data = restore.finish()
        draft.add_ours(RESTORE_NAME, Packed(data, STORED, deflate.checksum(data), len(data)))
    return [records[line.entry.index] for line in plan.lines], damaged


def _outcomes(plan: Plan, pool: Pool) -> Iterator[tuple[Planned, Outcome]]:
    """The outcome of every line, in order. Raises BundleUnreadable where an entry's bytes cannot be had at all."""
    tasks = [outcomes.make_task(line, plan.wishes.codec) for line in plan.lines]
    lots = _make_lots(tasks)
    lines = iter(plan.lines)
    for results in pool.run(outcomes.work, lots):
        for outcome in outcomes.keep_after_crash(results.task) if isinstance(results, Crashed) else results:
            line = next(lines)
            if isinstance(outcome, Lost):
                raise BundleUnreadable(
                    plan.bundle.path.name,
                    f"{line.entry.path}: {outcome.reason}",
                    f"get a better copy, or give this entry up with --drop-path '{line.entry.path}'",
                )
            yield line, outcome


def _make_lots(tasks: Sequence[outcomes.Task]) -> list[tuple[outcomes.Task, ...]]:
    """Neighbours that are small travel together; an image of size travels alone."""
    lots: list[tuple[outcomes.Task, ...]] = []
    lot: list[outcomes.Task] = []
    size = 0
    for task in tasks:
        weight = task.size * (8 if task.action is Action.TRANSCODE else 1)
        if lot and (len(lot) >= _LOT_ENTRIES or size + weight > _LOT_BYTES):
            lots.append(tuple(lot))
            lot, size = [], 0
        lot.append(task)
        size += weight
    if lot:
        lots.append(tuple(lot))
    return lots


def _write(
    line: Planned, outcome: Outcome, draft: Draft, restore: RestoreWriter, damaged: dict[int, Raw]
) -> EntryRecord:
    """Put one outcome into the draft; its bytes are not kept in memory after that."""
    match outcome:
        case Transcoded():
            draft.add(line.entry, outcome.packed)
            restore.add(outcome.index, outcome.restorable)
        case KeptAsIs(content=content) if content is not None:
            draft.add(line.entry, content)
            if outcome.is_damaged and isinstance(content, Raw):
                damaged[outcome.index] = content
    return manifest.record(line, outcome)


def _listed_syntaxes(plan: Plan, directory: Planned, new_syntaxes: dict[int, str]) -> dict[str, str]:
    """File ID -> new transfer syntax, for the images that a DICOMDIR lists."""
    by_path: dict[str, int] = {}
    for line in plan.lines:
        if not line.entry.is_directory:
            by_path.setdefault(folded(line.entry.path), line.entry.index)
    folder = folded(directory.entry.path).rpartition("/")[0]
    found: dict[str, str] = {}
    for file_id in directory.facts.mentions:
        index = references.find_listed(folder, file_id, by_path)
        if index is not None and index in new_syntaxes:
            found[file_id] = new_syntaxes[index]
    return found


def _prove(
    draft: Draft, written: Sequence[Written], record: Manifest, damaged: dict[int, Raw], pool: Pool, progress: Progress
) -> None:
    """Re-open the draft: its directory by another reader, every content by its SHA-256. Raises ProofFailed."""
    archive.check_directory(draft.path, draft.target, written)
    in_zip = [(n, entry) for n, entry in enumerate(record.entries) if entry.after is not None]
    progress.begin("Checking", sum(w.place.size for w in written), len(in_zip))
    checks: list[tuple[int, ZipPlace, str]] = []
    for (number, entry), lies in zip(in_zip, written, strict=False):
        if number in damaged:
            if not archive.same_bytes(lies.place, damaged[number]):
                raise ProofFailed(draft.target.name, entry.path, "was not carried over as it is")
        elif entry.after is not None and entry.after.sha256 is not None:
            checks.append((number, lies.place, entry.after.sha256))
    lots = [tuple(checks[n : n + _LOT_ENTRIES]) for n in range(0, len(checks), _LOT_ENTRIES)]
    for lot, wrong in zip(lots, pool.run(archive.check_contents, lots), strict=True):
        if wrong is not None:
            number = lot[0][0] if isinstance(wrong, Crashed) else wrong
            raise ProofFailed(draft.target.name, record.entries[number].path, "reads back differently")
        progress.advance(sum(place.size for _n, place, _s in lot), len(lot))
