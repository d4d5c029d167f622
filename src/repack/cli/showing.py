"""The main job on the screen: what would be done, or what was done, and the files that are written beside the zip."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from repack import pipeline, stopwatch
from repack.cli import options, previewing, reporting, targets
from repack.errors import Interrupted, WrongUsage
from repack.pipeline import Done, Request
from repack.planning import parts
from repack.processes import interrupts
from repack.processes.workers import Pool
from repack.progress import Progress
from repack.record import manifest, recording
from repack.report import conformance, console, planned, planned_json, profile, tables, unread

_MOST_NAMES = 3  # of damaged files in a line


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted beside the new zip; `output` is what -o said."""

    output: Path | None = None
    manifest_file: Path | None = None
    report: Path | None = None
    with_patient: bool = False
    is_json: bool = False
    verbose: int = 0


def check(request: Request, wanted: Wanted, screen: console.Screen, *, is_dry: bool) -> None:
    """Refuse early what could not be written later, and say where files go. Raises WrongUsage and OutputUnwritable."""
    reporting.check_report_file(
        wanted.report,
        request.bundle,
        (request.target, wanted.manifest_file),
        with_patient=wanted.with_patient,
        may_replace=request.overwrite,
        is_dry=is_dry,
    )
    if wanted.report is not None and request.split:
        advice = "leave one out; repack inspect makes a report of each zip"
        raise WrongUsage("--report names one file, --split may make several zips", advice)
    if request.split and not is_dry:
        for file in parts.find_present(request.target):
            targets.refuse_input(file, request.bundle, "-o")
    if wanted.manifest_file is not None and not is_dry:
        targets.check_manifest_file(
            wanted.manifest_file,
            request.bundle,
            request.target,
            is_overwriting=request.overwrite,
            is_split=request.split,
        )
    files = () if is_dry else (request.target, wanted.manifest_file, wanted.report)
    where = targets.explain_target(request.bundle, wanted.output, request.target)
    for said in filter(None, (where, targets.explain_inside(request.bundle, files))):
        console.show_result(screen, said)


def show_plans(request: Request, wanted: Wanted, screen: console.Screen) -> None:
    """What would be done; nothing is written."""
    plans = previewing.plan_only(request, screen)
    for plan in plans:
        if plan.is_idle:
            console.show_sheets(screen, [tables.Sheet("Worth knowing", lines=tuple(unread.tell_unread(plan)))])
            _tell_idle(screen, request.bundle, replace(wanted, manifest_file=None), is_checked=False)
        else:
            every = [planned.every_line(plan)] if wanted.verbose else []
            console.show_sheets(screen, [*planned.planned(plan), *every])
    if request.split and len(plans) == 1:
        console.show_result(screen, tables.UNDIVIDED)
    named = (plan.wishes.part for plan in plans)
    made = [parts.name_part(request.target, part) if part else request.target for part in named]
    refusal = targets.explain_refusal(made, may_replace=request.overwrite)
    if refusal:
        console.show_result(screen, f"nothing was written; {refusal}")
    elif len(plans) > 1 or not plans[0].is_idle:
        makes = f"{len(plans)} zips" if len(plans) > 1 else str(request.target)
        console.show_result(screen, planned.planned_result(makes))
    if wanted.manifest_file is not None:
        console.show_result(screen, "a dry run has no manifest, so none was written")
    if wanted.is_json:
        console.show_json(options.join_json([planned_json.encode(plan) for plan in plans]))


def run(request: Request, wanted: Wanted, screen: console.Screen, pool: Pool) -> None:
    """Do the job with these workers, and show what came of it."""
    watch = stopwatch.Stopwatch() if wanted.verbose > 1 else None
    with console.watching(screen, pipeline.STAGES) as progress, stopwatch.running(watch):
        zips = _run(request, progress, pool)
    if watch is not None:
        console.show_sheets(replace(screen, out=screen.err), [profile.profiled(watch, *stopwatch.processor_time())])
    if screen.is_quiet or any(done.is_idle for done in zips):
        _name_damaged(zips)
    if len(zips) > 1:
        _show_parts(zips, wanted, screen)
    else:
        _show_zip(zips[0], request, wanted, screen)


def _name_damaged(zips: Sequence[Done]) -> None:
    """Name on standard error, in a line, what was damaged in the original already; for where no table is shown."""
    lines = (line for done in zips for line in done.manifest.entries)
    paths = list(dict.fromkeys(line.path for line in lines if line.damaged))  # each zip of --split may hold it
    if not paths:
        return
    more = len(paths) - _MOST_NAMES
    rest = f" and {more:,} more (the manifest lists them all)" if more > 0 else ""
    advice = f"get a better copy of the disc if you need {'it' if len(paths) == 1 else 'them'}"
    console.show_error(f"{recording.tell_damaged(len(paths))}: {', '.join(paths[:_MOST_NAMES])}{rest}; {advice}")


def _run(request: Request, progress: Progress | None, pool: Pool) -> tuple[Done, ...]:
    """All zips. Raises RepackError, for an interrupt too where zips are there that have to be told of."""
    try:
        return pipeline.run_parts(request, progress, interrupts.finish, pool=pool)
    except KeyboardInterrupt as error:
        notes = getattr(error, "__notes__", ())
        if not notes:
            raise
        interrupted = Interrupted()
        for note in notes:
            interrupted.add_note(note)
        raise interrupted from error


def _show_parts(zips: Sequence[Done], wanted: Wanted, screen: console.Screen) -> None:
    """Several zips, a study each: their tables, and then a line for each."""
    for done in zips:
        _show_tables(done, wanted, screen)
    for done in zips:
        console.show_result(screen, tables.result_of_part(done.manifest, done.size, str(done.target)))
    console.show_result(screen, tables.result_of_parts([done.manifest for done in zips], sum(z.size for z in zips)))
    if wanted.is_json:
        console.show_json(options.join_json([manifest.encode(done.manifest) for done in zips]))


def _show_tables(done: Done, wanted: Wanted, screen: console.Screen) -> None:
    summary = tables.summary(done.plan, done.manifest, done.size)
    console.show_sheets(screen, [*summary, conformance.changed(done.manifest)])
    if wanted.verbose:
        more = (conformance.compared(done.manifest), planned.every_line(done.plan))
        console.show_sheets(screen, [*more, tables.overhead(done.manifest, done.size)])


def _show_zip(done: Done, request: Request, wanted: Wanted, screen: console.Screen) -> None:
    """The one zip that was made, or the news that there was nothing to do."""
    encoded = manifest.encode(done.manifest) if wanted.is_json or wanted.manifest_file is not None else b""
    if done.is_idle:
        _tell_idle(screen, request.bundle, wanted, encoded)
    else:
        _show_tables(done, wanted, screen)
        if request.split:
            console.show_result(screen, tables.UNDIVIDED)
        console.show_result(screen, tables.result(done.manifest, done.size, str(done.target)))
        if wanted.manifest_file is not None:
            targets.write_beside(wanted.manifest_file, encoded)
    if wanted.is_json:
        console.show_json(encoded)
    reporting.report_run(wanted.report, done, request.jobs, screen, is_open=wanted.with_patient)


def _tell_idle(
    screen: console.Screen, bundle: Path, wanted: Wanted, encoded: bytes = b"", *, is_checked: bool = True
) -> None:
    """There was nothing to do: say what was not made, and write the manifest where it is wanted."""
    console.show_result(screen, tables.idle(bundle.name))
    if wanted.output is not None:
        console.show_result(screen, f"so {wanted.output.name} was not made; use {bundle.name} itself, or copy it")
    if not is_checked:
        console.show_result(screen, f"its contents were not checked; repack verify {bundle.name} does that")
    if wanted.manifest_file is not None:
        targets.write_beside(wanted.manifest_file, encoded, f"{bundle.name} holds it as well")
        console.show_result(screen, f"but for its manifest, which is in {wanted.manifest_file.name} as well")
