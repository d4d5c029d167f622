"""The main job: `repack BUNDLE`, which needs no name of a command."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from repack import __version__, pipeline
from repack.cli import opening, options
from repack.cli.previewing import plan_only
from repack.model import Wishes
from repack.planning import presets
from repack.processes import interrupts
from repack.record import manifest
from repack.report import console, planned_json, tables

_EPILOG = (
    "Other commands: inspect, explain, verify, restore, rules, codecs (each has its own --help). "
    "The input is never changed; the new zip appears only when every image is proven. "
    "Example: repack scan.zip --keep-locales en,es --drop-redist"
)
job = typer.Typer(add_completion=False, context_settings=options.NAMES)


def _say_version(value: bool) -> None:
    if value:
        console.show_lines(console.open_screen(), [f"repack {__version__}"])
        raise typer.Exit


@job.command(epilog=_EPILOG)
def repack(
    bundle: options.BundlePath,
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
    json: options.Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Show every decision; twice: tracebacks.")
    ] = 0,
    version: Annotated[  # noqa: ARG001  answered before this runs
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Make a patient's scan disc smaller without losing one stored bit of its images.

    Images become JPEG-LS, proven by rebuilding each original file. Extras are dropped only when you name them.
    """
    asked = Wishes(
        keep_locales=options.read_locales(keep_locales),
        drop_redist=drop_redist,
        drop=tuple(drop or ()),
        drop_path=options.slashed(drop_path),
        keep=options.slashed(keep),
        force_drop=force_drop,
        codec=codec or options.USUAL_CODEC,
        is_codec_named=codec is not None,
        exact_only=exact_only,
        max_error=max_error,
        effort=effort,
        max_size=options.read_size(max_size),
    )
    wishes = options.check_codec(presets.complete(asked, for_whom, is_codec_given=codec is not None))
    target = options.choose_target(bundle, output, presets.find(wishes.for_whom).output)
    limits = opening.read_limits(max_entries, max_unpacked, max_ratio)
    access = opening.read_access(bundle, password_file, limits, decrypts=decrypt, may_ask=decrypt)
    request = pipeline.Request(bundle, target, wishes, tuple(rules or ()), jobs, overwrite, access, split is not None)
    view = _View(console.open_screen(is_json=json, is_quiet=quiet), json, verbose > 0)
    if dry_run:
        _show_plans(view, request)
        return
    if manifest_file is not None:
        options.check_manifest_file(manifest_file, bundle, target, is_overwriting=overwrite, is_split=request.split)
    with console.watching(view.screen) as progress:
        zips = pipeline.run_parts(request, progress, interrupts.finish)
    if len(zips) > 1:
        _show_parts(view, zips)
    else:
        _show_zip(view, zips[0], request, output, manifest_file)


@dataclass(frozen=True, slots=True)
class _View:
    """Where things are shown, and how much of them."""

    screen: console.Screen
    is_json: bool
    is_verbose: bool


def _show_plans(view: _View, request: pipeline.Request) -> None:
    """What would be done; nothing is written."""
    plans = plan_only(request, view.screen)
    for plan in plans:
        if plan.is_idle:
            console.show_result(view.screen, tables.idle(request.bundle.name))
        else:
            every = [tables.every_line(plan)] if view.is_verbose else []
            console.show_sheets(view.screen, [*tables.planned(plan), *every])
    if view.is_json:
        console.show_json(options.join_json([planned_json.encode(plan) for plan in plans]))


def _show_parts(view: _View, zips: Sequence[pipeline.Done]) -> None:
    """Several zips, a study each: their tables, and then a line for each."""
    for done in zips:
        _show_tables(view, done)
    for done in zips:
        console.show_result(view.screen, tables.result_of_part(done.manifest, done.size, str(done.target)))
    if view.is_json:
        console.show_json(options.join_json([manifest.encode(done.manifest) for done in zips]))


def _show_tables(view: _View, done: pipeline.Done) -> None:
    every = [tables.every_line(done.plan)] if view.is_verbose else []
    console.show_sheets(view.screen, [*tables.summary(done.plan, done.manifest), *every])


def _show_zip(
    view: _View, done: pipeline.Done, request: pipeline.Request, output: Path | None, manifest_file: Path | None
) -> None:
    """The one zip that was made, or the news that there was nothing to do."""
    encoded = manifest.encode(done.manifest)
    if done.is_idle:
        _tell_idle(view.screen, request.bundle, output, manifest_file, encoded)
    else:
        _show_tables(view, done)
        console.show_result(view.screen, tables.result(done.manifest, done.size, str(request.target)))
        if manifest_file is not None:
            options.write_beside(manifest_file, encoded)
    if view.is_json:
        console.show_json(encoded)


def _tell_idle(
    screen: console.Screen, bundle: Path, output: Path | None, manifest_file: Path | None, encoded: bytes
) -> None:
    """There was nothing to do: say what was not made, and write the manifest where it is wanted."""
    console.show_result(screen, tables.idle(bundle.name))
    if output is not None:
        console.show_result(screen, f"so {output.name} was not made; use {bundle.name} itself, or copy it")
    if manifest_file is not None:
        options.write_beside(manifest_file, encoded, f"{bundle.name} holds it as well")
        console.show_result(screen, f"but for its manifest, which is in {manifest_file.name} as well")
