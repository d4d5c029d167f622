"""repack as a library: open a bundle, plan, run, verify, restore.

These are the functions behind the command line, over the same frozen types. Nothing is printed; whoever wants to watch
gives an object with the two methods of `Progress`. What cannot be done raises a `RepackError`, whose text says what,
where, and what to do next, and whose `code` is the exit code of the command line.

With `jobs=0`, the default, all is done in this process. With `jobs=N` the images are shared among N worker processes:
faster, and a codec that crashes costs one image instead of the program. Workers are spawned, so a script needs the line
`if __name__ == "__main__":` then, as with `multiprocessing`.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from repack import bundles, pipeline, sourcefile
from repack.errors import (
    BundleUnreadable,
    DifferenceFound,
    OutputUnwritable,
    ProofFailed,
    RepackError,
    RuleInvalid,
    WrongUsage,
)
from repack.giveback import restore as restoring
from repack.giveback import verify as verifying
from repack.giveback.restore import Restored
from repack.giveback.verify import Verified
from repack.model import Access, Action, Bundle, Category, Decision, Entry, Limits, Plan, Planned, Proof, Wishes
from repack.output.structure import Finding
from repack.pipeline import Done
from repack.progress import NoProgress, Progress
from repack.record.manifest import Manifest

__all__ = [
    "Access",
    "Action",
    "Bundle",
    "BundleUnreadable",
    "Category",
    "Decision",
    "DifferenceFound",
    "Done",
    "Entry",
    "Finding",
    "Limits",
    "Manifest",
    "NoProgress",
    "OutputUnwritable",
    "Plan",
    "Planned",
    "Progress",
    "Proof",
    "ProofFailed",
    "RepackError",
    "Restored",
    "RuleInvalid",
    "Settings",
    "Verified",
    "Wishes",
    "WrongUsage",
    "open_bundle",
    "plan",
    "restore",
    "run",
    "verify",
]

StrPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a bundle is worked on: your own rule files, how it may be opened, worker processes (0: none)."""

    rule_files: tuple[Path, ...] = ()
    access: Access = field(default_factory=Access)
    jobs: int = 0
    overwrite: bool = False


_NO_WISHES, _USUAL, _NO_PASSWORD = Wishes(), Settings(), Access()


def open_bundle(bundle: StrPath, access: Access = _NO_PASSWORD) -> Bundle:
    """A zip, an ISO image or a folder with its entries, as its directory lists them. Raises BundleUnreadable."""
    return bundles.open_bundle(Path(bundle), access)


def plan(
    bundle: StrPath, wishes: Wishes = _NO_WISHES, settings: Settings = _USUAL, progress: Progress | None = None
) -> Plan:
    """What `run` would do to every entry, and why; nothing is written. Raises BundleUnreadable and RuleInvalid."""
    return pipeline.preview(_request(bundle, bundle, wishes, settings), progress)


def run(
    bundle: StrPath,
    target: StrPath,
    wishes: Wishes = _NO_WISHES,
    settings: Settings = _USUAL,
    progress: Progress | None = None,
) -> Done:
    """Write the smaller zip, which appears only when it is complete and proven. Raises RepackError.

    Where the bundle is what the wishes give already, and sound, nothing is written and the result `is_idle`.
    """
    request = _request(bundle, target, wishes, settings)
    _refuse_input(request.target, request.bundle)
    return pipeline.run(request, progress)


def verify(
    finished: StrPath,
    against: StrPath | None = None,
    share: float = 1.0,
    jobs: int = 0,
    progress: Progress | None = None,
) -> Verified:
    """Check a zip that repack made: its `findings` are the differences, none where it is sound.

    `share` of the rewritten images is decoded (1.0 all, 0.0 none); `against` is the original bundle. Raises
    BundleUnreadable where the zip is not of repack, DifferenceFound where not even its manifest can be read.
    """
    original = None if against is None else Path(against)
    return verifying.verify(verifying.Request(Path(finished), original, share, jobs), progress)


def restore(
    finished: StrPath,
    target: StrPath,
    globs: tuple[str, ...] = (),
    settings: Settings = _USUAL,
    progress: Progress | None = None,
) -> Restored:
    """Give the originals back into a folder, or a new zip where the name ends so; only those that a pattern names.

    Of the settings, `jobs` and `overwrite` count. Raises RepackError; files that do not come back are in the result,
    among `problems` and `unwritten`, and among `skipped` those that were damaged on the disc already.
    """
    request = restoring.Request(Path(finished), Path(target), globs, settings.jobs, settings.overwrite)
    _refuse_input(request.target, request.source)
    return restoring.restore(request, progress)


def _refuse_input(target: Path, bundle: Path) -> None:
    if sourcefile.is_part(target, bundle):
        raise WrongUsage(f"{target.name} is part of the input, which is never written to", "name another target")


def _request(bundle: StrPath, target: StrPath, wishes: Wishes, settings: Settings) -> pipeline.Request:
    return pipeline.Request(
        Path(bundle), Path(target), wishes, settings.rule_files, settings.jobs, settings.overwrite, settings.access
    )
