"""Read a finished draft back, content by content, before it gets its name."""

from collections.abc import Callable, Mapping, Sequence

from repack.bundles.zipped import CarriedBytes, ZipPlace
from repack.errors import ProofFailed
from repack.output import archive
from repack.output.archive import Draft
from repack.processes.workers import Crashed, Pool, with_tasks

Check = tuple[int, ZipPlace | CarriedBytes, str | None]
"""A number, where its content lies in the draft, and the SHA-256 that it must have; None: its CRC-32 is enough."""


def prove_contents(
    draft: Draft,
    lots: Sequence[tuple[Check, ...]],
    names: Mapping[int, str],
    pool: Pool,
    advance: Callable[[int, int], None],
) -> None:
    """Compare each content with its SHA-256; `advance` hears of bytes and entries. Raises ProofFailed.

    A lot whose worker died is read again here: that says nothing about the draft.
    """
    for lot, found in with_tasks(pool, archive.check_contents, lots):
        wrong = archive.check_contents(lot) if isinstance(found, Crashed) else found
        if wrong is not None:
            raise ProofFailed(draft.target.name, names[wrong], "reads back differently")
        advance(sum(place.size for _n, place, _s in lot), len(lot))
