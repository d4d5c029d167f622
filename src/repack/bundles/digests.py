"""The SHA-256 of a content and of the bytes that hold it in the bundle, both in the one pass that inflates it.

The first stands in the manifest. The second lets the finished zip be checked without inflating once more: where the
carried bytes are the same, and the directory says the same of them, so is the content.
"""

import hashlib
from collections.abc import Callable, Iterator

from repack.bundles import zipped
from repack.model import STORED, Digest, Raw


def digest(raw: Raw) -> Digest:
    """Both digests; size and CRC are checked on the way. Raises EntryUnreadable."""
    found: list[Digest] = []
    for _piece in reading(raw, found.append):
        pass
    return found[0]


def reading(raw: Raw, note: Callable[[Digest], object]) -> Iterator[bytes]:
    """The content in bounded pieces; whoever reads it to its end has its digests noted. Raises EntryUnreadable."""
    content = hashlib.sha256()
    carried = hashlib.sha256()
    for piece in zipped.read_raw(raw, _ignore if raw.method == STORED else carried.update):
        content.update(piece)
        yield piece
    sha256 = content.hexdigest()
    note(Digest(sha256, sha256 if raw.method == STORED else carried.hexdigest()))


def _ignore(_piece: bytes) -> None:
    """Stored bytes are the content."""
