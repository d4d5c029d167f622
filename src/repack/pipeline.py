"""The story of a run, top to bottom: bundle, facts, verdicts, plan, outcomes, zip, proof, manifest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from repack import outcomes, sourcefile
from repack.carrying import carry_out, prove
from repack.conformance.review import review
from repack.errors import BundleUnreadable
from repack.model import LEAFLET_NAME, MANIFEST_NAME, Access, Bundle, Plan, Wishes
from repack.moving import Past
from repack.output import archive, drafts
from repack.processes import interrupts
from repack.processes.workers import Pool
from repack.progress import NoProgress, Progress
from repack.record import leaflet, manifest, recording
from repack.record.manifest import EntryRecord, Manifest, OwnFile
from repack.survey import Survey, View, make_plan, survey

#: What progress names, in order; the last byte is checked before the new zip gets its name.
STAGES = ("Looking at the disc", "Repacking", "Checking")


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


def run(
    request: Request,
    progress: Progress | None = None,
    when_published: Callable[[], None] | None = None,
    may_publish: Callable[[], None] | None = None,
) -> Done:
    """The main job. Raises RepackError; the target appears only when it is complete and proven.

    `when_published` is called in the moment in which the target appears, before an interrupt can come between. Where
    `may_publish` raises, just before that moment, it does not appear.
    """
    progress = progress or NoProgress()
    drafts.clear_stale(request.target)
    archive.check_target(request.target, overwrite=request.overwrite)
    source = sourcefile.state(request.bundle)
    with Pool(request.jobs) as pool, sourcefile.hashing_beside(request.bundle) as source_hash:
        pool.warm(partial(outcomes.get_ready, wishes=request.wishes))
        found = survey(
            request.bundle, request.rule_files, pool, progress, View(request.target, request.access, digests=True)
        )
        refuse_encrypted(found.bundle, request.access)
        plan = make_plan(found, request.wishes)
        if found.past is not None and plan.is_idle:
            record = found.past.finished.manifest
            return Done(plan, record, request.bundle, found.bundle.size or record.totals.after.stored, is_idle=True)
        with archive.drafting(request.target, overwrite=request.overwrite) as draft:
            records, damaged = carry_out(plan, found.past, draft, pool, progress)
            record = _tell(request, found, plan, draft, records, source_hash.result)
            written = draft.finish(plan.bundle.comment)
            try:
                prove(draft, written, record, damaged, pool, progress)
            finally:  # whatever the proof says of a source that changed, that is the reason
                sourcefile.check_unchanged(request.bundle, source)
            size = draft.path.stat().st_size
            _publish(draft, request, may_publish, when_published)
    return Done(plan, record, request.target, size)


def _tell(
    request: Request,
    found: Survey,
    plan: Plan,
    draft: archive.Draft,
    records: list[EntryRecord],
    hash_source: Callable[[], str | None],
) -> Manifest:
    """Add what tells of the run: the leaflet for people, and the manifest, which is the last to be known."""
    past = _past_manifest(found.past)
    draft.add_ours(LEAFLET_NAME, leaflet.compose(records, _languages(request.wishes, found.past)))
    record = recording.compose(plan, records, hash_source(), (file.name for file in request.rule_files), past)
    own = [OwnFile(*file) for file in draft.own_files()]
    names = (*(file.path for file in own), MANIFEST_NAME)
    checked = review(plan, past, records, names, draft.read_back)
    digest = draft.directory_digest(plan.bundle.comment)
    record = recording.seal(record, own, digest, draft.overhead(), checked)
    draft.add_ours(MANIFEST_NAME, manifest.encode(record))
    return record


def _past_manifest(past: Past | None) -> Manifest | None:
    return past.finished.manifest if past else None


def _publish(
    draft: archive.Draft,
    request: Request,
    may_publish: Callable[[], None] | None,
    when_published: Callable[[], None] | None,
) -> None:
    with interrupts.undisturbed():
        if may_publish is not None:
            may_publish()
        draft.publish(overwrite=request.overwrite)
        if when_published is not None:
            when_published()


def look(request: Request, progress: Progress | None = None, *, as_it_is: bool = False) -> Survey:
    """What is known of a bundle; nothing is written. A zip of our own is seen as it was at first, or `as_it_is`."""
    view = View(without=request.target, access=request.access, as_it_is=as_it_is)
    with Pool(request.jobs) as pool:
        return survey(request.bundle, request.rule_files, pool, progress or NoProgress(), view)


def preview(request: Request, progress: Progress | None = None) -> Plan:
    """What `run` would do; nothing is written. Raises BundleUnreadable and RuleInvalid."""
    found = look(request, progress)
    refuse_encrypted(found.bundle, request.access)
    return make_plan(found, request.wishes)


def _languages(wishes: Wishes, past: Past | None) -> tuple[str, ...]:
    """The languages to keep: those of this round, else those of the last one that named any."""
    earlier = [one.options.keep_locales for one in past.finished.manifest.history] if past else []
    return next((kept for kept in (wishes.keep_locales, *reversed(earlier)) if kept), ())


def refuse_encrypted(bundle: Bundle, access: Access) -> None:
    """The new zip is never encrypted: whoever wants that has to say so."""
    if bundle.encrypted and not access.decrypt:
        count = f"{bundle.encrypted} of {len(bundle.entries)} entries are encrypted, and the new zip would not be"
        raise BundleUnreadable(bundle.path.name, count, "add --decrypt if that is what you want")
