"""Read a finished draft back, content by content, before it gets its name."""

from collections.abc import Callable, Mapping, Sequence

from repack.bundles.zipped import ZipPlace
from repack.errors import ProofFailed
from repack.output import archive
from repack.output.archive import Draft
from repack.processes.workers import Crashed, Pool, with_tasks

_LOT = 32  # contents that are read back together


def prove_contents(
    draft: Draft,
    checks: Sequence[tuple[int, ZipPlace, str]],
    names: Mapping[int, str],
    pool: Pool,
    advance: Callable[[int, int], None],
) -> None:
    """Compare each content with its SHA-256; `advance` hears of bytes and entries. Raises ProofFailed.

    A lot whose worker died is read again here: that says nothing about the draft.
    """
    lots = [tuple(checks[at : at + _LOT]) for at in range(0, len(checks), _LOT)]
    for lot, found in with_tasks(pool, archive.check_contents, lots):
        wrong = archive.check_contents(lot) if isinstance(found, Crashed) else found
        if wrong is not None:
            raise ProofFailed(draft.target.name, names[wrong], "reads back differently")
        advance(sum(place.size for _n, place, _s in lot), len(lot))
