"""How much may come out of a bundle (containers S1): bombs by count, size and ratio are refused."""

from collections.abc import Iterable

from repack.errors import BundleUnreadable
from repack.model import Limits

_FLOOR = 256 << 20  # bytes below which no ratio is suspicious: an image of nothing shrinks 1000:1
_MOST_OF_DEFLATE = 1032  # bytes out of a byte in: 258 bytes for two bits (RFC 1951 3.2.5), header aside


def can_come_out(announced: int, stored: int, *, is_stored: bool, is_deflated: bool) -> int:
    """Bytes that an entry can give at most: announced sizes may be lies, but a reader stops there."""
    if is_stored:
        return min(announced, stored)
    return min(announced, stored * _MOST_OF_DEFLATE + 1) if is_deflated else announced


def check(name: str, entries: Iterable[tuple[int, int]], container: int, limits: Limits) -> None:
    """Refuse entries (bytes out, bytes in) that are too much for `container` bytes. Raises BundleUnreadable."""
    count = total = 0
    for out, stored in entries:
        count, total = count + 1, total + out
        if out > _FLOOR and out > limits.ratio * stored:
            raise _bomb(name, f"an entry grows to {out // max(stored, 1):,} times its size", "--max-ratio")
    if count > limits.entries:
        raise _bomb(name, f"it lists {count:,} entries", "--max-entries")
    if total > limits.unpacked:
        raise _bomb(name, f"unpacked it would take {total / 1e9:,.0f} GB", "--max-unpacked")
    if total > _FLOOR and total > limits.ratio * container:
        raise _bomb(name, f"unpacked it grows to {total // max(container, 1):,} times its size", "--max-ratio")


def _bomb(name: str, problem: str, option: str) -> BundleUnreadable:
    return BundleUnreadable(name, f"{problem}, as archives made to do harm do", f"raise {option} if you trust it")
