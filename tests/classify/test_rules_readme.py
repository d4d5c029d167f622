"""rules/README.md: every block is a valid rule file, every key is there, every example does what the text says."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from repack.classify import rulefile
from repack.classify.rulefile import Conditions, DicomConditions, PeConditions, Rule
from repack.model import Category, Facts
from repack.planning.remarks import remark
from tests.classify.synthetic import BUILTIN, DIRECTORY, IMAGE, actions, exe, lay_out

README = (Path(__file__).resolve().parents[2] / "rules" / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
ROWS = re.findall(r"^\| `([\w.]+)`[^|]* \| `([^`|]+)` \|", README, re.MULTILINE)
TEXT = Facts("unknown")
PDF, CHM = Facts("pdf"), Facts("chm")
DICOM = Facts("dicom", dicom=IMAGE)


def block(rule: str, number: int = -1) -> str:
    return [text for text in BLOCKS if f'id = "{rule}"' in text][number]


def keys(kind: type[msgspec.Struct], above: str = "") -> set[str]:
    return {above + field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize("text", BLOCKS, ids=lambda text: text.splitlines()[1])
def test_every_block_is_a_valid_rule_file(text: str):
    assert len(rulefile.read_rules("README.md", text)) == 1


def test_there_are_ten_examples():
    assert len(re.findall(r"^### \d+\. ", README, re.MULTILINE)) == 10
    assert len(BLOCKS) == 12


def test_every_key_has_a_row_and_every_condition_an_example():
    conditions = keys(Conditions) | keys(DicomConditions, "dicom.") | keys(PeConditions, "pe.")
    assert {key for key, _ in ROWS} == conditions
    for key in keys(Rule):
        assert re.search(rf"^\| `{key}` \|", README, re.MULTILINE), key
    for value in (*Category, *get_args(rulefile.Magic)):
        assert f"`{value}`" in README, value


@pytest.mark.parametrize(("key", "example"), ROWS)
def test_every_example_of_a_key_is_valid(key: str, example: str):
    text = f"[[rule]]\nid = 'x'\ncategory = 'junk'\nwhy = 'w'\nmatch = {{ {example} }}\n"
    (rule,) = rulefile.read_rules("README.md", text)
    (conditions,) = rulefile.all_of(rule.match)
    inside = conditions
    for part in key.split("."):
        inside = getattr(inside, part)
        assert inside is not None


@pytest.mark.parametrize(
    "command",
    ["rules list", "rules show", "rules check", "rules test", "rules schema", "explain", "--rules", "--dry-run"],
)
def test_the_commands_are_there(command: str):
    assert command in README


def test_the_first_rule_and_the_list_of_tables():
    disc = lay_out({"Manuals/a.pdf": PDF, "a.pdf": PDF}, block("my.manuals", 0))
    assert [verdict.rule for verdict in disc.verdicts] == ["my.manuals", "document.report"]
    films = {"a.avi": Facts("riff"), "b.mp4": TEXT, "c.wmv": TEXT, "V/d.wmv": TEXT, "V/v.exe": exe()}
    disc = lay_out(films, block("my.videos"), sizes={"b.mp4": 100_001, "c.wmv": 100_000, "V/d.wmv": 200_000})
    assert [path for path, verdict in disc.by_path.items() if verdict.rule == "my.videos"] == ["a.avi", "b.mp4"]


def test_drop_the_manuals():
    files = {"Manual_EN.pdf": PDF, "V/viewer_help.chm": CHM, "report.pdf": PDF, "manual.txt": TEXT}
    assert actions(lay_out(files, block("my.manuals")).plan()) == {
        "Manual_EN.pdf": "drop", "V/viewer_help.chm": "drop", "report.pdf": "copy", "manual.txt": "copy",
    }  # fmt: skip


def test_keep_everything_in_one_folder():
    files = {
        "Planning/vcredist_x86.exe": exe(),
        "Planning/a.tmp": TEXT,
        "Planning/I1": DICOM,
        "vcredist_x86.exe": exe(),
    }
    disc = lay_out(files, block("my.planning"))
    wishes = {"drop_redist": True, "drop_path": ("**/*.tmp",)}
    assert actions(disc.plan(**wishes)) == {
        "Planning/vcredist_x86.exe": "copy", "Planning/a.tmp": "copy", "Planning/I1": "transcode",
        "vcredist_x86.exe": "drop",
    }  # fmt: skip
    assert disc.by_path["Planning/I1"].category is Category.DICOM
    assert actions(disc.plan(**wishes, force_drop=True))["Planning/a.tmp"] == "drop"


def test_drop_a_vendors_demo_data():
    listed = Facts("dicom", dicom=DIRECTORY, mentions=("DEMODATA/I2",))
    files = {"DICOMDIR": listed, "DemoData/I1": DICOM, "DemoData/I2": DICOM, "Viewer/Samples/a.bin": TEXT, "I3": DICOM}
    kept = {"DICOMDIR": "copy", "Viewer/Samples/a.bin": "drop", "I3": "transcode"}
    disc = lay_out(files, block("my.demo"))
    assert actions(disc.plan()) == kept | {"DemoData/I1": "transcode", "DemoData/I2": "transcode"}
    assert actions(disc.plan(force_drop=True)) == kept | {"DemoData/I1": "drop", "DemoData/I2": "drop"}


def test_drop_one_of_two_viewers():
    mac = "OsiriX Launcher.app/Contents"
    files = {
        "autorun.inf": b"open=V\\v.exe",
        "V/v.exe": exe(),
        f"{mac}/OsiriX Lite.zip": Facts("zip"),
        f"{mac}/I1": DICOM,
    }
    own = block("my.mac-viewer")
    plan = lay_out(files, own).plan()
    assert actions(plan) == {
        "autorun.inf": "copy", "V/v.exe": "copy", f"{mac}/OsiriX Lite.zip": "drop", f"{mac}/I1": "transcode",
    }  # fmt: skip
    started = files | {"index.html": f"<a href='{mac}/start.exe'>".encode(), f"{mac}/start.exe": exe()}
    assert actions(lay_out(started, own).plan())[f"{mac}/start.exe"] == "copy"


def test_languages_in_a_folder_with_an_unusual_name():
    names = ("English", "es", "it", "Kyrgyz", "Bilder")
    files = {f"Viewer/Sprachdateien/{name}/texte.dat": TEXT for name in names}
    disc = lay_out(files, block("my.languages"))
    found = actions(disc.plan(keep_locales=("en", "es")))
    assert [found[path] for path in files] == ["copy", "copy", "drop", "drop", "copy"]
    assert set(actions(disc.plan()).values()) == {"copy"}


def test_keep_only_the_64_bit_viewer():
    files = {
        "RadiAntViewer32bit/viewer.exe": exe(),
        "RadiAntViewer32bit/data.bin": TEXT,
        "RadiAntViewer32bit/I1": DICOM,
        "RadiAntViewer64bit/viewer.exe": exe(),
    }
    own = block("my.no-32-bit")
    assert [*actions(lay_out(files, own).plan()).values()] == ["drop", "drop", "transcode", "copy"]
    named = files | {"start.bat": b"start RadiAntViewer32bit\\viewer.exe"}
    assert actions(lay_out(named, own).plan())["RadiAntViewer32bit/viewer.exe"] == "copy"


def test_a_prerequisite_that_repack_does_not_drop():
    files = {"Redist/QuickTimeInstaller.exe": exe(), "V/v.exe": exe()}
    assert set(actions(lay_out(files).plan(drop_redist=True)).values()) == {"copy"}
    disc = lay_out(files, block("my.quicktime"))
    assert [*actions(disc.plan(drop_redist=True)).values()] == ["drop", "copy"]
    assert set(actions(disc.plan()).values()) == {"copy"}


def test_a_viewer_that_i_have_tried():
    own = block("my.clinic-viewer")
    files = {"I1": DICOM, "V/v.exe": exe(ProductName="Clinic Viewer 2")}
    loaded = tuple(
        rulefile.LoadedRule(rule, "my.toml", is_builtin=False) for rule in rulefile.read_rules("my.toml", own)
    )
    before, after = lay_out(files), lay_out(files, own)
    assert remark(before.plan(), BUILTIN, before.needs)
    assert remark(after.plan(), (*loaded, *BUILTIN), after.needs) == ()


def test_keep_one_more_language_but_only_for_the_help():
    files = {f"Viewer/{part}/{tag}/a.txt": TEXT for part in ("Help", "lang") for tag in ("de", "en", "es", "fr")}
    files |= {"Viewer/v.exe": exe()}
    found = actions(lay_out(files, block("my.german-help")).plan(keep_locales=("en", "es")))
    assert found["Viewer/Help/de/a.txt"] == "copy"
    assert [path for path, action in found.items() if action == "drop" and "lang" in path] == [
        "Viewer/lang/de/a.txt", "Viewer/lang/fr/a.txt",
    ]  # fmt: skip


def test_keep_everything_of_one_maker():
    files = {
        "a.exe": exe(CompanyName="Example Dental GmbH"),
        "DentalTools/data.bin": TEXT,
        "DentalTools/I1": DICOM,
        "b.exe": exe(CompanyName="Another"),
    }
    found = actions(lay_out(files, block("my.dental-tools")).plan(drop=(Category.VIEWER,), drop_path=("*.bin",)))
    assert found == {"a.exe": "copy", "DentalTools/data.bin": "copy", "DentalTools/I1": "transcode", "b.exe": "drop"}
