"""The SHA-256 of a content and of the bytes that hold it in the bundle, both in the one pass that inflates it.

The first stands in the manifest. The second lets the finished zip be checked without inflating once more: where the
carried bytes are the same, and the directory says the same of them, so is the content.
"""

import hashlib
from collections.abc import Callable, Iterator

from repack.bundles import zipped
from repack.model import STORED, Digest, Raw
from repack.stopwatch import stage


def digest(raw: Raw) -> Digest:
    """Both digests; size and CRC are checked on the way. Raises EntryUnreadable."""
    found: list[Digest] = []
    for _piece in reading(raw, found.append):
        pass
    return found[0]


@stage("hash")
def sha256(data: bytes) -> str:
    """The SHA-256 of a content that lies in memory."""
    return hashlib.sha256(data).hexdigest()


def reading(raw: Raw, note: Callable[[Digest], object]) -> Iterator[bytes]:
    """The content in bounded pieces; whoever reads it to its end has its digests noted. Raises EntryUnreadable."""
    content = hashlib.sha256()
    carried = hashlib.sha256()
    for piece in zipped.read_raw(raw, _ignore if raw.method == STORED else stage("hash")(carried.update)):
        with stage("hash"):
            content.update(piece)
        yield piece
    of_content = content.hexdigest()
    note(Digest(of_content, of_content if raw.method == STORED else carried.hexdigest()))


def _ignore(_piece: bytes) -> None:
    """Stored bytes are the content."""
