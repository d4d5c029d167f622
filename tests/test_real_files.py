"""Every real file of the DICOM test set: transcoded and proven, or left with a reason that people understand."""

import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from repack.codecs import BY_NAME, charls
from repack.dicom.image import NotDone
from repack.dicom.transcode import Rewritten, invert, transcode
from repack.model import Action, KeptAsIs, Proof, Transcoded, Wishes
from repack.outcomes import Task, work
from tests.shared_data import dicom_files, require

pytestmark = pytest.mark.slow

JPEGLS = BY_NAME["jpegls"]
FILES = dicom_files()
#: T4: words with bits above Bits Stored (here: signed, not sign-extended). They are proven word for word, but pydicom
#: masks them only in native images, so its pixel_array is another one afterwards. DCMTK shows both alike.
_SHOWN_OTHERWISE = ["pydicom-data__mlut_18.dcm"]

Results = dict[Path, Rewritten | NotDone]


@pytest.fixture(scope="module")
def results() -> Results:
    require(FILES)
    return {path: transcode(path.read_bytes(), JPEGLS) for path in FILES}


@pytest.fixture(scope="module", autouse=True)
def table(results: Results) -> Iterator[None]:
    """The table outcome x reason x count, for a run with -s."""
    yield
    print(f"\n{len(results)} real files")  # noqa: T201  a test may
    for (outcome, reason), count in sorted(count_reasons(results).items()):
        print(f"{count:5}  {outcome:10}  {reason}")  # noqa: T201  as above


def count_reasons(results: Results) -> Counter[tuple[str, str]]:
    return Counter(
        ("transcoded" if isinstance(result, Rewritten) else "left", result.reason) for result in results.values()
    )


def test_the_whole_set_is_here(results: Results):
    assert len(results) == 343
    counts = count_reasons(results)
    assert sum(counts.values()) == len(results)
    transcoded = sum(count for (outcome, _), count in counts.items() if outcome == "transcoded")
    assert transcoded == sum(isinstance(result, Rewritten) for result in results.values())
    assert transcoded >= 135


def test_every_transcoded_file_comes_back(results: Results):
    for path, result in results.items():
        if isinstance(result, Rewritten) and result.restorable is not None:
            assert invert(result.data, result.restorable) == path.read_bytes(), path


def test_reasons_are_sentences_for_people(results: Results):
    for _, reason in count_reasons(results):
        assert 15 <= len(reason) <= 200, reason
        assert not re.search(r"None|Error|Exception|Traceback|<|>|0x|\bb'|[\x00-\x1f\x7f-\uffff]", reason), reason
        assert not reason.endswith((".", " ")), reason
        assert len(reason.split()) >= 4, reason
        assert " 1 frames" not in f" {reason}"
        assert "1 bits" not in reason.split("(")[0] or "11 bits" in reason, reason


def test_what_is_compressed_well_or_with_loss_is_left_and_the_rest_is_not(results: Results):
    """By the folders that the set sorts its images into."""
    proofs = dict.fromkeys(("explicit_le", "implicit_le", "explicit_be", "deflated"), Proof.EXACT)
    proofs |= dict.fromkeys(("rle", "jpeg_lossless_p14", "jpeg_lossless_sv1"), Proof.SAMPLES)
    tiny = JPEGLS.encode is charls.encode  # who calls CharLS itself has room for an image of one pixel
    done = Counter(path.parent.name for path, result in results.items() if isinstance(result, Rewritten))
    assert {folder: done[folder] for folder in proofs} == {
        "explicit_le": 30 + tiny, "implicit_le": 9, "explicit_be": 9, "deflated": 2,
        "rle": 9, "jpeg_lossless_p14": 2, "jpeg_lossless_sv1": 7,
    }  # fmt: skip
    for path, result in results.items():
        folder = path.parent.name
        if path.parent.parent.name != "image":
            continue
        if folder not in proofs:
            assert isinstance(result, NotDone), path
        elif isinstance(result, Rewritten):
            assert result.proof is proofs[folder], path
    native = [r for p, r in results.items() if p.parent.name in {"explicit_le", "implicit_le"}]
    assert len(native) == 58
    assert sum(isinstance(result, Rewritten) for result in native) >= 38


def shown_words(data_set: Dataset) -> np.ndarray:
    """All frames as pydicom decodes them with its own decoders, colours as they are stored."""
    data_set.pixel_array_options(raw=True)
    return data_set.pixel_array


def read(content: bytes) -> Dataset:
    return dcmread(BytesIO(content), force=True)


def test_pydicom_decodes_the_same_words(results: Results):
    equal, different = 0, []
    for path, result in results.items():
        if not isinstance(result, Rewritten):
            continue
        with catch_warnings():
            simplefilter("ignore")  # pydicom about values of the files, not about us
            before, after = read(path.read_bytes()), read(result.data)
            assert after.file_meta.TransferSyntaxUID == result.transfer_syntax, path
            was, now = shown_words(before), shown_words(after)
        assert was.shape == now.shape, path
        if np.array_equal(was, now):
            equal += 1
        else:
            different.append(path.name)
        low_bits = [array.astype(np.int64) & ((1 << before.BitsStored) - 1) for array in (was, now)]
        assert np.array_equal(*low_bits), path
    assert equal >= 135
    assert different == _SHOWN_OTHERWISE


def test_everything_but_the_encoding_is_verbatim(results: Results):
    """Explicit sources: what lies between file meta and Pixel Data is in the new file, byte for byte."""
    checked = 0
    for path, result in results.items():
        if not isinstance(result, Rewritten):
            continue
        with catch_warnings():
            simplefilter("ignore")
            original = path.read_bytes()
            before = read(original)
        if before.file_meta.TransferSyntaxUID != "1.2.840.10008.1.2.1" or before.get("PlanarConfiguration") == 1:
            continue
        first = min(tag for tag in before.keys())  # noqa: SIM118  iterating would convert the values
        start = original.index(first.group.to_bytes(2, "little") + first.element.to_bytes(2, "little"), 132)
        raw = before.get_item(0x7FE0_0010)
        between = original[start : raw.value_tell - 12]
        if 0x7FE0_0000 in before:
            between = between[:-12]
        assert between in result.data, path
        assert original[:128] == result.data[:128], path
        checked += 1
    assert checked >= 60


class _AtHand:
    """A place whose bytes are at hand."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes:
        return self.path.read_bytes()

    def raw(self) -> None:
        return None


def make_task(index: int, path: Path) -> Task:
    size = path.stat().st_size
    return Task(
        index=index,
        place=_AtHand(path),  # type: ignore[arg-type]  what a worker needs of a place
        size=size,
        stored=size,
        action=Action.TRANSCODE,
        reason="asked for",
        wishes=Wishes(),
        transfer_syntax=None,
        is_dicom=True,
    )


def test_worker_gives_an_outcome_for_every_file():
    require(FILES)
    outcomes = work(tuple(make_task(index, path) for index, path in enumerate(FILES)))
    assert [outcome.index for outcome in outcomes] == list(range(len(FILES)))
    for outcome in outcomes:
        assert "a fault in repack" not in outcome.reason, FILES[outcome.index]
    assert all(isinstance(outcome, Transcoded | KeptAsIs) for outcome in outcomes)
    assert sum(isinstance(outcome, Transcoded) for outcome in outcomes) >= 80  # the rest would not be smaller
