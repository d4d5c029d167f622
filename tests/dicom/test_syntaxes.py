"""The table of transfer syntaxes against pydicom's, and against what it promises to people."""

import re

import pydicom.uid
import pytest
from pydicom._uid_dict import UID_dictionary

from repack import codecs
from repack.dicom import syntaxes
from repack.dicom.syntaxes import SYNTAXES, Kind

_THEIRS = {uid: row for uid, row in UID_dictionary.items() if row[1] == "Transfer Syntax"}
#: Rows that pydicom 3.0.2 does not know, each with the place that defines it.
_OURS_ALONE = {
    "1.2.840.10008.1.2.4.110",  # PS3.6: JPEG XL Lossless
    "1.2.840.10008.1.2.4.111",
    "1.2.840.10008.1.2.4.112",
    "1.2.840.10008.1.2.8.1",  # PS3.6: Deflated Image Frame Compression
    "1.2.840.113619.5.2",  # GE private
}
#: What is transcoded without asking: native ones, and those compressed without loss but not well.
TAKEN = {f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.98", ".1.99", ".2", ".4.57", ".4.70", ".5")}


def test_every_syntax_that_pydicom_knows_is_in_the_table():
    assert set(_THEIRS) - set(SYNTAXES) == set()


def test_rows_of_our_own_are_the_known_ones():
    assert set(SYNTAXES) - set(_THEIRS) <= _OURS_ALONE


@pytest.mark.parametrize("uid", sorted(SYNTAXES))
def test_rows_are_complete(uid: str):
    row = syntaxes.find(uid)
    assert row.uid == uid
    assert row.name
    assert pydicom.uid.UID(uid).is_valid
    assert bool(row.leave) == (uid not in TAKEN)
    assert not row.leave.endswith(".")


@pytest.mark.parametrize("last", range(50, 67))
def test_jpeg_processes_are_those_of_the_standard(last: int):
    uid = f"1.2.840.10008.1.2.4.{last}"
    theirs = pydicom.uid.UID(uid).name
    assert re.findall(r"\d+", SYNTAXES[uid].name) == re.findall(r"\d+", theirs)
    assert ("Lossless" in theirs) == (SYNTAXES[uid].kind is Kind.LOSSLESS)


def test_encapsulated_kinds():
    """A native row is one that pydicom reads without unpacking fragments, but for frames in fragments."""
    for uid, row in SYNTAXES.items():
        if uid in _THEIRS and row.kind is Kind.NATIVE and not uid.endswith(".1.98"):
            assert not pydicom.uid.UID(uid).is_compressed or uid == syntaxes.DEFLATED_EXPLICIT


@pytest.mark.parametrize("uid", [*pydicom.uid.JPEGLSTransferSyntaxes, *pydicom.uid.JPEG2000TransferSyntaxes])
def test_lossy_ones_are_not_called_lossless(uid: str):
    lossy = {"1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.203"}
    assert (syntaxes.find(uid).kind is Kind.LOSSY) == (uid in lossy)


def test_what_a_codec_writes_is_lossless_and_left_alone_unless_weak():
    for codec in codecs.CODECS:
        row = syntaxes.find(codec.transfer_syntax)
        assert row.kind is Kind.LOSSLESS
        assert bool(row.leave) == (codec.name != "rle")


def test_unknown_missing_and_unreadable():
    assert syntaxes.find("1.2.3").name == "1.2.3"
    assert syntaxes.find("1.2.3").kind is Kind.UNKNOWN
    assert syntaxes.find("1.2.3").leave
    for nothing in (None, ""):
        assert syntaxes.find(nothing).name == "no transfer syntax"
    for odd in ("\x1b[2J", "1.2.\ufffd", "1." + "2" * 63, "JPEG"):
        assert syntaxes.find(odd).name == "unreadable transfer syntax"
        assert syntaxes.find(odd).leave
