"""The text in the zip: true, in the languages that are kept, readable everywhere."""

import re
import string
from importlib import resources

import msgspec
import pytest

from repack import codecs
from repack.dicom.syntaxes import EXPLICIT_LE
from repack.model import Category, Proof
from repack.record import leaflet
from repack.record.manifest import EntryRecord, State

STATE = State(100, 50, "0" * 64, "1.2.840.10008.1.2.4.80")


def line(
    action: str, proof: Proof | None, category: Category = Category.DICOM, syntax: str | None = None
) -> EntryRecord:
    now = msgspec.structs.replace(STATE, transfer_syntax=syntax) if syntax else STATE
    after = None if action == "dropped" else now
    return EntryRecord("a", category, "rule", action, "why", STATE, after, proof)  # type: ignore[arg-type]


EXACT = [line("transcoded", Proof.EXACT)] * 3
REST = [line("copied", Proof.IDENTICAL)] * 4 + [line("dropped", None)] * 5


def read(*entries: EntryRecord, keep: tuple[str, ...] = ("en",)) -> str:
    return leaflet.compose(entries, keep).decode("utf-8-sig").replace("\r\n", "\n")


def test_it_says_what_was_done() -> None:
    text = read(*EXACT, *REST)
    assert "- 3 images were compressed without loss" in text
    assert "- 4 files were carried over" in text
    assert "- 5 files were left out" in text
    assert "JPEG-LS Lossless" in text
    assert "pixel has its" not in text
    assert "bounded error" not in text


def test_what_did_not_happen_is_not_spoken_of() -> None:
    text = read(line("transcoded", Proof.SAMPLES))
    assert "- 1 images were compressed again" in text
    assert "restore.xz with" not in text
    assert "left out" not in text
    assert "bounded error" in read(line("transcoded", Proof.BOUNDED))
    assert "transfer syntax" not in read(*REST)


NEAR, XL = "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.110"


@pytest.mark.parametrize("language", leaflet.LANGUAGES)
def test_no_way_back_is_told_of_images_that_have_lost_their_values(language: str) -> None:
    text = read(line("transcoded", Proof.BOUNDED, syntax=NEAR), keep=(language,))
    assert "dcmdjpls" not in text
    assert "gdcmconv" not in text
    assert text.count("GDCM") == 0
    lost = {"en": "are gone", "de": "sind verloren", "es": "se han perdido", "fr": "sont perdues"}
    assert lost[language] in text
    mixed = read(line("transcoded", Proof.BOUNDED, syntax=NEAR), *EXACT, keep=(language,))
    assert lost[language] in mixed
    assert "(DCMTK: JPEG-LS Lossless)" in mixed


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("jpegls", {"gdcmconv --raw A B", "dcmdjpls A B"}),
        ("j2k", {"gdcmconv --raw A B"}),
        ("rle", {"dcmdrle A B"}),
        ("htj2k", set()),
        ("jpegxl", set()),
    ],
)
def test_each_codec_has_the_commands_that_work(name: str, commands: set[str]) -> None:
    text = read(line("transcoded", Proof.EXACT, syntax=codecs.BY_NAME[name].transfer_syntax))
    found = set(re.findall(r"^  (\w+(?: --raw)? A B) +\(", text, re.MULTILINE))
    assert found == commands
    assert ("other programs make" in text) == bool(commands)
    assert ("hardly any program opens" in text) == ("other current viewers do" not in text) == (not commands)


def test_who_opens_what_hardly_any_program_opens_is_named() -> None:
    text = read(line("transcoded", Proof.EXACT, syntax=XL), *EXACT)
    assert "  JPEG XL Lossless: Weasis 4.6+, dicom-rs, dcm4che\n" in text
    assert "transfer syntax\nJPEG-LS Lossless (DICOM" in text


def test_what_is_not_compressed_needs_no_program() -> None:
    text = read(*[line("transcoded", Proof.SAMPLES, syntax=EXPLICIT_LE)] * 2)
    assert "- 2 images were stored without compression" in text
    assert " compressed again" not in text
    assert "compressed images are" not in text
    assert "Without repack" not in text


def test_a_part_says_that_it_is_one_of_several() -> None:
    other = msgspec.structs.replace(line("dropped", None), wish="--split study")
    text = leaflet.compose([*EXACT, *REST, other, other], ("en",), (2, 3)).decode("utf-8-sig").replace("\r\n", "\n")
    assert "THIS IS ONE OF SEVERAL ZIPS" in text
    assert "The disc held 3 studies, and each has a zip of its own; this one is number\n2." in text
    assert "- 2 files of other studies are in the other zips.\n\n- 5 files were left out" in text
    assert "SEVERAL" not in read(*EXACT, *REST)
    assert "other zips" not in read(*EXACT, *REST)


def test_a_dicomdir_is_no_image() -> None:
    text = read(line("transcoded", Proof.EXACT, Category.DICOMDIR))
    assert "images were compressed" not in text
    assert "- 1 index files (DICOMDIR) were rewritten" in text
    assert "DICOMDIR) were" not in read(*EXACT, *REST)


def test_what_was_damaged_is_not_said_to_be_as_it_was() -> None:
    damaged = msgspec.structs.replace(REST[0], damaged=True)
    text = read(*EXACT, *REST, damaged, damaged)
    assert "- 4 files were carried over unchanged.\n\n- 2 files were damaged in the original already" in text
    assert "damaged in" not in read(*EXACT, *REST)


@pytest.mark.parametrize(
    ("keep", "languages"),
    [
        ((), ("en", "de", "es", "fr")),
        (("en",), ("en",)),
        (("es-MX", "it"), ("en", "es")),
        (("fr", "de"), ("en", "de", "fr")),
    ],
)
def test_english_and_the_kept_languages(keep: tuple[str, ...], languages: tuple[str, ...]) -> None:
    assert leaflet.choose_languages(keep) == languages
    assert read(*EXACT, keep=keep).count("-" * 76) == len(languages) - 1


@pytest.mark.parametrize("language", leaflet.LANGUAGES)
def test_all_templates_hold_the_same_facts(language: str) -> None:
    def facts(name: str) -> tuple[list[str], list[str]]:
        text = resources.files("repack").joinpath("leaflets", f"{name}.txt").read_text("utf-8")
        assert max(map(len, text.splitlines())) <= 80
        names = {match[1] or match[2] for match in string.Template.pattern.findall(text)}
        return sorted(names), re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)

    assert facts(language) == facts("en")


def test_any_editor_shows_it() -> None:
    data = leaflet.compose(EXACT, ())
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert "$" not in data.decode("utf-8-sig")
