"""The story of a run, top to bottom: bundle, facts, verdicts, plan, outcomes, zip, proof, manifest."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from repack import archive, leaflet, manifest, outcomes, recording
from repack.carrying import carry_out, prove
from repack.errors import BundleUnreadable
from repack.manifest import Manifest, OwnFile
from repack.model import LEAFLET_NAME, MANIFEST_NAME, Plan, Wishes
from repack.moving import Past
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


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: what was planned, what happened, and how large the zip is."""

    plan: Plan
    manifest: Manifest
    target: Path
    size: int
    is_idle: bool = False  # the bundle is what was asked for already: nothing was written


def run(request: Request, progress: Progress | None = None) -> Done:
    """The main job. Raises RepackError; the target appears only when it is complete and proven."""
    progress = progress or NoProgress()
    archive.check_target(request.target, overwrite=request.overwrite)
    with Pool(request.jobs) as pool, ThreadPoolExecutor(1) as beside:
        pool.warm(partial(outcomes.get_ready, wishes=request.wishes))
        found = survey(request.bundle, request.rule_files, pool, progress, without=request.target)
        plan = make_plan(found, request.wishes)
        if found.past is not None and plan.is_idle:
            record = found.past.finished.manifest
            return Done(plan, record, request.bundle, found.bundle.size or record.totals.after.stored, is_idle=True)
        source_hash = beside.submit(_hash_source, request.bundle)
        with archive.drafting(request.target, overwrite=request.overwrite) as draft:
            records, damaged = carry_out(plan, found.past, draft, pool, progress)
            draft.add_ours(LEAFLET_NAME, leaflet.compose(records, _languages(request.wishes, found.past)))
            record = recording.compose(
                plan,
                records,
                source_hash.result(),
                (file.name for file in request.rule_files),
                found.past.finished.manifest if found.past else None,
            )
            own = [OwnFile(*file) for file in draft.own_files()]
            record = recording.seal(record, own, draft.directory_digest())
            draft.add_ours(MANIFEST_NAME, manifest.encode(record))
            written = draft.finish()
            prove(draft, written, record, damaged, pool, progress)
            size = draft.path.stat().st_size
            draft.publish(overwrite=request.overwrite)
    return Done(plan, record, request.target, size)


def _languages(wishes: Wishes, past: Past | None) -> tuple[str, ...]:
    """The languages to keep: those of this round, else those of the last one that named any."""
    earlier = [one.options.keep_locales for one in past.finished.manifest.history] if past else []
    return next((kept for kept in (wishes.keep_locales, *reversed(earlier)) if kept), ())


def _hash_source(bundle: Path) -> str | None:
    """SHA-256 of the bundle's own file, None for a folder; hashing leaves the interpreter lock free for the rest."""
    if not bundle.is_file():
        return None
    try:
        with bundle.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleUnreadable(bundle.name, error.strerror or "read error", "check the medium") from error
