"""Drafts of some entries, for the tests of what is written and of what is read back."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from repack.model import STORED
from repack.output.archive import Draft, Written, drafting
from tests.entries import Content, make_entry

NOISE = hashlib.shake_128(b"noise").digest(3_000_000)
SOME = [
    make_entry(b"DICOMDIR", b"index" * 99),
    make_entry(b"DICOM/", b"", index=1, method=STORED),
    make_entry("DICOM/Größe".encode(), NOISE[:5_000], index=2, method=STORED),
    make_entry(b"caf\xe9", b"text" * 500, index=3),
]


@contextmanager
def finished(target: Path, contents: Sequence[Content] = SOME) -> Iterator[tuple[Draft, tuple[Written, ...]]]:
    """A draft that waits for its check."""
    with drafting(target, overwrite=False) as draft:
        for content in contents:
            draft.add(content.entry, content.packed)
        yield draft, draft.finish()
