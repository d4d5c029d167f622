"""A disc of which the bundle or the output lies elsewhere (s3://, sftp://): fetched, worked on here, delivered."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from repack.batch import identity
from repack.batch.line import BatchLine, Output, Result, Source
from repack.errors import BundleUnreadable
from repack.places import addresses, carriage, staging
from repack.places.store import Seen


@dataclass(frozen=True, slots=True)
class Journey:
    """From which address to which, and where a disc lies meanwhile: at most so many at once."""

    bundle: str
    target: str
    staging: Path
    at_most: int = 1 << 30


def is_elsewhere(bundle: str, out_dir: str) -> bool:
    """Is this computer's own disk not enough?"""
    return addresses.is_remote(bundle) or addresses.is_remote(out_dir)


def identify(journey: Journey) -> Source | None:
    """What the bundle is now; None where it cannot be had. What lies elsewhere is known by its size and mark."""
    local = addresses.find_local(journey.bundle)
    if local is not None:
        return identity.identify(local)
    there = carriage.look(journey.bundle)
    return None if there is None else Source(there.size, 0, None, there.mark)


def is_same_source(journey: Journey, before: Source, now: Source, *, is_sure: bool) -> bool:
    """Is the bundle what it was? `is_sure` reads all of it."""
    local = addresses.find_local(journey.bundle)
    if local is not None:
        return identity.is_same(local, before, now, is_sure=is_sure)
    is_same = (now.size, now.mark) == (before.size, before.mark)
    return is_same and (not is_sure or carriage.digest(journey.bundle) == before.sha256)


def has_output(journey: Journey) -> bool:
    """Does something lie under the name of the output?"""
    local = addresses.find_local(journey.target)
    return local.exists() if local is not None else carriage.look(journey.target) is not None


def is_output_true(journey: Journey, prior: BatchLine, *, is_sure: bool) -> bool:
    """Is the output what it was? `is_sure` reads all of it."""
    if prior.output is None:
        return prior.result is Result.IDLE
    if prior.output.name != addresses.name_of(journey.target):
        return False
    local = addresses.find_local(journey.target)
    if local is not None:
        return identity.hash_file(local) == prior.output.sha256
    there = carriage.look(journey.target)
    if there is None or (there.size, there.mark) != (prior.output.size, prior.output.mark):
        return False
    return not is_sure or carriage.digest(journey.target) == prior.output.sha256


def carry(
    journey: Journey,
    work: Callable[[Path, Path, Source | None], BatchLine],
    refuse: Callable[[Path, Path], None] | None,
    may_deliver: Callable[[], None],
) -> BatchLine:
    """The line of a disc that is worked on here, between its two places. Raises RepackError.

    `work` gets the bundle, where its output goes, and what the bundle was when it was fetched. `refuse` is asked of
    what lies under the output's name and the bundle, unless that may be replaced. What `may_deliver` raises comes
    before anything is uploaded.
    """
    with ExitStack() as stack:
        bundle, outgoing, read = _fetch(journey, stack)
        target = addresses.find_local(journey.target)
        if target is not None:
            if refuse is not None:
                refuse(target, bundle)
            return work(bundle, target, read)
        is_new = not has_output(journey)
        if refuse is not None and not is_new:
            there = carriage.fetch(journey.target, outgoing)
            refuse(there, bundle)
            there.unlink()
        carriage.check_free(journey.target, overwrite=not is_new)
        line = work(bundle, outgoing / addresses.name_of(journey.target), read)
        if line.output is None:
            return line
        may_deliver()
        carriage.deliver(outgoing / line.output.name, journey.target, overwrite=not is_new)
        return replace(line, output=_marked(line.output, carriage.look(journey.target)))


def _fetch(journey: Journey, stack: ExitStack) -> tuple[Path, Path, Source | None]:
    """The bundle on this computer, a folder for what comes of it, and what the bundle is known by."""
    local = addresses.find_local(journey.bundle)
    if local is None:
        found = stack.enter_context(carriage.staged(journey.bundle, journey.staging, journey.at_most))
        return found.path, found.outgoing, Source(found.path.stat().st_size, 0, None, found.mark)
    read = identity.identify(local)
    if read is None:
        raise BundleUnreadable(local.name, "there is no such file or folder", "check the spelling")
    area = stack.enter_context(staging.claimed(journey.staging, read.size, journey.at_most))
    return local, area.outgoing, read


def _marked(output: Output, there: Seen | None) -> Output:
    return replace(output, mark=there.mark if there is not None else "")
