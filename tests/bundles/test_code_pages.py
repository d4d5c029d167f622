"""Old code pages: told where only one fits, never where two do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repack.bundles.code_pages import decode_names, decode_unknown

TOLD = [
    ("cp437", ["Größe.txt"]),
    ("cp850", ["Bilder für Ärzte/Größe.txt"]),
    ("cp850", ["Diagnóstico por imágenes.txt"]),
    ("cp852", ["Zdjęcia pacjenta.txt"]),
    ("cp1252", ["résumé.doc"]),
    ("cp866", ["Снимок.txt"]),
    ("cp932", ["画像/患者.dcm"]),
    ("cp932", ["ビューア/日本語.txt", "表.dcm"]),
    ("gbk", ["图像/病人.dcm"]),
    ("big5", ["影像/病患.txt"]),
]


@pytest.mark.parametrize(("page", "names"), TOLD)
def test_names_are_read_in_the_only_code_page_that_fits(page: str, names: list[str]) -> None:
    assert decode_names([name.encode(page) for name in names]) == names


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("cp850", "Ä.txt"),  # in cp1252 it is another letter, in cp866 too
        ("cp932", "表.dcm"),  # in cp850 ò\.dcm
        ("cp1252", "GRÖSSE"),  # in cp850 GRÍSSE
        ("cp1251", "Снимок.txt"),  # in cp1252 Ñíèìîê.txt
        ("cp949", "설명서.txt"),  # in GBK 汲疙辑.txt
    ],
)
def test_names_that_two_code_pages_could_mean_are_not_guessed(page: str, name: str) -> None:
    assert decode_names([name.encode(page)]) is None


def test_a_reading_that_is_mostly_accents_is_not_believed() -> None:
    assert decode_names([b"\xff\xfe"]) is None


def test_all_names_have_a_say() -> None:
    alone, both = ["表.dcm".encode("cp932")], ["表.dcm".encode("cp932"), "患者.dcm".encode("cp932")]
    assert decode_names(alone) is None
    assert decode_names(both) == ["表.dcm", "患者.dcm"]
    assert decode_names(["Größe".encode("cp850"), "画像".encode("cp932")]) is None


def test_names_in_utf8_are_left_alone() -> None:
    names = ["Größe".encode(), b"plain", "résumé".encode("cp1252")]
    assert decode_unknown(names) == [None, None, "résumé"]


def test_thousands_of_names_are_decoded_alike() -> None:
    names = [f"画像/患者{n}.dcm" for n in range(5_000)]
    assert decode_names([name.encode("cp932") for name in names]) == names


@given(st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=5))
def test_what_is_read_can_be_written_back(names: list[bytes]) -> None:
    texts = decode_names(names)
    if texts is not None:
        pages = ("cp437", "cp850", "cp852", "cp866", "cp1252", "cp1250", "cp1251", "cp932", "gbk", "cp949", "big5")
        assert any([text.encode(page, "replace") for text in texts] == names for page in pages)
