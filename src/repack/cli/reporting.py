"""The options and the writing of --report: an HTML file beside the result, never at its cost."""

from pathlib import Path
from typing import Annotated

import typer

from repack import __version__, pipeline
from repack.cli import options
from repack.errors import OutputUnwritable, RepackError, WrongUsage
from repack.model import Plan
from repack.pictures import looking
from repack.processes import interrupts
from repack.processes.workers import Pool
from repack.progress import NoProgress
from repack.report import console, html, telling, told
from repack.report.told import Told

ReportFile = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE.html", help="Write a report with pictures, to be opened in a browser."),
]
WithPatient = Annotated[
    bool, typer.Option("--with-patient", help="Name the patient and the examination in the report.")
]


def check_report_file(
    file: Path | None,
    bundle: Path,
    others: tuple[Path | None, ...],
    *,
    with_patient: bool,
    may_replace: bool,
    is_dry: bool = False,
) -> None:
    """Raise unless the report may be written there; `others` are the other files that are to be written."""
    if file is None:
        if with_patient:
            raise WrongUsage("--with-patient belongs to a report", "add --report FILE.html, or leave it out")
        return
    if is_dry:
        raise WrongUsage("--dry-run writes nothing, so no report either", f"use repack inspect {bundle.name} --report")
    options.refuse_input(file, bundle, "--report")
    if any(other is not None and file.resolve() == other.resolve() for other in others):
        raise WrongUsage(f"--report names {file.name}, which is to be written anyway", "name another with --report")
    if file.exists() and not may_replace:
        raise OutputUnwritable(file.name, "it exists already", "use --overwrite, or another name with --report")
    if not file.resolve().parent.is_dir():
        raise OutputUnwritable(file.name, "its folder does not exist", "make the folder, or name another with --report")


def report_run(file: Path | None, done: pipeline.Done, jobs: int, screen: console.Screen, *, is_open: bool) -> None:
    """Tell of a finished run, if that is wished; whatever happens, the new zip stays. Raises OutputUnwritable."""
    if file is None:
        return
    interrupts.listen_again()
    advice = "the new zip is complete; only the report is missing"
    if done.is_idle:
        advice = "nothing else was to be written"
    about = told.of_manifest(done.manifest, done.size)
    try:
        _write(file, about, done.plan, jobs, screen, is_open=is_open, advice=advice)
    except KeyboardInterrupt as error:
        raise OutputUnwritable(file.name, "interrupted", advice) from error
    except RepackError:
        raise
    except Exception as error:  # the result is there and proven, whatever is wrong with its report
        fault = f"a fault in repack ({type(error).__name__}), please report it"
        raise OutputUnwritable(file.name, fault, advice) from error


def report_bundle(file: Path, plan: Plan, jobs: int, screen: console.Screen, *, is_open: bool) -> None:
    """Tell of a bundle that was looked at. Raises OutputUnwritable."""
    _write(file, told.of_plan(plan, __version__), plan, jobs, screen, is_open=is_open, advice="choose another place")


def _write(
    file: Path, about: Told, plan: Plan, jobs: int, screen: console.Screen, *, is_open: bool, advice: str
) -> None:
    with Pool(jobs) as pool, console.watching(screen) as progress:
        looked = looking.look(plan, pool, progress or NoProgress(), with_patient=is_open)
    page = html.render(telling.compose(about, looked))
    options.write_beside(file, page, advice)
    console.show_result(screen, f"the report is in {file.name}: open it in a browser")
