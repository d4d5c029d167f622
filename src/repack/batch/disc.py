"""One disc, wherever it is worked on: look whether it is done already, else repack it; a line of the record comes back.

`work` is what travels to a worker, here or on a cluster. It never raises for a disc.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from repack import __version__, pipeline
from repack.batch import elsewhere, identity, lock, naming, outputs
from repack.batch.line import BatchLine, Output, Result, Source
from repack.batch.orders import Options, Order, Task, begin_line, digest_options, failed
from repack.bundles.names import as_text
from repack.errors import BundleUnreadable, ExitCode, OutputUnwritable, RepackError, WrongUsage
from repack.output import drafts
from repack.places import addresses
from repack.planning import nested
from repack.record import recording
from repack.record.manifest import Manifest


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
            if outputs.is_still_true(order.prior, order, target):
                return order.prior
        elif target.exists() and not order.options.overwrite:
            target = target.with_name(naming.rename(order.disc, now))
    outputs.refuse_foreign(target, bundle, order)
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
        elif outputs.is_ordered_so(prior, options) and elsewhere.is_output_true(
            journey, prior, is_sure=options.rechecks
        ):
            return prior
    return elsewhere.carry(
        replace(journey, target=addresses.within(out_dir, name)),
        partial(_repack, order, still_wanted),
        None if options.overwrite else partial(outputs.refuse_foreign, order=order),
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
    return replace(line, reason=as_text("; ".join(_remark(order, target, done))))


def _remark(order: Order, target: Path, done: pipeline.Done) -> Iterator[str]:
    """What has to be said of a disc that is done."""
    if target.name != order.name:
        yield f"the bundle has changed since {order.name} was made, which is kept"
    yield from nested.remark_of_plan(done.plan)
    damaged = [entry.path for entry in done.manifest.entries if entry.damaged]
    if damaged:
        yield f"{recording.tell_damaged(len(damaged))}, e.g. {damaged[0]}"


def _check_publishable(
    order: Order, still_wanted: Callable[[], None], bundle: Path, target: Path, now: Source | None
) -> None:
    """Raise RepackError where the batch is over, the bundle has changed, or somebody has taken the name meanwhile."""
    still_wanted()
    is_ours = now is not None and bool(now.mark)  # fetched for us alone, and compared with its place
    if not is_ours and identity.identify(bundle) != now:
        raise BundleUnreadable(bundle.name, "it changed while it was being read", "run again")
    outputs.refuse_foreign(target, bundle, order)


def _is_another(order: Order, prior: BatchLine, now: Source, bundle: Path) -> bool:
    """Does another disc lie under this address than at the last time? A drive and a file of a reader often do that."""
    return prior.read is not None and not identity.is_same(bundle, prior.read, now, is_sure=order.options.rechecks)


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
        begin_line(order, Result.IDLE if done.is_idle else Result.DONE, seconds),
        read=read,
        output=output,
        entries=record.totals.before.entries,
        images=record.totals.images,
        dropped=record.totals.dropped,
    )
