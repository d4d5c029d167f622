"""One disc, wherever it is worked on: look whether it is done already, else repack it; a line of the record comes back.

`work` is what travels to a worker, here or on a cluster. It never raises for a disc.
"""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from repack import __version__, pipeline
from repack.batch import elsewhere, identity, lock, naming
from repack.batch.line import BatchLine, Output, Result, Source
from repack.batch.naming import Disc
from repack.bundles import open_bundle
from repack.bundles.names import as_text
from repack.errors import BundleUnreadable, DifferenceFound, ExitCode, OutputUnwritable, RepackError, WrongUsage
from repack.giveback import against
from repack.giveback import verify as verifying
from repack.giveback.finished import open_finished, set_foreign_aside
from repack.model import Access, Wishes
from repack.output import drafts
from repack.places import addresses
from repack.record.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the main job, for every disc alike. `digest` is of all that changes the result."""

    wishes: Wishes
    rule_files: tuple[Path, ...]
    access: Access
    digest: str
    overwrite: bool = False
    rechecks: bool = False  # hash sources and verify outputs before a disc counts as done already
    version: str = __version__
    staging: Path = Path()  # where discs from elsewhere lie meanwhile,
    most_staged: int = 1 << 30  # and how many at once
    record: Path | None = None  # the folder of the record, where outputs go elsewhere and the workers are here


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done with a disc: the name of its output, the options, whose batch, what was done before."""

    disc: Disc
    name: str
    options: Options
    batch: str  # the number of the batch (lock.py)
    prior: BatchLine | None = None
    is_careful: bool = False  # it has ended a worker before: its images go to a process of their own


@dataclass(frozen=True, slots=True)
class Task:
    """A disc, and where its output goes; small, because it travels."""

    address: str
    out_dir: str
    order: Order


def digest_options(wishes: Wishes, rule_files: Sequence[Path], access: Access) -> str:
    """SHA-256 of everything that changes the result: wishes, content of rule files, --decrypt; never a password."""
    rules = [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in rule_files]
    said = json.dumps([asdict(wishes), rules, access.decrypt], sort_keys=True, default=repr)
    return hashlib.sha256(said.encode()).hexdigest()


def work(task: Task) -> BatchLine:
    """The line of a disc. Pure but for the file that it writes; never raises."""
    try:
        return process(task.address, task.out_dir, task.order)
    except OutputUnwritable as error:
        return failed(task, error.code, str(_with_our_option(error, task.out_dir)))
    except RepackError as error:
        return failed(task, error.code, str(error))
    except MemoryError:
        return failed(task, ExitCode.BUG, "too little memory for it; run it alone, or with fewer workers")
    except Exception as error:  # noqa: BLE001  the one worker boundary; its text may hold what was in the bundle
        said = f"a bug in repack ({type(error).__name__}); run repack on it alone with -v -v and report it"
        return failed(task, ExitCode.BUG, said)


def _with_our_option(error: OutputUnwritable, out_dir: str) -> OutputUnwritable:
    """The main job's advice names its option -o, which a batch does not have."""
    target, problem, advice = error.args
    ours = "--staging" if addresses.is_remote(out_dir) else "--out-dir"
    return OutputUnwritable(target, problem, advice.replace("with -o", f"with {ours}"))


def process(address: str, out_dir: str, order: Order) -> BatchLine:
    """Repack one disc, unless its line of an earlier batch is still true: then that line. Raises RepackError."""
    _check_options(order.options)
    still_wanted = partial(_check_wanted, out_dir, order)
    still_wanted()
    if elsewhere.is_elsewhere(address, out_dir):
        return _process_elsewhere(address, out_dir, order, still_wanted)
    bundle, target = Path(address), Path(out_dir, order.name)
    now = identity.identify(bundle)
    if order.prior is not None and now is not None:
        if not _is_another(order, order.prior, now, bundle):
            if is_still_true(order.prior, order, target):
                return order.prior
        elif target.exists() and not order.options.overwrite:
            target = target.with_name(naming.rename(order.disc, now))
    refuse_foreign(target, bundle, order)
    return _repack(order, still_wanted, bundle, target, now)


def _check_options(options: Options) -> None:
    """Raise WrongUsage where this worker would do something else than the record will say."""
    if options.version != __version__:
        problem = f"this worker has repack {__version__} and the batch {options.version}"
        raise WrongUsage(problem, "install the same version on both")
    try:
        digest = digest_options(options.wishes, options.rule_files, options.access)
    except OSError as error:
        raise WrongUsage("its worker cannot read a file of --rules", "put it where all workers see it") from error
    if digest != options.digest:
        raise WrongUsage("a file of --rules is not what it was when the batch began", "run the batch again")


def _check_wanted(out_dir: str, order: Order) -> None:
    """Raise OutputUnwritable where the batch is over. Of one that delivers elsewhere only its own computer can tell."""
    folder = addresses.find_local(out_dir) or order.options.record
    if folder is not None:
        lock.check(folder, order.batch)


def _process_elsewhere(address: str, out_dir: str, order: Order, still_wanted: Callable[[], None]) -> BatchLine:
    options, prior, name = order.options, order.prior, order.name
    journey = elsewhere.Journey(address, addresses.within(out_dir, name), options.staging, options.most_staged)
    now = elsewhere.identify(journey)
    if prior is not None and prior.read is not None and now is not None:
        if not elsewhere.is_same_source(journey, prior.read, now, is_sure=options.rechecks):
            is_kept = not options.overwrite and elsewhere.has_output(journey)
            name = naming.rename(order.disc, now) if is_kept else name
        elif _is_ordered_so(prior, options) and elsewhere.is_output_true(journey, prior, is_sure=options.rechecks):
            return prior
    return elsewhere.carry(
        replace(journey, target=addresses.within(out_dir, name)),
        partial(_repack, order, still_wanted),
        None if _may_replace(order, name) else partial(refuse_foreign, order=order),
        still_wanted,
    )


def _repack(
    order: Order, still_wanted: Callable[[], None], bundle: Path, target: Path, now: Source | None
) -> BatchLine:
    begun = time.monotonic()
    if order.is_careful:
        multiprocessing.current_process().daemon = False  # a daemon may not have workers; ours end with us all the same
    done = pipeline.run(
        pipeline.Request(
            bundle,
            target,
            order.options.wishes,
            order.options.rule_files,
            jobs=int(order.is_careful),
            overwrite=True,
            access=order.options.access,
        ),
        may_publish=partial(_check_publishable, order, still_wanted, bundle, target, now),
    )
    line = _describe(order, done, _complete(now, bundle, done), time.monotonic() - begun)
    kept = f"the bundle has changed since {order.name} was made, which is kept"
    return replace(line, reason=as_text(kept)) if target.name != order.name else line


def _check_publishable(
    order: Order, still_wanted: Callable[[], None], bundle: Path, target: Path, now: Source | None
) -> None:
    """Raise RepackError where the batch is over, the bundle has changed, or somebody has taken the name meanwhile."""
    still_wanted()
    is_ours = now is not None and bool(now.mark)  # fetched for us alone, and compared with its place
    if not is_ours and identity.identify(bundle) != now:
        raise BundleUnreadable(bundle.name, "it changed while it was being read", "run again")
    refuse_foreign(target, bundle, order)


def _is_another(order: Order, prior: BatchLine, now: Source, bundle: Path) -> bool:
    """Does another disc lie under this address than at the last time? A drive and a file of a reader often do that."""
    return prior.read is not None and not identity.is_same(bundle, prior.read, now, is_sure=order.options.rechecks)


def is_still_true(prior: BatchLine, order: Order, target: Path) -> bool:
    """Is there nothing to do with a source that is the same: same options, same repack, output as it was written?"""
    options = order.options
    if not _is_ordered_so(prior, options):
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


def _is_ordered_so(prior: BatchLine, options: Options) -> bool:
    return prior.result is not Result.FAILED and (prior.options, prior.version) == (options.digest, options.version)


def _is_sound(target: Path) -> bool:
    try:
        return not verifying.verify(verifying.Request(target, jobs=0)).findings
    except (BundleUnreadable, DifferenceFound):
        return False


def refuse_foreign(target: Path, bundle: Path, order: Order) -> None:
    """What lies under the name is replaced only where it is the output of this disc. Raises OutputUnwritable."""
    if _may_replace(order, target.name) or not target.exists():
        return
    if not _is_made_from(target, bundle, order.options.access):
        problem = "it exists already, and was not made from this bundle"
        raise OutputUnwritable(target.name, problem, "use --overwrite, or another folder with --out-dir")


def _may_replace(order: Order, name: str) -> bool:
    """May whatever lies under a name be replaced without a look at it? What an earlier batch has put there may."""
    prior = order.prior.output if order.prior else None
    return order.options.overwrite or (prior is not None and prior.name == name)


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


def _complete(now: Source | None, bundle: Path, done: pipeline.Done) -> Source | None:
    """The source with the hash that the run has made of it."""
    if now is None or now.sha256 is not None:
        return now
    history = done.manifest.history
    sha256 = identity.hash_file(bundle) if done.is_idle or not history else history[-1].source.sha256
    return replace(now, sha256=sha256)


def _describe(order: Order, done: pipeline.Done, read: Source | None, seconds: float) -> BatchLine:
    record: Manifest = done.manifest
    output = None
    if not done.is_idle:
        sha256 = identity.hash_file(done.target)
        if sha256 is None:
            raise drafts.unwritable(done.target, OSError(0, "it cannot be read back"))
        output = Output(done.target.name, done.size, sha256)
    return replace(
        _line(order, Result.IDLE if done.is_idle else Result.DONE, seconds),
        read=read,
        output=output,
        entries=record.totals.before.entries,
        images=record.totals.images,
        dropped=record.totals.dropped,
    )


def _line(order: Order, result: Result, seconds: float = 0.0) -> BatchLine:
    return BatchLine(
        source=as_text(order.disc.given),
        key=order.disc.key,
        result=result,
        code=ExitCode.DONE,
        reason="",
        options=order.options.digest,
        version=order.options.version,
        finished=datetime.now(UTC).isoformat(timespec="microseconds"),
        seconds=round(seconds, 3),
    )


def failed(task: Task, code: int, reason: str) -> BatchLine:
    """The line of a disc of which nothing came."""
    return replace(_line(task.order, Result.FAILED), code=int(code), reason=as_text(reason))
