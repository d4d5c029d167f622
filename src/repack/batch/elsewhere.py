"""A disc of which the bundle or the output lies elsewhere (s3://, sftp://): fetched, worked on here, delivered."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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


def is_still_true(journey: Journey, prior: BatchLine, *, is_sure: bool) -> bool:
    """Are source and output what they were? What lies elsewhere is known by size and mark; `is_sure` reads it all."""
    if prior.read is None or not _is_same_source(journey, prior.read, is_sure=is_sure):
        return False
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


def _is_same_source(journey: Journey, before: Source, *, is_sure: bool) -> bool:
    local = addresses.find_local(journey.bundle)
    if local is not None:
        now = identity.identify(local)
        return now is not None and identity.is_same(local, before, now, is_sure=is_sure)
    there = carriage.look(journey.bundle)
    if there is None or (there.size, there.mark) != (before.size, before.mark):
        return False
    return not is_sure or carriage.digest(journey.bundle) == before.sha256


@contextmanager
def fetched_output(journey: Journey) -> Iterator[Path | None]:
    """What lies under the name of the output, on this computer; None where nothing does."""
    local = addresses.find_local(journey.target)
    if local is not None:
        yield local if local.exists() else None
    elif carriage.look(journey.target) is None:
        yield None
    else:
        with carriage.staged(journey.target, journey.staging, journey.at_most) as found:
            yield found.path


def carry(
    journey: Journey,
    work: Callable[[Path, Path, Source | None], BatchLine],
    may_deliver: Callable[[], None],
    *,
    is_new: bool,
) -> BatchLine:
    """The line of a disc that is worked on here, between its two places; `is_new`: nothing lies there yet.

    `work` gets the bundle, where its output goes, and what the bundle was when it was fetched. What `may_deliver`
    raises comes before anything is uploaded. Raises RepackError.
    """
    with ExitStack() as stack:
        bundle, outgoing, read = _fetch(journey, stack)
        target = addresses.find_local(journey.target)
        if target is not None:
            return work(bundle, target, read)
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
