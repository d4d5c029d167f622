"""Programs that know nothing of DICOM decode the bare streams to the stored words of the original."""

from pathlib import Path

import numpy as np
import pytest

from repack.dicom.image import NotDone
from tests.interop.images import SYNTHETIC, read, words_of
from tests.interop.readers import BEYOND, CODECS, REFUSED, STREAM_READERS, check_equal, decode_streams, pairs, rewrite
from tests.shared_data import require, shared_files

pytestmark = pytest.mark.interop

SERIES = [path for path in shared_files("ct-series/S2030") if path.name != "LICENSE"]
READS = pytest.mark.parametrize(("program", "codec"), pairs(STREAM_READERS))


def check_words(original: bytes, program: str, codec: str, folder: Path) -> None:
    new = rewrite(original, codec)
    assert not isinstance(new, NotDone), new
    before = read(original)
    check_equal(decode_streams(program, new, before, folder), words_of(before), before, codec)


@READS
@pytest.mark.parametrize("name", SYNTHETIC)
def test_synthetic_words_come_back(name: str, program: str, codec: str, tmp_path: Path):
    if name in REFUSED.get(codec, set()):
        assert isinstance(rewrite(SYNTHETIC[name], codec), NotDone)
        return
    if name in BEYOND.get((program, codec), set()):
        return  # readers.py says why
    check_words(SYNTHETIC[name], program, codec, tmp_path)


@pytest.mark.skipif("htj2k" not in CODECS, reason="this installation writes no HTJ2K")
@pytest.mark.parametrize("name", sorted(BEYOND["ojph_expand", "htj2k"]))
def test_openjph_gives_back_the_samples_that_are_not_negative(name: str, tmp_path: Path):
    before, new = read(SYNTHETIC[name]), rewrite(SYNTHETIC[name], "htj2k")
    assert not isinstance(new, NotDone), new
    found = decode_streams("ojph_expand", new, before, tmp_path)
    kind = f"<i{before.BitsAllocated // 8}"
    assert found == np.maximum(np.frombuffer(words_of(before), kind), 0).tobytes()


@READS
def test_slices_of_a_real_series_come_back(program: str, codec: str, tmp_path: Path):
    require(SERIES)
    assert len(SERIES[::20]) > 5
    for path in SERIES[::20]:
        check_words(path.read_bytes(), program, codec, tmp_path)
