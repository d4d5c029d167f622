"""The story of a run, top to bottom: bundle, facts, verdicts, plan, outcomes, zip, proof, manifest."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from repack import following, outcomes, sizing, sourcefile
from repack.carrying import carry_out, prove
from repack.conformance.review import review
from repack.dicom.order import make_order
from repack.errors import BundleUnreadable
from repack.giveback import verify
from repack.giveback.finished import Finished
from repack.giveback.verify import Verified
from repack.headstart import HeadStart
from repack.model import LEAFLET_NAME, MANIFEST_NAME, Access, Bundle, Plan, Wishes
from repack.moving import Past
from repack.output import archive, drafts
from repack.planning import parts, remarks
from repack.planning.estimate import Estimate, Sampling, estimate_plan
from repack.processes import interrupts
from repack.processes.workers import Pool
from repack.progress import NoProgress, Progress
from repack.record import leaflet, manifest, recording
from repack.record.manifest import EntryRecord, Manifest, OwnFile
from repack.sizing import TooLarge
from repack.survey import Begin, Survey, View, make_plan, no_beginning, survey

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
    split: bool = False  # one zip a study


@dataclass(frozen=True, slots=True)
class Publishing:
    """Who is asked before a new zip gets its name, and who is told in that very moment.

    `done` is called before an interrupt can come between; where `may` raises, the target does not appear.
    """

    may: Callable[[], None] | None = None
    done: Callable[[], None] | None = None


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
    assert not request.split  # noqa: S101  several zips are `run_parts`
    return run_parts(request, progress, when_published, may_publish)[0]


def run_parts(
    request: Request,
    progress: Progress | None = None,
    when_published: Callable[[], None] | None = None,
    may_publish: Callable[[], None] | None = None,
    pool: Pool | None = None,
) -> tuple[Done, ...]:
    """The main job, `request.split` into one zip a study where there are several. Raises RepackError.

    The zips are made one after the other; those that are complete stay where a later one cannot be made. The workers
    are those of `pool`, where one is given, and are dismissed at the end.
    """
    progress = progress or NoProgress()
    drafts.clear_stale(request.target)
    if not request.split:
        drafts.check_target(request.target, overwrite=request.overwrite)
    source = sourcefile.state(request.bundle)
    view = View(request.target, request.access, digests=True)
    with pool or Pool(request.jobs) as workers, sourcefile.hashing_beside(request.bundle) as source_hash:
        workers.warm(partial(outcomes.get_ready, wishes=request.wishes))
        found = survey(request.bundle, request.rule_files, workers, progress, view, _begin_early(request, workers))
        refuse_encrypted(found.bundle, request.access)
        done: list[Done] = []
        requests = split_up(request, found)
        for one in requests:  # before the first is begun
            drafts.clear_stale(one.target)
            drafts.check_target(one.target, overwrite=request.overwrite)
        for one in requests:
            publishing = Publishing(may_publish, when_published if one is requests[-1] else None)
            write = partial(_write, one, found, (source, source_hash), (workers, progress), publishing)
            try:
                done.append(sizing.first_fit(found, one.wishes, one.target.name, (workers, progress), write))
            except BaseException as error:
                _note_complete(error, done)
                raise
        return tuple(done)


def _begin_early(request: Request, pool: Pool) -> Begin:
    """Begin with the images at once, where it is clear what will be asked of them."""
    is_clear = not request.split and request.wishes.max_size is None
    return HeadStart(pool, request.wishes).take if is_clear else no_beginning


def split_up(request: Request, found: Survey) -> tuple[Request, ...]:
    """One request for each zip that is to be made. Raises BundleUnreadable."""
    divided = parts.find_parts(found.facts) if request.split else ()
    if not divided:
        return (request,)
    for entry, facts in zip(found.bundle.entries, found.facts, strict=True):
        problem = following.find_undivided(entry) if facts.dicom is not None and facts.dicom.is_directory else ""
        if problem:
            advice = f"leave {parts.OPTION} out"
            raise BundleUnreadable(found.bundle.path.name, f"{entry.path} cannot be divided: {problem}", advice)
    return tuple(
        replace(request, target=parts.name_part(request.target, part), wishes=replace(request.wishes, part=part))
        for part in divided
    )


def _note_complete(error: BaseException, done: Sequence[Done]) -> None:
    """Let whatever ended the run say, too, which zips were there before it."""
    if done:
        more = f" and {len(done) - 1} more are complete and stay" if len(done) > 1 else " is complete and stays"
        error.add_note(f"{done[0].target.name}{more}")


def _write(
    request: Request,
    found: Survey,
    source: tuple[sourcefile.State | None, Future[str | None]],
    tools: tuple[Pool, Progress],
    publishing: Publishing,
    plan: Plan,
) -> Done | TooLarge:
    """Carry a plan out, prove it, publish it; or say how large the zip is, where that is too large."""
    if found.past is not None and plan.is_idle:
        record = found.past.finished.manifest
        size = found.bundle.size or record.totals.after.stored
        if _is_too_large(size, plan):
            return TooLarge(size)
        _refuse_broken(found.past.finished, *tools)
        return Done(plan, record, request.bundle, size, is_idle=True)
    state, source_hash = source
    with archive.drafting(request.target, overwrite=request.overwrite, end_work=tools[0].dismiss) as draft:
        carried = carry_out(plan, found.past, draft, *tools)
        record = _tell(request, found, plan, draft, carried.records, source_hash.result)
        written = draft.finish(plan.bundle.comment)
        size = draft.path.stat().st_size
        if _is_too_large(size, plan):
            return TooLarge(size)
        try:
            prove(draft, written, record, carried, tools[1])
        finally:  # whatever the proof says of a source that changed, that is the reason
            sourcefile.check_unchanged(request.bundle, state)
        _publish(draft, publishing, overwrite=request.overwrite)
    return Done(plan, record, request.target, size)


def _refuse_broken(finished: Finished, pool: Pool, progress: Progress) -> None:
    """Before a zip is called good as it is: compare each content with its sums. Raises BundleUnreadable."""
    checked = Verified(finished)
    verify.check_contents(checked, 0.0, pool, progress)
    if checked.findings:
        first, more = checked.findings[0], len(checked.findings) - 1
        others = f" (and {more:,} more that are not right)" if more else ""
        advice = f"get a better copy, or repack the original again; repack verify {finished.name} says what is damaged"
        raise BundleUnreadable(finished.name, f"{first.where}: it {first.problem}{others}", advice)


def _is_too_large(size: int, plan: Plan) -> bool:
    return plan.wishes.max_size is not None and size > plan.wishes.max_size


def _publish(draft: archive.Draft, publishing: Publishing, *, overwrite: bool) -> None:
    with interrupts.undisturbed():
        if publishing.may is not None:
            publishing.may()
        draft.publish(overwrite=overwrite)
        if publishing.done is not None:
            publishing.done()


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
    plan = _warn_of_written(plan, found, records)
    record = recording.compose(plan, records, hash_source(), (file.name for file in request.rule_files), past)
    text = leaflet.compose(records, _languages(plan.wishes, found.past), manifest.find_part(record))
    draft.add_ours(LEAFLET_NAME, text)
    own = [OwnFile(*file) for file in draft.own_files()]
    names = (*(file.path for file in own), MANIFEST_NAME)
    checked = review(plan, past, records, names, draft.read_back)
    digest = draft.directory_digest(plan.bundle.comment)
    record = recording.seal(record, own, digest, draft.overhead(), checked)
    draft.add_our_text(MANIFEST_NAME, manifest.encode_in_pieces(record))
    return record


def _warn_of_written(plan: Plan, found: Survey, records: Sequence[EntryRecord]) -> Plan:
    """The plan's warnings, now that it is known which of the codecs of `smallest` the images have."""
    possible = make_order(plan.wishes).candidates
    used = {line.after.transfer_syntax for line in records if line.after is not None and line.action == "transcoded"}
    names = [codec.name for codec in possible if codec.transfer_syntax in used]
    is_narrower = len(names) == 1 < len(possible)
    return remarks.narrow(plan, found.rules, found.needs, names[0]) if is_narrower else plan


def _past_manifest(past: Past | None) -> Manifest | None:
    return past.finished.manifest if past else None


def look(request: Request, progress: Progress | None = None, *, as_it_is: bool = False) -> Survey:
    """What is known of a bundle; nothing is written. A zip of our own is seen as it was at first, or `as_it_is`."""
    view = View(without=request.target, access=request.access, as_it_is=as_it_is)
    with Pool(request.jobs) as pool:
        return survey(request.bundle, request.rule_files, pool, progress or NoProgress(), view)


def preview(request: Request, progress: Progress | None = None) -> Plan:
    """What `run` would do; nothing is written. Raises BundleUnreadable and RuleInvalid."""
    assert not request.split  # noqa: S101  several zips are `preview_parts`
    return preview_parts(request, progress)[0]


def preview_parts(request: Request, progress: Progress | None = None) -> tuple[Plan, ...]:
    """What `run_parts` would do; with a limit of size, the first plan that a sample says will fit."""
    found = look(request, progress)
    refuse_encrypted(found.bundle, request.access)
    with Pool(request.jobs) as pool:
        tools = (pool, progress or NoProgress())
        return tuple(
            sizing.first_fit(found, one.wishes, one.target.name, tools, lambda plan: plan)
            for one in split_up(request, found)
        )


def estimate(request: Request, how: Sampling | None = None, progress: Progress | None = None) -> Estimate:
    """Look at a bundle, plan, and tell what the run would save. Raises RepackError as the run would."""
    progress = progress or NoProgress()
    with Pool(request.jobs) as pool:
        pool.warm(partial(outcomes.get_ready, wishes=request.wishes))
        view = View(request.target, request.access)
        found = survey(request.bundle, request.rule_files, pool, progress, view)
        refuse_encrypted(found.bundle, request.access)
        return estimate_plan(make_plan(found, request.wishes), found.past, pool, how or Sampling(), progress)


def _languages(wishes: Wishes, past: Past | None) -> tuple[str, ...]:
    """The languages to keep: those of this round, else those of the last one that named any."""
    earlier = [one.options.keep_locales for one in past.finished.manifest.history] if past else []
    return next((kept for kept in (wishes.keep_locales, *reversed(earlier)) if kept), ())


def refuse_encrypted(bundle: Bundle, access: Access) -> None:
    """The new zip is never encrypted: whoever wants that has to say so."""
    if bundle.encrypted and not access.decrypt:
        count = f"{bundle.encrypted} of {len(bundle.entries)} entries are encrypted, and the new zip would not be"
        raise BundleUnreadable(bundle.path.name, count, "add --decrypt if that is what you want")
