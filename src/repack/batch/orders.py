"""What a worker is told of a disc, and how the line of the record begins that answers. All of it travels."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from repack import __version__
from repack.batch.line import BatchLine, Result
from repack.batch.naming import Disc
from repack.bundles.names import as_text
from repack.errors import ExitCode
from repack.model import Access, Wishes


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


def begin_line(order: Order, result: Result, seconds: float = 0.0) -> BatchLine:
    """The line of a disc, without what was read and written."""
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
    return replace(begin_line(task.order, Result.FAILED), code=int(code), reason=as_text(reason))
