"""The writing of a report: an HTML file beside the result, never at its cost."""

from pathlib import Path

from repack import __version__, pipeline
from repack.cli import targets
from repack.conformance.checks import evaluate
from repack.conformance.disc import as_found
from repack.errors import OutputUnwritable, RepackError
from repack.model import Plan
from repack.processes import interrupts
from repack.processes.workers import Pool
from repack.progress import NoProgress
from repack.report import conformance, console, html, telling, told
from repack.report.page import Check
from repack.report.told import Told
from repack.thumbnails import looking


def write_of_run(file: Path, done: pipeline.Done, jobs: int, screen: console.Screen, *, is_open: bool) -> None:
    """Tell of a finished run; whatever happens, the new zip stays. Raises OutputUnwritable."""
    interrupts.listen_again()
    advice = "the new zip is complete; only the report is missing"
    if done.is_idle:
        advice = "nothing else was to be written"
    about = told.of_manifest(done.manifest, done.size)
    try:
        checks = conformance.for_report(done.manifest)
        _write(file, about, done.plan, checks, jobs, screen, is_open=is_open, advice=advice)
    except KeyboardInterrupt as error:
        raise OutputUnwritable(file.name, "interrupted", advice) from error
    except RepackError:
        raise
    except Exception as error:  # the result is there and proven, whatever is wrong with its report
        fault = f"a fault in repack ({type(error).__name__}), please report it"
        raise OutputUnwritable(file.name, fault, advice) from error
    finally:
        interrupts.finish()


def write_of_bundle(file: Path, plan: Plan, jobs: int, screen: console.Screen, *, is_open: bool) -> None:
    """Tell of a bundle that was looked at. Raises OutputUnwritable."""
    about, checks = told.of_plan(plan, __version__), conformance.of_bundle(evaluate(as_found(plan)))
    _write(file, about, plan, checks, jobs, screen, is_open=is_open, advice="choose another place")


def _write(
    file: Path,
    about: Told,
    plan: Plan,
    checks: tuple[conformance.Row, ...],
    jobs: int,
    screen: console.Screen,
    *,
    is_open: bool,
    advice: str,
) -> None:
    with Pool(jobs) as pool, console.watching(screen, looking.STAGES) as progress:
        looked = looking.look(plan, pool, progress or NoProgress(), with_patient=is_open)
    page = html.render(telling.compose(about, looked, tuple(Check(*row) for row in checks)))
    targets.write_beside(file, page, advice)
    console.show_result(screen, f"the report is in {file.name}: open it in a browser")
