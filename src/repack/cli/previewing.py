"""A bundle looked at with worker processes and a progress bar, without writing anything."""

from pathlib import Path

from repack import pipeline, survey
from repack.cli import options
from repack.model import Plan
from repack.report import console, tables


def survey_only(request: pipeline.Request, screen: console.Screen, *, as_it_is: bool = False) -> survey.Survey:
    """What is known of a bundle; nothing is written. A zip of our own is seen as it was at first, or `as_it_is`."""
    with console.watching(screen, pipeline.STAGES[:1]) as progress:
        return pipeline.look(request, progress, as_it_is=as_it_is)


def plan_only(request: pipeline.Request, screen: console.Screen) -> Plan:
    """The plan of a bundle; nothing is written."""
    with console.watching(screen, pipeline.STAGES[:1]) as progress:
        return pipeline.preview(request, progress)


def tell_idle(
    screen: console.Screen, bundle: Path, output: Path | None, manifest_file: Path | None, encoded: bytes
) -> None:
    """There was nothing to do: say what was not made, and write the manifest where it is wanted."""
    console.show_result(screen, tables.idle(bundle.name))
    if output is not None:
        console.show_result(screen, f"so {output.name} was not made; use {bundle.name} itself, or copy it")
    if manifest_file is not None:
        options.write_beside(manifest_file, encoded, f"{bundle.name} holds it as well")
        console.show_result(screen, f"but for its manifest, which is in {manifest_file.name} as well")
