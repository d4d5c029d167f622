"""The options of a report. What writes it is loaded only when one is asked for."""

from pathlib import Path

from repack import pipeline
from repack.cli import options, targets
from repack.errors import OutputUnwritable, WrongUsage
from repack.model import Plan
from repack.output import drafts
from repack.report import console


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
    targets.refuse_input(file, bundle, "--report")
    if any(other is not None and file.resolve() == other.resolve() for other in others):
        raise WrongUsage(f"--report names {file.name}, which is to be written anyway", "name another with --report")
    if file.exists() and not may_replace:
        raise OutputUnwritable(file.name, "it exists already", "use --overwrite, or another name with --report")
    if not file.resolve().parent.is_dir():
        raise OutputUnwritable(file.name, *drafts.explain_folder(file.resolve().parent, "--report"))


def report_run(file: Path | None, done: pipeline.Done, jobs: int, screen: console.Screen, *, is_open: bool) -> None:
    """Tell of a finished run, if that is wished; whatever happens, the new zip stays. Raises OutputUnwritable."""
    if file is not None:
        from repack.cli import report_file  # noqa: PLC0415  rarely needed, and slow to load

        report_file.write_of_run(file, done, jobs, screen, is_open=is_open)


def report_bundle(file: Path | None, plan: Plan, screen: console.Screen, *, is_open: bool) -> None:
    """Tell of a bundle that was looked at, if that is wished. Raises OutputUnwritable."""
    if file is not None:
        from repack.cli import report_file  # noqa: PLC0415  as above

        report_file.write_of_bundle(file, plan, options.CORES, screen, is_open=is_open)
