"""Moving on: a zip that repack made is repacked again, and still leads to the first original.

The plan is made as if the first original lay there: its sizes, hashes and transfer syntaxes come from the manifest,
and an image that changes its codec is rebuilt as its original first. What stays as it is keeps its restore record. An
image whose original bytes are not in the zip (`samples`) goes on from its samples; a near-lossless one stays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from repack.bundles.names import folded
from repack.dicom.order import make_order
from repack.errors import BundleUnreadable, DifferenceFound
from repack.giveback.finished import Finished, is_finished, take_apart
from repack.giveback.originals import Item, Unlike, rebuild
from repack.model import (
    LEAFLET_NAME,
    MANIFEST_NAME,
    RESTORE_NAME,
    Action,
    Bundle,
    EntryUnreadable,
    Facts,
    Place,
    Plan,
    Planned,
    Proof,
    Raw,
    Restorable,
    Wishes,
)
from repack.record.manifest import EntryRecord, Options

AGAIN = "repack the original again, or unzip this one, throw its folder REPACK away and give the rest"
_FIRST_AGAIN = "what an earlier round compressed is the first original again, byte for byte"


class Step(StrEnum):
    """From where an entry goes on."""

    FRESH = "fresh"  # it is as it was in the first original
    SETTLED = "settled"  # it is as it should be already
    FIRST = "first"  # from its first original
    SAMPLES = "samples"  # from the samples that it holds: its first original is not there


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier rounds left: the zip, and the number in its manifest of each entry of `bundle`."""

    finished: Finished
    bundle: Bundle
    numbers: tuple[int, ...]

    def line(self, index: int) -> EntryRecord:
        """What the manifest says of an entry of `bundle`."""
        return self.finished.manifest.entries[self.numbers[index]]


def find_past(bundle: Bundle) -> Past | None:
    """What repack did to this bundle before; None where it did nothing. Raises BundleUnreadable.

    `bundle` of the result has the sizes of the first original, and none of the entries that repack added.
    """
    if not is_finished(bundle):
        ours = {folded(MANIFEST_NAME), folded(RESTORE_NAME), folded(LEAFLET_NAME)}
        odd = next((entry.path for entry in bundle.entries if folded(entry.path) in ours), None)
        if odd is not None:
            raise BundleUnreadable(bundle.path.name, f"it holds {odd}, but no manifest beside it", AGAIN)
        return None
    try:
        finished = take_apart(bundle)
    except DifferenceFound as error:
        raise BundleUnreadable(bundle.path.name, f"{error.args[1]} {error.args[2]}", AGAIN) from error
    lines = finished.manifest.entries
    changed = [lines[n].path for n in finished.missing] + [entry.path for entry in finished.extra]
    if changed:
        raise BundleUnreadable(bundle.path.name, f"it was changed since repack made it ({changed[0]})", AGAIN)
    numbers = tuple(sorted(finished.entries))
    entries = tuple(
        replace(finished.entries[n], index=index, size=lines[n].before.size, stored=lines[n].before.stored)
        for index, n in enumerate(numbers)
    )
    return Past(finished, replace(bundle, entries=entries), numbers)


def as_first(past: Past, facts: Sequence[Facts]) -> tuple[Facts, ...]:
    """The facts of the first originals: repack changes nothing that they hold but the transfer syntax."""
    return tuple(
        replace(fact, dicom=replace(fact.dicom, transfer_syntax=past.line(index).before.transfer_syntax))
        if fact.dicom is not None and past.line(index).action == "transcoded"
        else fact
        for index, fact in enumerate(facts)
    )


def choose_step(line: Planned, held: EntryRecord, options: Options, wishes: Wishes) -> Step:
    """From where an entry goes on; `held` is its line in the manifest, `options` are those of the last round."""
    if held.action != "transcoded" or line.decision.action is Action.DROP:
        return Step.FRESH
    is_index = line.facts.dicom is not None and line.facts.dicom.is_directory
    if is_index:
        return Step.FIRST
    is_exact = held.proof is Proof.EXACT
    if line.decision.action is not Action.TRANSCODE:
        return Step.FIRST if is_exact else Step.SETTLED
    if held.proof is Proof.BOUNDED or not wishes.is_codec_named or _is_written_so(held, options, wishes):
        return Step.SETTLED
    return Step.FIRST if is_exact else Step.SAMPLES


def _is_written_so(held: EntryRecord, options: Options, wishes: Wishes) -> bool:
    """Would the same codec be used again?"""
    if is_same_way(options, wishes):
        return True
    candidates = make_order(wishes).candidates
    syntax = held.after.transfer_syntax if held.after else None
    return len(candidates) == 1 and candidates[0].transfer_syntax == syntax and options.effort == wishes.effort


def is_same_way(options: Options, wishes: Wishes) -> bool:
    """Are images written as in the last round?"""
    last = (options.codec, options.codec_named, options.max_error, options.effort, options.exact_only)
    return last == (wishes.codec, wishes.is_codec_named, wishes.max_error, wishes.effort, wishes.exact_only)


def look_back(plan: Plan, past: Past) -> Plan:
    """The plan with what the past means for it."""
    options = past.finished.manifest.options
    steps = [choose_step(line, past.line(line.entry.index), options, plan.wishes) for line in plan.lines]
    settled = frozenset(line.entry.index for line, step in zip(plan.lines, steps, strict=True) if step is Step.SETTLED)
    lines = tuple(_explain_first(line, step) for line, step in zip(plan.lines, steps, strict=True))
    first = past.finished.manifest.source.name
    return replace(plan, lines=lines, numbers=past.numbers, settled=settled, first=first, is_idle=_is_idle(plan, past))


def _explain_first(line: Planned, step: Step) -> Planned:
    """The reason of an entry that is only copied, although it is another one now: its first original is."""
    is_index = line.facts.dicom is not None and line.facts.dicom.is_directory  # it follows the images
    if is_index or step is not Step.FIRST or line.decision.action is not Action.COPY:
        return line
    return replace(line, decision=replace(line.decision, reason=_FIRST_AGAIN))


def _is_idle(plan: Plan, past: Past) -> bool:
    """Would this plan leave everything as it is? Of what is no zip, or an encrypted one, a zip has to be made."""
    if plan.bundle.kind != "zip" or plan.bundle.encrypted:
        return False
    options = past.finished.manifest.options
    if plan.wishes.squeeze and not options.squeeze:
        return False
    for line in plan.lines:
        held = past.line(line.entry.index)
        step = choose_step(line, held, options, plan.wishes)
        is_index = line.facts.dicom is not None and line.facts.dicom.is_directory
        if line.decision.action is Action.DROP or (step in {Step.FIRST, Step.SAMPLES} and not is_index):
            return False
        if step is Step.FRESH and line.decision.action is Action.TRANSCODE and not is_same_way(options, plan.wishes):
            return False
    return True


@dataclass(frozen=True, slots=True)
class FirstPlace:
    """The first original of an entry, rebuilt from what the zip holds whenever it is read."""

    item: Item

    def read(self) -> bytes:
        """The whole content, its SHA-256 compared. Raises EntryUnreadable."""
        original = rebuild(self.item)
        if isinstance(original, Unlike):
            raise EntryUnreadable(f"it {original.problem}")
        return original

    def read_start(self, length: int) -> bytes:
        """The first `length` bytes, or fewer where the entry is shorter. Raises EntryUnreadable."""
        return self.read()[:length]

    def chunks(self) -> Iterator[bytes]:
        """The content in one piece. Raises EntryUnreadable."""
        yield self.read()

    def raw(self) -> Raw | None:
        """None: the original does not lie anywhere."""
        return None


@dataclass(slots=True)
class Records:
    """The restore records of the past by number, out of one solid stream that is read only as far as needed.

    They are asked for in the order in which they were written, so that nearly none has to wait.
    """

    stream: Iterator[tuple[int, Restorable]]
    name: str
    waiting: dict[int, Restorable] = field(default_factory=dict)

    def take(self, number: int) -> Restorable:
        """The record of one entry. Raises BundleUnreadable where it is not there."""
        try:
            while number not in self.waiting:
                found, restorable = next(self.stream)
                self.waiting[found] = restorable
        except (ValueError, StopIteration) as error:
            raise BundleUnreadable(self.name, "its restore data is damaged", AGAIN) from error
        return self.waiting.pop(number)


def first_place(number: int, held: EntryRecord, place: Place | None, restorable: Restorable) -> FirstPlace:
    """Where the first original of an entry can be read."""
    if place is None:
        raise EntryUnreadable("it is a folder")
    return FirstPlace(Item(number, held, place, restorable))
