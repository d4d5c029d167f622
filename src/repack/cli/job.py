"""The main job: `repack BUNDLE`, which needs no name of a command."""

from pathlib import Path
from typing import Annotated

import typer

from repack import __version__
from repack.cli import completing, helping, opening, options, targets
from repack.planning import presets
from repack.report import plain

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
    context: typer.Context,
    bundle: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help=options.BUNDLE, autocompletion=completing.complete_first)
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT.zip", help="Default: BUNDLE.repacked.zip beside the input."),
    ] = None,
    for_whom: options.ForWhom = None,
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
    max_size: options.MaxSize = None,
    split: options.Split = None,
    max_entries: opening.MaxEntries = opening.ENTRIES,
    max_unpacked: opening.MaxUnpacked = opening.UNPACKED,
    max_ratio: opening.MaxRatio = opening.RATIO,
    jobs: options.Jobs = options.CORES,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan; write nothing.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing output.")] = False,
    manifest_file: Annotated[
        Path | None, typer.Option("--manifest", metavar="FILE", help="Write the manifest here as well.")
    ] = None,
    report: options.ReportFile = None,
    with_patient: options.WithPatient = False,
    json: options.Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what is wrong.")] = False,
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
    from repack.processes import memory  # noqa: PLC0415  help and completion need nothing of what a run needs
    from repack.processes.workers import Pool  # noqa: PLC0415  as above

    memory.keep_freed()
    recruited: Pool | None = context.obj
    with recruited or Pool(jobs) as pool:
        if bundle.exists() and not dry_run and recruited is None:
            pool.recruit()  # the workers load what they need while this process does
        from repack import pipeline  # noqa: PLC0415  as above
        from repack.cli import showing  # noqa: PLC0415  as above
        from repack.report import console  # noqa: PLC0415  as above

        wishes = options.read_wishes(
            keep_locales, drop_redist, drop, drop_path, keep, force_drop, codec, max_error, effort, exact_only, squeeze,
            for_whom, max_size,
        )  # fmt: skip
        target = targets.choose_target(bundle, output, presets.find(wishes.for_whom).output)
        limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
        access = opening.read_access(bundle, password_file, limits, decrypts=decrypt, may_ask=decrypt)
        request = pipeline.Request(
            bundle, target, wishes, tuple(rules or ()), jobs, overwrite, access, split is not None
        )
        wanted = showing.Wanted(output, manifest_file, report, with_patient, json, verbose)
        screen = console.open_screen(is_json=json, is_quiet=quiet)
        showing.check(request, wanted, screen, is_dry=dry_run)
        if dry_run:
            showing.show_plans(request, wanted, screen)
        else:
            showing.run(request, wanted, screen, pool)
