"""What becomes of an entry that is not dropped: an image is transcoded where the wishes and its kind allow it."""

from collections.abc import Iterator, Sequence

from repack.dicom import syntaxes
from repack.dicom.order import Order, explain_leaving, make_order
from repack.model import Action, Bundle, Category, Decision, Facts, Verdict, Wishes


def decide_kept(fact: Facts, verdict: Verdict, wishes: Wishes) -> Decision:
    """Transcode or copy, and why."""
    if fact.problem and fact.magic == "unreadable":
        return Decision(Action.COPY, f"damaged: {fact.problem}")
    if verdict.category is Category.DICOMDIR:
        return Decision(Action.COPY, "the index of the images; it follows them")
    if fact.dicom is None or not fact.dicom.has_pixels:
        return Decision(Action.COPY, "it holds no image" if fact.dicom else _why_kept(verdict))
    order = make_order(wishes)
    uid = fact.dicom.transfer_syntax
    name = syntaxes.find(uid).name
    leave = explain_leaving(uid, order)
    if leave:
        return Decision(Action.COPY, f"{name}: {leave}")
    return Decision(Action.TRANSCODE, f"{name} to {_name_target(order)}")


def _name_target(order: Order) -> str:
    names = [syntaxes.find(codec.transfer_syntax).name for codec in order.candidates]
    if not names:
        return syntaxes.find(syntaxes.EXPLICIT_LE).name
    return names[0] if len(names) == 1 else f"the smallest of {' and '.join(names)}"


def _why_kept(verdict: Verdict) -> str:
    return verdict.why if verdict.category is Category.UNKNOWN else "nobody asked to drop it"


def warn_of_programs(bundle: Bundle, facts: Sequence[Facts]) -> Iterator[str]:
    """Images that are programs as well: their first 128 bytes belong to nobody, and may start one (CVE-2019-11687)."""
    found = [e.path for e, fact in zip(bundle.entries, facts, strict=True) if fact.dicom and fact.dicom.is_program]
    if found:
        others = f" and {len(found) - 1} more begin as programs do" if len(found) > 1 else " begins as a program does"
        yield f"{found[0]}{others}, in bytes that DICOM leaves free; they stay as they are, and nothing starts them"


def warn_of_lost_index(bundle: Bundle, facts: Sequence[Facts], decisions: Sequence[Decision]) -> Iterator[str]:
    """A DICOMDIR that goes while images stay: many viewers find images by it alone."""
    images = sum(
        fact.dicom is not None and not fact.dicom.is_directory and decision.action is not Action.DROP
        for fact, decision in zip(facts, decisions, strict=True)
    )
    for entry, fact, decision in zip(bundle.entries, facts, decisions, strict=True):
        if images and fact.dicom is not None and fact.dicom.is_directory and decision.action is Action.DROP:
            yield f"{entry.path} is dropped and its images stay; viewers that look for it may show none of them"
