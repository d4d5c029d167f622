"""What lies under the name of an output: is it still what was written, and may it be replaced?"""

from pathlib import Path

from repack.batch import identity
from repack.batch.line import BatchLine, Result
from repack.batch.orders import Options, Order
from repack.bundles import open_bundle
from repack.errors import BundleUnreadable, DifferenceFound, OutputUnwritable
from repack.giveback import against
from repack.giveback import verify as verifying
from repack.giveback.finished import has_traces, open_finished, set_foreign_aside
from repack.model import Access


def is_still_true(prior: BatchLine, order: Order, target: Path) -> bool:
    """Is there nothing to do with a source that is the same: same options, same repack, output as it was written?"""
    options = order.options
    if not is_ordered_so(prior, options):
        return False
    if prior.read is None:
        return False
    if prior.output is None:
        return prior.result is Result.IDLE
    if prior.output.name != target.name or not target.is_file() or target.stat().st_size != prior.output.size:
        return False
    if identity.hash_file(target) != prior.output.sha256:
        return False
    return not options.rechecks or _is_sound(target)


def is_ordered_so(prior: BatchLine, options: Options) -> bool:
    """Was it done by the same options and the same repack?"""
    return prior.result is not Result.FAILED and (prior.options, prior.version) == (options.digest, options.version)


def _is_sound(target: Path) -> bool:
    try:
        return not verifying.verify(verifying.Request(target, jobs=0)).findings
    except (BundleUnreadable, DifferenceFound):
        return False


def refuse_foreign(target: Path, bundle: Path, order: Order) -> None:
    """What lies under the name is replaced only where it is the output of this disc. Raises OutputUnwritable."""
    if order.options.overwrite or not target.exists():
        return
    if not _is_prior(target, order) and not _is_made_from(target, bundle, order.options.access):
        problem = "it exists already, and was not made from this bundle"
        raise OutputUnwritable(target.name, problem, "use --overwrite, or another folder with --out-dir")


def _is_prior(target: Path, order: Order) -> bool:
    """Is it what an earlier batch has put there, or what is left of that? Somebody may have put another file there."""
    prior = order.prior.output if order.prior else None
    if prior is None or prior.name != target.name:
        return False
    return identity.hash_file(target) == prior.sha256 or has_traces(target)


def _is_made_from(target: Path, bundle: Path, access: Access) -> bool:
    """A batch that was killed between its output and its line leaves one that was made from the bundle as it is.

    Discs of one scanner often have the same names and sizes: of a folder every file is hashed.
    """
    try:
        finished = open_finished(target)
    except (BundleUnreadable, DifferenceFound):
        return False
    record = finished.manifest
    if bundle.is_file():
        known = record.history[-1].source.sha256 if record.history else None
        return known is not None and known == identity.hash_file(bundle)
    found = against.pair(set_foreign_aside(open_bundle(bundle, access)), record.entries, {})
    return not found.gone and not found.unknown and not any(any(against.compare((pair,))) for pair in found.pairs)
