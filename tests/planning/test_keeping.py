"""What becomes of an image by its transfer syntax and the wishes; and images that are programs as well."""

from pathlib import Path

import pytest

from repack.bundles import open_bundle
from repack.classify.facts import gather, is_program
from repack.dicom import syntaxes
from repack.model import Action, Category, DicomFacts, Facts, Verdict, Wishes
from repack.planning.keeping import decide_kept, warn_of_programs
from tests.discs import small_disc

ROOT = "1.2.840.10008.1.2"
NATIVE = ["", ".1", ".1.98", ".1.99", ".2"]
WEAK = [".4.57", ".4.70", ".5"]
GOOD = [".4.80", ".4.90", ".4.201", ".4.202", ".4.110"]
VERDICT = Verdict(Category.DICOM, "dicom", "it is an image")


def decide(uid: str, **wishes: object) -> tuple[Action, str]:
    dicom = DicomFacts(uid, "", "CT", "1", "2", "", 1, has_pixels=True, is_directory=False)
    decision = decide_kept(Facts("dicom", dicom), VERDICT, Wishes(**wishes))  # type: ignore[arg-type]
    return decision.action, decision.reason


@pytest.mark.parametrize("end", NATIVE + WEAK)
def test_native_and_weakly_compressed_images_are_taken(end: str):
    action, reason = decide(ROOT + end)
    assert action is Action.TRANSCODE
    assert reason == f"{syntaxes.find(ROOT + end).name} to JPEG-LS Lossless"


@pytest.mark.parametrize("end", GOOD)
def test_well_compressed_images_are_taken_only_for_a_codec_by_name(end: str):
    assert decide(ROOT + end)[0] is Action.COPY
    assert "already compressed without loss" in decide(ROOT + end)[1]
    for codec in ("rle", "none", "smallest", "htj2k"):
        action, reason = decide(ROOT + end, codec=codec, is_codec_named=True)
        stays = (codec, end) in {("smallest", ".4.80"), ("smallest", ".4.90"), ("htj2k", ".4.201")}
        assert action is (Action.COPY if stays else Action.TRANSCODE), (codec, reason)
        assert reason.endswith("stored this way already") == stays


@pytest.mark.parametrize("end", sorted(uid.removeprefix(ROOT) for uid in syntaxes.SYNTAXES if uid.startswith(ROOT)))
@pytest.mark.parametrize("codec", ["jpegls", "none", "smallest", "rle"])
def test_all_others_are_left_whatever_is_asked(end: str, codec: str):
    if end in NATIVE + WEAK + GOOD:
        return
    action, reason = decide(ROOT + end, codec=codec, is_codec_named=True)
    assert action is Action.COPY
    assert len(reason.split()) > 5


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.20", "1.2.840.113619.5.2"])
def test_papyrus_and_the_private_syntax_of_ge_are_left_for_their_own_reasons(uid: str):
    assert "which no other program could check" in decide(uid, is_codec_named=True)[1]


@pytest.mark.parametrize("end", WEAK + GOOD)
def test_exact_only_leaves_everything_compressed(end: str):
    for codec in ("jpegls", "none"):
        action, reason = decide(ROOT + end, codec=codec, is_codec_named=True, exact_only=True)
        assert action is Action.COPY
        assert "restored byte for byte" in reason or "stored this way already" in reason


@pytest.mark.parametrize("end", NATIVE)
def test_exact_only_leaves_native_images_out_of_near_lossless(end: str):
    wishes = {"codec": "jpegls-near", "max_error": 2, "is_codec_named": True}
    assert decide(ROOT + end, **wishes)[0] is Action.TRANSCODE
    assert decide(ROOT + end, **wishes, exact_only=True)[0] is Action.COPY


def test_targets_are_named():
    assert decide(ROOT, codec="none")[1] == "Implicit VR Little Endian to Explicit VR Little Endian"
    assert decide(ROOT, codec="smallest")[1].endswith("to the smallest of JPEG-LS Lossless and JPEG 2000 Lossless")
    assert decide(f"{ROOT}.1", codec="none") == (
        Action.COPY,
        "Explicit VR Little Endian: stored without compression already",
    )


# --- programs ---


@pytest.mark.parametrize("start", [b"MZ\x90\0", b"\x7fELF", b"#!/bin/sh\n", b"\xcf\xfa\xed\xfe"])
def test_program_in_a_preamble_is_told_once(tmp_path: Path, start: bytes):
    for number, file in enumerate(small_disc(3)):
        content = start + file.content[len(start) :] if number in {0, 2} else file.content
        (tmp_path / f"I{number}").write_bytes(content)
    bundle = open_bundle(tmp_path)
    facts = gather(bundle.entries)
    images = [n for n, fact in enumerate(facts) if fact.dicom and fact.dicom.is_program]
    assert [bundle.entries[n].path for n in images] == ["I0", "I2"]
    (warning,) = warn_of_programs(bundle, facts)
    assert warning.startswith("I0 and 1 more begin as programs do")
    (one,) = warn_of_programs(bundle, [fact if n == images[0] else Facts() for n, fact in enumerate(facts)])
    assert one.startswith("I0 begins as a program does")
    assert list(warn_of_programs(bundle, [Facts() for _ in facts])) == []


def test_common_preambles_are_no_programs():
    for start in (bytes(128), b"II*\0", b"MM\0*", b"\xff" * 128, b"DICM"):
        assert not is_program(start)
