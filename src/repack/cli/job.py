"""The main job: `repack BUNDLE`, which needs no name of a command."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repack import __version__, stopwatch
from repack.cli import completing, helping, opening, options
from repack.model import Wishes
from repack.processes import interrupts
from repack.report import plain

if TYPE_CHECKING:
    from repack.pipeline import Done, Request
    from repack.report import console

_EXAMPLES = (
    ("repack scan.zip --dry-run", "show what would happen, write nothing"),
    ("repack scan.zip", "make scan.repacked.zip: images compressed, all else as it is"),
    ("repack scan.zip --keep-locales en,es --drop-redist", "leave out other languages and installers, too"),
    ("repack /media/cdrom -o scan.zip", "make a zip of a disc"),
    ("repack scan.zip --codec none --drop viewer", "only drop the viewer, leave the images uncompressed"),
)
job = typer.Typer(context_settings=options.NAMES, rich_markup_mode=None)


def _say_version(value: bool) -> None:
    if value:
        plain.show_text(f"repack {__version__}")
        raise typer.Exit


@job.command(cls=helping.MainCommand, epilog=helping.show_examples(_EXAMPLES))
def repack(
    bundle: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help=options.BUNDLE, autocompletion=completing.complete_first)
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.zip", help="Default: BUNDLE.repacked.zip beside the input."),
    ] = None,
    keep_locales: options.KeepLocales = None,
    drop_redist: options.DropRedist = False,
    drop: options.DropCategory = None,
    drop_path: options.DropPath = None,
    keep: options.Keep = None,
    rules: options.RuleFiles = None,
    force_drop: options.ForceDrop = False,
    codec: options.CodecName = None,
    max_error: options.MaxError = 0,
    effort: options.Effort = None,
    exact_only: options.ExactOnly = False,
    squeeze: options.Squeeze = False,
    password_file: opening.PasswordFile = None,
    decrypt: opening.Decrypt = False,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_size: opening.MaxSize = opening.SIZE,
    max_ratio: opening.MaxRatio = opening.RATIO,
    jobs: options.Jobs = options.CORES,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan; write nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")] = False,
    manifest_file: Annotated[
        Path | None, typer.Option("--manifest", metavar="FILE", help="Write the manifest here as well.")
    ] = None,
    json: options.Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Show every decision; twice: tracebacks, times.")
    ] = 0,
    version: Annotated[  # noqa: ARG001  answered before this runs
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Make a patient's scan disc smaller without losing one stored bit of its images.

    BUNDLE.repacked.zip appears beside it; the bundle itself is never changed. Images become JPEG-LS, proven by
    rebuilding each original file; nothing else is changed, and only what you name is dropped.
    """
    from repack import pipeline  # noqa: PLC0415  help and completion need nothing of what a run needs
    from repack.cli import previewing  # noqa: PLC0415  as above
    from repack.record import manifest  # noqa: PLC0415  as above
    from repack.report import conformance, console, planned_json, tables  # noqa: PLC0415  as above

    wishes = Wishes(
        keep_locales=options.read_locales(keep_locales),
        drop_redist=drop_redist,
        drop=tuple(drop or ()),
        drop_path=options.slashed(drop_path),
        keep=options.slashed(keep),
        force_drop=force_drop,
        codec=options.check_codec(codec, max_error, effort, is_exact_only=exact_only),
        is_codec_named=codec is not None,
        exact_only=exact_only,
        squeeze=squeeze,
        max_error=max_error,
        effort=effort,
    )
    target = options.choose_target(bundle, output)
    limits = opening.read_limits(max_entries, max_size, max_ratio)
    access = opening.read_access(bundle, password_file, limits, decrypts=decrypt, may_ask=decrypt)
    request = pipeline.Request(bundle, target, wishes, tuple(rules or ()), jobs, overwrite, access)
    screen = console.open_screen(is_json=json, is_quiet=quiet)
    if dry_run:
        plan = previewing.plan_only(request, screen)
        if plan.is_idle:
            console.show_result(screen, tables.idle(bundle.name))
        else:
            console.show_sheets(screen, [*tables.planned(plan), *([tables.every_line(plan)] if verbose else [])])
            console.show_result(screen, tables.planned_result(str(target)))
        if json:
            console.show_json(planned_json.encode(plan))
        return
    if manifest_file is not None:
        options.check_manifest_file(manifest_file, bundle, target, is_overwriting=overwrite)
    done = _run(request, screen, is_timed=verbose > 1)
    encoded = manifest.encode(done.manifest)
    if done.is_idle:
        previewing.tell_idle(screen, bundle, output, manifest_file, encoded)
        if json:
            console.show_json(encoded)
        return
    console.show_sheets(screen, [*tables.summary(done.plan, done.manifest), conformance.changed(done.manifest)])
    if verbose:
        console.show_sheets(screen, [conformance.compared(done.manifest), tables.every_line(done.plan)])
    console.show_result(screen, tables.result(done.manifest, done.size, str(target)))
    if manifest_file is not None:
        options.write_beside(manifest_file, encoded)
    if json:
        console.show_json(encoded)


def _run(request: "Request", screen: "console.Screen", *, is_timed: bool) -> "Done":
    """Run with a progress bar; show where the time went where that is asked for."""
    from repack import pipeline  # noqa: PLC0415  see `repack`
    from repack.report import console, profile  # noqa: PLC0415  as above

    watch = stopwatch.Stopwatch() if is_timed else None
    with console.watching(screen, pipeline.STAGES) as progress, stopwatch.running(watch):
        done = pipeline.run(request, progress, interrupts.finish)
    if watch is not None:
        console.show_sheets(replace(screen, out=screen.err), [profile.profiled(watch, *stopwatch.processor_time())])
    return done
