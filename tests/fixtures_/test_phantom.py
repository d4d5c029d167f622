from hashlib import sha256

import imagecodecs
import numpy as np
import pytest

from fixtures.phantom import slice_words


def test_words_are_the_same_everywhere() -> None:
    words = slice_words(5, 12, 96)
    assert sha256(words.astype("<u2").tobytes()).hexdigest() == (
        "63d0680b221f66f20d8730224a48d55ff42b3fe07f92e13d6dc05663119c214b"
    )


def test_slice_does_not_depend_on_others() -> None:
    first = slice_words(7, 20, 64)
    slice_words(3, 20, 64)
    assert np.array_equal(slice_words(7, 20, 64), first)
    assert not np.array_equal(slice_words(8, 20, 64), first)


@pytest.mark.parametrize("size", [1, 17, 752])
def test_words_have_twelve_bits(size: int) -> None:
    words = slice_words(160, 400, size)
    assert words.shape == (size, size)
    assert words.dtype == np.uint16
    assert words.max() <= 4095


def test_air_is_dark_and_noisy_and_enamel_is_bright() -> None:
    words = slice_words(157, 400)
    air = words[:60, :60]
    assert air.min() > 0
    assert air.max() < 200
    assert air.std() > 3
    assert words.max() > 3000


def test_neighbouring_pixels_are_correlated() -> None:
    air = slice_words(10, 400)[:100, :100].astype(float)
    assert 0.3 < np.corrcoef(air[:, :-1].ravel(), air[:, 1:].ravel())[0, 1] < 0.9


def test_jpegls_takes_a_quarter_to_three_tenths() -> None:
    slices = [slice_words(index, 400) for index in (16, 116, 157, 216, 316, 383)]
    ratios = [len(imagecodecs.jpegls_encode(words)) / words.nbytes for words in slices]
    assert 0.25 < sum(ratios) / len(ratios) < 0.30
