"""What `repack batch --dry-run` says: a row for each disc, and all together with their error."""

from collections.abc import Sequence

import msgspec

from repack.batch.foretelling import Foretold
from repack.bundles.names import as_text
from repack.planning.estimate import Estimate, add_up
from repack.report import words
from repack.report.tables import Column, Sheet

WITHOUT_MAX_SIZE = "--max-size is not counted here: a zip that is too large is made smaller, or the disc fails"
_MOST_ROWS = 50  # of a long list only the sum is shown; --json has every disc


def sheets(found: Sequence[Foretold]) -> list[Sheet]:
    """The discs, those that cannot be told, and what the numbers mean."""
    told = [(one.source, one.estimate) for one in found if one.estimate is not None]
    titles = ("Before", "After, about", "Saved", "Give or take", "Tried")
    columns = (Column("Disc", ratio=1), *(Column(title, is_number=True) for title in titles))
    rows = tuple((source, *_row(estimate)) for source, estimate in told)
    total = add_up(estimate for _source, estimate in told)
    shown = rows if len(rows) <= _MOST_ROWS else ()
    failures = tuple(problem(one) for one in found if one.estimate is None)
    return [
        Sheet("What would be saved (nothing was written)", columns, shown, ("all", *_row(total)) if told else ()),
        Sheet("Cannot be repacked as it is", lines=failures),
        Sheet("Worth knowing", lines=tuple(f"{source}: {note}" for source, one in told for note in one.notes)),
    ]


def problem(one: Foretold) -> str:
    """Why nothing can be told of a disc."""
    return f"{one.source}: {one.reason}"


def _row(estimate: Estimate) -> tuple[str, ...]:
    return (
        words.size(estimate.before),
        words.size(estimate.after),
        words.saved(estimate.before, estimate.after),
        words.size(estimate.error),
        f"{estimate.sampled:,} of {estimate.images:,}",
    )


def result(found: Sequence[Foretold]) -> str:
    """The last line."""
    told = [one.estimate for one in found if one.estimate is not None]
    if not told:
        return "no disc could be looked at"
    total, discs = add_up(told), words.plural(len(told), "disc")
    how = f"{total.sampled:,} of {words.plural(total.images, 'image')} tried"
    if total.saved < 0:
        return f"{discs} would grow by {words.size(-total.saved)}, give or take {words.size(total.error)} ({how})"
    share = f" ({words.saved(total.before, total.after)})" if total.saved else ""
    return f"{discs} would save {words.size(total.saved)}{share}, give or take {words.size(total.error)} ({how})"


def encode(one: Foretold) -> bytes:
    """A line of JSON for programs; sizes are bytes."""
    line: dict[str, object] = {"schema": "repack-estimate-1", "source": as_text(one.source)}
    if one.estimate is None:
        line |= {"code": one.code, "reason": as_text(one.reason)}
    else:
        told = one.estimate
        line |= {"before": told.before, "after": told.after, "saved": told.saved, "error": told.error}
        line |= {"images": told.images, "sampled": told.sampled}
        line |= {"notes": told.notes} if told.notes else {}
    return msgspec.json.encode(line) + b"\n"
