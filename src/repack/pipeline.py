"""The story of a run, top to bottom: bundle, facts, verdicts, plan, outcomes, zip, proof, manifest."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from repack import outcomes, sizing, sourcefile
from repack.carrying import carry_out, prove
from repack.errors import BundleUnreadable
from repack.model import LEAFLET_NAME, MANIFEST_NAME, Access, Bundle, Plan, Wishes
from repack.moving import Past
from repack.output import archive, drafts
from repack.processes import interrupts
from repack.processes.workers import Pool
from repack.progress import NoProgress, Progress
from repack.record import leaflet, manifest, recording
from repack.record.manifest import Manifest, OwnFile
from repack.sizing import TooLarge
from repack.survey import Survey, View, survey


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
    """A finished run: what was planned, what happened, and how large the zip is."""

    plan: Plan
    manifest: Manifest
    target: Path
    size: int
    is_idle: bool = False  # the bundle is what was asked for already: nothing was written


def run(request: Request, progress: Progress | None = None, when_published: Callable[[], None] | None = None) -> Done:
    """The main job. Raises RepackError; the target appears only when it is complete and proven.

    `when_published` is called in the moment in which the target appears, before an interrupt can come between.
    """
    progress = progress or NoProgress()
    drafts.clear_stale(request.target)
    archive.check_target(request.target, overwrite=request.overwrite)
    source = sourcefile.state(request.bundle)
    with Pool(request.jobs) as pool, sourcefile.hashing_beside(request.bundle) as source_hash:
        pool.warm(partial(outcomes.get_ready, wishes=request.wishes))
        found = survey(request.bundle, request.rule_files, pool, progress, View(request.target, request.access))
        refuse_encrypted(found.bundle, request.access)
        write = partial(_write, request, found, (source, source_hash), (pool, progress), when_published)
        return sizing.first_fit(found, request.wishes, request.target.name, (pool, progress), write)


def _write(
    request: Request,
    found: Survey,
    source: tuple[sourcefile.State | None, Future[str | None]],
    tools: tuple[Pool, Progress],
    when_published: Callable[[], None] | None,
    plan: Plan,
) -> Done | TooLarge:
    """Carry a plan out, prove it, publish it; or say how large the zip is, where that is too large."""
    if found.past is not None and plan.is_idle:
        record = found.past.finished.manifest
        size = found.bundle.size or record.totals.after.stored
        return TooLarge(size) if _is_too_large(size, plan) else Done(plan, record, request.bundle, size, is_idle=True)
    state, source_hash = source
    with archive.drafting(request.target, overwrite=request.overwrite) as draft:
        records, damaged = carry_out(plan, found.past, draft, *tools)
        draft.add_ours(LEAFLET_NAME, leaflet.compose(records, _languages(plan.wishes, found.past)))
        record = recording.compose(
            plan,
            records,
            source_hash.result(),
            (file.name for file in request.rule_files),
            found.past.finished.manifest if found.past else None,
        )
        own = [OwnFile(*file) for file in draft.own_files()]
        record = recording.seal(record, own, draft.directory_digest(plan.bundle.comment))
        draft.add_ours(MANIFEST_NAME, manifest.encode(record))
        written = draft.finish(plan.bundle.comment)
        size = draft.path.stat().st_size
        if _is_too_large(size, plan):
            return TooLarge(size)
        try:
            prove(draft, written, record, damaged, *tools)
        finally:  # whatever the proof says of a source that changed, that is the reason
            sourcefile.check_unchanged(request.bundle, state)
        with interrupts.undisturbed():
            draft.publish(overwrite=request.overwrite)
            if when_published is not None:
                when_published()
    return Done(plan, record, request.target, size)


def _is_too_large(size: int, plan: Plan) -> bool:
    return plan.wishes.max_size is not None and size > plan.wishes.max_size


def _languages(wishes: Wishes, past: Past | None) -> tuple[str, ...]:
    """The languages to keep: those of this round, else those of the last one that named any."""
    earlier = [one.options.keep_locales for one in past.finished.manifest.history] if past else []
    return next((kept for kept in (wishes.keep_locales, *reversed(earlier)) if kept), ())


def refuse_encrypted(bundle: Bundle, access: Access) -> None:
    """The new zip is never encrypted: whoever wants that has to say so."""
    if bundle.encrypted and not access.decrypt:
        count = f"{bundle.encrypted} of {len(bundle.entries)} entries are encrypted, and the new zip would not be"
        raise BundleUnreadable(bundle.path.name, count, "add --decrypt if that is what you want")
