"""What the user wishes, and what will be done to each entry."""

from dataclasses import dataclass

from repack.model.bundle import Bundle, Entry
from repack.model.facts import Facts, Verdict
from repack.model.kinds import Action, Category, Purpose

SPLIT_STUDY = "--split study"  # the wish of what another part holds


@dataclass(frozen=True, slots=True)
class Decision:
    """What will be done to an entry, and why.

    `wish` is the option or rule that wants the entry gone: followed where the action is to drop it, else not.
    `guard` is what speaks against that wish; `forced` says that it was overridden.
    """

    action: Action
    reason: str
    wish: str = ""
    guard: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One of several zips that are made of a bundle, a study each; numbers from 1 on."""

    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for; the options of the command line that change the result."""

    keep_locales: tuple[str, ...] = ()
    drop_redist: bool = False
    drop: tuple[Category, ...] = ()
    drop_path: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    force_drop: bool = False
    codec: str = "jpegls"
    is_codec_named: bool = False  # --codec was given: then images that are compressed well already change, too
    max_error: int = 0  # of jpegls-near: by how much a stored word may differ
    effort: int | None = None  # of jpegxl
    exact_only: bool = False
    squeeze: bool = False  # deflate anew, as small as it gets, what is kept as it is
    for_whom: Purpose | None = None  # --for; the options above hold what it stands for
    max_size: int | None = None  # --max-size: bytes that the new zip may take
    part: Part | None = None  # --split study: which of the zips


@dataclass(frozen=True, slots=True)
class Planned:
    """One line of the plan."""

    entry: Entry
    facts: Facts
    verdict: Verdict
    decision: Decision


@dataclass(frozen=True, slots=True)
class Plan:
    """All decisions, in output order.

    `numbers` are the positions of the lines in the manifest, where entries that were dropped earlier have theirs, too.
    """

    bundle: Bundle
    wishes: Wishes
    lines: tuple[Planned, ...]
    warnings: tuple[str, ...] = ()
    numbers: tuple[int, ...] | None = None  # None: 0, 1, 2...
    settled: frozenset[int] = frozenset()  # entries that an earlier round brought to where they should be
    first: str = ""  # the name of the first original, where repack made the bundle
    is_idle: bool = False  # the bundle is what is asked for already
