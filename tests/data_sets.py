"""Two data sets compared as pydicom reads them, without letting it convert a value."""

from pydicom import Dataset
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.sequence import Sequence


def raw_elements(data_set: Dataset) -> dict[int, RawDataElement | DataElement]:
    """Every element as read, group lengths apart; taken first, because a look at one value may convert others."""
    return {int(tag): found for tag, found in data_set.items() if tag.element}


def check_same(old: Dataset, new: Dataset, *, apart_from: frozenset[int] = frozenset()) -> int:
    """Assert that both have the same tags and raw bytes in the same order; the number of values compared.

    `new` is Explicit VR; elements `apart_from` may have other values, on the top level.
    """
    was_raw, now_raw = raw_elements(old), raw_elements(new)
    assert list(was_raw) == list(now_raw)
    compared = 0
    for tag, now in now_raw.items():
        if tag in apart_from:
            continue
        compared += 1
        if isinstance(now, RawDataElement) and now.VR != "SQ":
            assert (was_raw[tag].value or b"") == (now.value or b""), f"{tag:08x}"
            continue
        was_items, now_items = old[tag].value, new[tag].value
        if not isinstance(now_items, Sequence):  # converted by the reader itself: a character set
            assert was_items == now_items, f"{tag:08x}"
            continue
        assert len(was_items) == len(now_items)
        for was, after in zip(was_items, now_items, strict=True):
            compared += check_same(was, after)
    return compared
