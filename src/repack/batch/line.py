"""What batch.jsonl says of one disc: a line of JSON, whole or not there.

A line holds addresses as the user gave them, sizes, times, hashes and reasons; no header value of any image.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

SCHEMA: Literal["repack-batch-1"] = "repack-batch-1"


class Result(StrEnum):
    """What came of a disc."""

    DONE = "done"
    IDLE = "idle"  # it is what the options give already: nothing was written
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Source:
    """What a bundle was when it was read; of a folder `sha256` is that of its listing (paths, sizes, times)."""

    size: int  # bytes
    changed: int  # nanoseconds since 1970; of a folder: of its newest file
    sha256: str | None
    mark: str = ""  # of what lies elsewhere: what its server says of this version (S3: the ETag)


@dataclass(frozen=True, slots=True)
class Output:
    """The new zip: its name in the out-dir, its size in bytes and its hash."""

    name: str
    size: int
    sha256: str
    mark: str = ""  # as that of a source


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One disc: what it was, what came of it and why, with which options and which version of repack."""

    source: str  # as the user gave it, but for user and password of an address
    key: str  # which bundle it is: SHA-256 of its full address
    result: Result
    code: int  # the exit code that repack would have ended with
    reason: str  # why it failed, or what else has to be said
    options: str  # SHA-256 of all that changes the result
    version: str
    finished: str  # when, in UTC
    seconds: float
    read: Source | None = None
    output: Output | None = None
    entries: int = 0
    images: int = 0  # that were transcoded
    dropped: int = 0
    schema: Literal["repack-batch-1"] = SCHEMA


def encode(line: BatchLine) -> bytes:
    """As one line of UTF-8 JSON with its line feed."""
    return msgspec.json.encode(line) + b"\n"


def decode(data: bytes) -> BatchLine | None:
    """A line as it was written; None for anything else, such as the torn last line of a batch that was killed.

    Nor does a line count that says of an output that it lies elsewhere than in the out-dir: it would be replaced there.
    """
    try:
        line = msgspec.json.decode(data, type=BatchLine)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return None if line.output is not None and not _is_name(line.output.name) else line


def _is_name(name: str) -> bool:
    return name not in {"", ".", ".."} and os.path.basename(name) == name  # noqa: PTH119  of a name, not of a path
