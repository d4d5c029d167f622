"""The ladder of `--max-size`: what is tried, in which order, and what never is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.model import Category, Purpose, Wishes
from repack.planning import presets
from repack.planning.ladder import Rung, climb

ALL = ("jpegls", "smallest", "jpegxl", "j2k", "none")
NOTHING = Wishes()
GIVEN_UP = {Category.SYMBOLS, Category.JUNK}


def added(wishes: Wishes = NOTHING, readers: tuple[tuple[str, ...], ...] = (), works: tuple[str, ...] = ALL):
    return [rung.added for rung in climb(wishes, readers, works, Category)]


def test_without_a_viewer_every_lossless_codec_is_tried():
    assert added() == [
        (),
        ("--codec smallest",),
        ("--codec smallest", "--drop-redist"),
        ("--codec smallest", "--drop-redist", "--drop symbols"),
        ("--codec smallest", "--drop-redist", "--drop symbols", "--drop junk"),
        ("--codec smallest", "--drop-redist", "--drop symbols", "--drop junk", "--keep-locales en"),
        ("--drop-redist", "--drop symbols", "--drop junk", "--keep-locales en", "--codec jpegxl"),
    ]


@pytest.mark.parametrize(
    ("readers", "codecs"),
    [
        ((("jpegls", "j2k"),), {"smallest"}),
        ((("jpegls", "j2k", "jpegxl"),), {"smallest", "jpegxl"}),
        ((("jpegls", "j2k"), ("jpegls",)), set()),
        (((),), set()),
    ],
)
def test_a_viewer_that_stays_must_open_what_is_chosen(readers: tuple[tuple[str, ...], ...], codecs: set[str]):
    found = {word.removeprefix("--codec ") for words in added(readers=readers) for word in words if "--codec" in word}
    assert found == codecs


def test_a_codec_that_does_not_work_here_is_not_tried():
    assert not any("jpegxl" in word for words in added(works=("jpegls", "smallest")) for word in words)


def test_what_is_not_on_the_disc_is_not_tried():
    found = [rung.added for rung in climb(NOTHING, [()], ALL, {Category.DICOM, Category.JUNK})]
    assert found == [(), ("--drop junk",)]


def test_what_the_user_named_stays():
    wishes = Wishes(codec="jpegls", is_codec_named=True, keep_locales=("es",), drop_redist=True)
    assert added(wishes) == [(), ("--drop symbols",), ("--drop symbols", "--drop junk")]


@pytest.mark.parametrize("purpose", [Purpose.CD, Purpose.USB])
def test_a_profile_keeps_its_codec(purpose: Purpose):
    wishes = presets.complete(Wishes(), purpose, is_codec_given=False)
    assert {rung.wishes.codec for rung in climb(wishes, (), ALL, Category)} == {presets.find(purpose).codec}


_wishes = st.builds(
    Wishes,
    keep_locales=st.sampled_from([(), ("en",), ("es", "de")]),
    drop_redist=st.booleans(),
    drop=st.sets(st.sampled_from(Category)).map(tuple),
    codec=st.sampled_from(["jpegls", "j2k"]),
    is_codec_named=st.booleans(),
    exact_only=st.booleans(),
)


@given(_wishes, st.none() | st.sampled_from(Purpose), st.lists(st.sets(st.sampled_from(ALL)), max_size=2))
def test_a_rung_is_lossless_and_gives_up_only_what_nobody_reads(
    wishes: Wishes, purpose: Purpose | None, readers: list[set[str]]
):
    wishes = presets.complete(wishes, purpose, is_codec_given=wishes.is_codec_named)
    rungs = list(climb(wishes, readers, ALL, Category))
    assert rungs[0] == Rung(wishes)
    assert len({rung.wishes for rung in rungs}) == len(rungs)
    for rung in rungs:
        assert set(rung.wishes.drop) - set(wishes.drop) <= GIVEN_UP
        assert rung.wishes.max_error == 0
        assert rung.wishes.codec in {wishes.codec, *presets.find(purpose).codecs}
        same = replace(
            rung.wishes, codec="", is_codec_named=False, keep_locales=(), drop_redist=False, drop=(),
        )  # fmt: skip
        assert same == replace(wishes, codec="", is_codec_named=False, keep_locales=(), drop_redist=False, drop=())
