"""The story of a run, top to bottom: bundle, facts, verdicts, plan, outcomes, zip, proof, manifest."""

import hashlib
import stat
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from repack import archive, drafts, interrupts, manifest, outcomes
from repack.bundles.names import folded
from repack.carrying import carry_out, prove
from repack.errors import BundleUnreadable, WrongUsage
from repack.manifest import EntryRecord, Manifest
from repack.model import MANIFEST_NAME, RESTORE_NAME, Access, Bundle, Plan, Wishes
from repack.progress import NoProgress, Progress
from repack.survey import make_plan, survey
from repack.workers import Pool


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: the bundle, the wishes, where the result goes."""

    bundle: Path
    target: Path
    wishes: Wishes = field(default_factory=Wishes)
    rule_files: tuple[Path, ...] = ()
    jobs: int = 1
    overwrite: bool = False
    access: Access = field(default_factory=Access)


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: what was planned, what happened, and how large the new zip is."""

    plan: Plan
    manifest: Manifest
    target: Path
    size: int


def run(request: Request, progress: Progress | None = None, when_published: Callable[[], None] | None = None) -> Done:
    """The main job. Raises RepackError; the target appears only when it is complete and proven.

    `when_published` is called in the moment in which the target appears, before an interrupt can come between.
    """
    progress = progress or NoProgress()
    drafts.clear_stale(request.target)
    archive.check_target(request.target, overwrite=request.overwrite)
    source = _state(request.bundle)
    with Pool(request.jobs) as pool, ThreadPoolExecutor(1) as beside:
        pool.warm(outcomes.get_ready)
        found = survey(request.bundle, request.rule_files, pool, progress, request.target, request.access)
        refuse_repacked(found.bundle)
        refuse_encrypted(found.bundle, request.access)
        plan = make_plan(found, request.wishes)
        source_hash = beside.submit(_hash_source, request.bundle)
        with archive.drafting(request.target, overwrite=request.overwrite) as draft:
            records, damaged = carry_out(plan, draft, pool, progress)
            record = _record(plan, records, source_hash, request.rule_files)
            draft.add_ours(MANIFEST_NAME, manifest.encode(record))
            written = draft.finish(plan.bundle.comment)
            try:
                prove(draft, written, record, damaged, pool, progress)
            finally:  # whatever the proof says of a source that changed, that is the reason
                _check_unchanged(request.bundle, source)
            size = draft.path.stat().st_size
            with interrupts.undisturbed():
                draft.publish(overwrite=request.overwrite)
                if when_published is not None:
                    when_published()
    return Done(plan, record, request.target, size)


def refuse_repacked(bundle: Bundle) -> None:
    """A zip that repack made holds restore data of its own, which a second run would have to merge."""
    ours = {folded(MANIFEST_NAME), folded(RESTORE_NAME)}
    if any(folded(entry.path) in ours for entry in bundle.entries):
        raise WrongUsage(
            f"{bundle.path.name} was made by repack already",
            "repack the original instead (this version cannot go on from its own result)",
        )


def refuse_encrypted(bundle: Bundle, access: Access) -> None:
    """The new zip is never encrypted: whoever wants that has to say so."""
    if bundle.encrypted and not access.decrypt:
        count = f"{bundle.encrypted} of {len(bundle.entries)} entries are encrypted, and the new zip would not be"
        raise BundleUnreadable(bundle.path.name, count, "add --decrypt if that is what you want")


def _record(
    plan: Plan, records: Sequence[EntryRecord], source_hash: Future[str | None], rule_files: Sequence[Path]
) -> Manifest:
    return manifest.compose(plan, records, source_hash.result(), (file.name for file in rule_files))


def _state(bundle: Path) -> tuple[int, int] | None:
    """Size and time of change of a bundle that is one file; of a folder every file is watched by itself."""
    try:
        status = bundle.stat()
    except OSError:  # not there: opening it says so better
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _check_unchanged(bundle: Path, before: tuple[int, int] | None) -> None:
    if _state(bundle) != before:
        raise BundleUnreadable(bundle.name, "it changed or vanished while it was being read", "run again")


def _hash_source(bundle: Path) -> str | None:
    """SHA-256 of the bundle's own file, None for a folder; hashing leaves the interpreter lock free for the rest."""
    if not bundle.is_file():
        return None
    try:
        with bundle.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleUnreadable(bundle.name, error.strerror or "read error", "check the medium") from error
