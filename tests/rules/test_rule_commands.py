"""`repack rules ...`: what a user's rules would change, the schema for editors, the mistakes in a file."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest

from fixtures import golden_disc
from fixtures.disc import DiscFile, write_folder, write_zip
from repack import errors
from repack.classify import rulefile
from repack.report.rules import rule_shown
from tests.commands import Run, flat
from tests.discs import small_disc

SCHEMA_FILE = Path(errors.__file__).parent / "schemas" / "rules.schema.json"
RENEW = "the keys of rules changed, their schema did not; renew it: repack rules schema > src/repack/schemas/" + (
    SCHEMA_FILE.name
)
RULES = Path(__file__).resolve().parents[2] / "rules"
OWN = """
[[rule]]
id = "my.help"
category = "junk"
match = { path = "OTHER/EVLITE/*.pdf" }
action = "drop"
why = "I know how it works"

[[rule]]
id = "my.tools"
category = "unknown"
match = { path = "OTHER/EVLITE/*.ini" }
why = "settings"

[[rule]]
id = "my.nothing"
category = "junk"
match = { path = "Elsewhere/**" }
why = "not on this disc"
"""


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    path = tmp_path / "evlite.zip"
    write_zip(path, golden_disc.build("evlite"))
    return path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(OWN, "utf-8")
    return path


# --- test ---


def test_trying_rules_shows_what_would_change(disc: Path, own: Path, run: Run):
    code, out, err = run("rules", "test", own, disc)
    assert (code, err) == (0, "")
    said = flat(out)
    assert re.search(r"EVLite_help\.pdf document: copy junk: drop my\.help", said), out
    assert re.search(r"EVCommon\.ini viewer: copy unknown: copy my\.tools", said), out
    assert "EVClientLight.exe viewer" not in said, "what does not change is not shown"
    assert "3 of 26 files would be treated otherwise" in said
    assert "rule my.help decides on 1 file, e.g. OTHER/EVLITE/EVLite_help.pdf" in said
    assert "rule my.nothing decides on nothing here" in said
    assert max(map(len, out.splitlines())) <= 80
    assert sorted(path.name for path in disc.parent.iterdir()) == ["evlite.zip", "my.toml"], "nothing is written"


def test_trying_rules_follows_the_wishes(disc: Path, own: Path, run: Run):
    _code, out, _err = run("rules", "test", own, disc, "--drop", "viewer")
    assert "viewer: drop unknown: copy" in flat(out)


def test_rules_that_change_nothing_say_so(disc: Path, tmp_path: Path, run: Run):
    (tmp_path / "none.toml").write_text(OWN[OWN.index('[[rule]]\nid = "my.nothing"') :], "utf-8")
    code, out, _err = run("rules", "test", tmp_path / "none.toml", disc)
    assert code == 0
    assert "0 of 26 files would be treated otherwise" in flat(out)
    assert "What your rules change" not in out


def test_trying_rules_works_on_a_folder(tmp_path: Path, own: Path, run: Run):
    write_folder(tmp_path / "disc", golden_disc.build("evlite"))
    code, out, _err = run("rules", "test", own, tmp_path / "disc")
    assert code == 0
    assert "3 of 26 files" in flat(out)


@pytest.mark.parametrize(("command", "count"), [("check", 1), ("test", 2)])
def test_a_mistake_names_file_line_key_and_what_is_allowed(
    command: str, count: int, disc: Path, tmp_path: Path, run: Run
):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(OWN.replace("category", "categroy", 1), "utf-8")
    code, _out, err = run("rules", command, wrong, *([disc] if count == 2 else []))
    assert code == 4
    assert "wrong.toml, line 4, key categroy" in err
    assert "did you mean 'category'?" in err


def test_a_file_without_rules_is_not_praised(tmp_path: Path, own: Path, run: Run):
    (tmp_path / "empty.toml").write_text("# later\n", "utf-8")
    code, out, _err = run("rules", "check", tmp_path / "empty.toml", own)
    assert (code, out) == (0, "empty.toml: there are no rules in it\nmy.toml: 3 rules, no mistakes\n")


def test_a_value_that_is_misspelt_is_guessed(tmp_path: Path, run: Run):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(OWN.replace('"junk"', '"jnuk"', 1), "utf-8")
    code, _out, err = run("rules", "check", wrong)
    assert code == 4
    assert "line 4, key category: 'jnuk' is not possible here; did you mean 'junk'? allowed are dicom," in err


def test_a_bundle_in_the_place_of_the_rules_is_told(disc: Path, own: Path, run: Run):
    code, _out, err = run("rules", "test", disc, own)
    assert (code, f"{disc.name} is a bundle, no rule file; write repack rules test FILE BUNDLE" in err) == (2, True)


def test_trying_rules_needs_a_bundle(own: Path, tmp_path: Path, run: Run):
    code, _out, err = run("rules", "test", own, tmp_path / "gone.zip")
    assert code == 3
    assert "gone.zip" in err


# --- what is shown of viewers ---


def show(name: str, tmp_path: Path, run: Run, *words: str) -> str:
    write_zip(tmp_path / "disc.zip", golden_disc.build(name))
    code, out, _err = run(*(word.replace("DISC", str(tmp_path / "disc.zip")) for word in words))
    assert code == 0
    return flat(out)


def test_inspect_says_what_viewers_open_and_who_says_so(tmp_path: Path, run: Run):
    said = show("alma3d", tmp_path, run, "inspect", "DISC")
    assert (
        "Alma3DLiteCD/bin/Alma3D.exe: JPEG-LS, JPEG 2000, RLE (its own libraries on a real disc: GDCM and DCMTK)"
        in said
    )
    assert "bin/GDCM/gdcmconv.exe: " not in said, "which shows no images"
    said = show("galileos", tmp_path, run, "inspect", "DISC")
    assert "GALILEOS Viewer.exe: only uncompressed images, for all that is known (it shows its own volumes)" in said


def test_inspect_tells_verified_prerequisites_from_others(tmp_path: Path, run: Run):
    said = show("galileos", tmp_path, run, "inspect", "DISC")
    first, _, second = said.partition("Prerequisites that stay")
    assert "Prerequisites that --drop-redist would drop - Prerequisites/haspdinst.exe" in first
    assert "VC_redist.x64.exe" in first
    assert "dotnetfx.exe" not in first
    assert "dotnetfx.exe" in second


def test_inspect_counts_a_language_once(tmp_path: Path, run: Run):
    regions = {
        "de": "AT CH DE LI LU",
        "en": "AU CA GB IE NZ US ZA IN",
        "es": "AR BO CL CO CR EC ES MX PE UY",
        "fr": "BE CA CH FR",
    }
    tags = [f"{tag}-{region}" for tag, found in regions.items() for region in found.split()]
    tags += ["pt-BR", "pt-PT", "it-IT", "it-CH", "nl-NL", "nl-BE"]
    files = [DiscFile(f"Viewer/{tag}/Viewer.resources.dll", b"MZ" + tag.encode()) for tag in tags]
    write_zip(tmp_path / "scan.zip", [*small_disc(1), *files])
    said = flat(run("inspect", tmp_path / "scan.zip")[1])
    found = re.search(r"(\d+) languages \((\d+) with their regions\) in \d+ files: ([^-]*)", said)
    assert found, said
    assert len(found[3].split(", ")) == int(found[1]) < int(found[2])


def test_the_summary_names_viewers_and_lists(tmp_path: Path, run: Run):
    words = ("DISC", "-o", str(tmp_path / "new.zip"), "--drop-redist")
    said = show("array-aoc", tmp_path, run, *words)
    assert "AOC_mini.exe and 1 more may not open JPEG-LS; safe: --codec j2k or none" in said
    assert "STUDY.IDX and SERIES.DAT list images, which have changed: try the viewer" in said


def test_show_says_what_a_viewer_reads_and_what_a_file_describes(run: Run):
    _code, out, _err = run("rules", "show", "viewer.alma3d")
    assert "reads: JPEG-LS, JPEG 2000, RLE (" in out
    _code, out, _err = run("rules", "show", "index.checksums")
    assert "describes: checksums" in out


def test_conditions_are_shown_as_a_file_may_state_them(tmp_path: Path):
    """Every built-in rule, written anew from what `rules show` says of it, asks for the same."""
    known = rulefile.load_builtin()
    own = tmp_path / "own.toml"
    own.write_text("\n".join(_written_anew(loaded) for loaded in known), "utf-8")
    for before, after in zip(known, rulefile.load_file(own), strict=True):
        assert _alternatives(after.rule.match) == _alternatives(before.rule.match)
        assert _alternatives(after.rule.unless) == _alternatives(before.rule.unless)


def _written_anew(loaded: rulefile.LoadedRule) -> str:
    shown = [line.partition(": ") for line in rule_shown(loaded).lines]
    stated = {key: [value for name, _colon, value in shown if name == key] for key in ("match", "unless")}
    lines = ["[[rule]]", f'id = "{loaded.rule.id}"', f'category = "{loaded.rule.category}"', 'why = "shown"']
    return "\n".join([*lines, *(f"{key} = [{', '.join(said)}]" for key, said in stated.items() if said)]) + "\n"


def _alternatives(conditions: object) -> list[object]:
    return [] if conditions is None else conditions if isinstance(conditions, list) else [conditions]


def test_a_regular_expression_is_shown_as_people_write_it(run: Run):
    assert r"name = ['RAYBridge\.exe', " in run("rules", "show", "viewer.ray")[1]


# --- schema ---


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_checked_in_schema_is_up_to_date(run: Run):
    code, out, _err = run("rules", "schema")
    assert code == 0
    assert SCHEMA_FILE.read_text("utf-8") == out, RENEW


@pytest.mark.parametrize("file", sorted(RULES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_built_in_file_fits_the_schema(file: Path, validator: jsonschema.Draft202012Validator):
    document = tomllib.loads(file.read_text("utf-8"))
    assert document["rule"]
    validator.validate(document)


WRONG = {
    "an unknown key": OWN.replace("category", "categroy", 1),
    "an unknown category": OWN.replace('"junk"', '"rubbish"', 1),
    "no reason": OWN.replace('why = "settings"\n', ""),
    "a number for a text": OWN.replace('why = "settings"', "why = 3"),
    "an unknown condition": OWN.replace("path", "pth", 1),
    "an unknown codec": OWN.replace('why = "settings"', 'why = "w"\nreads = { codecs = ["gif"], source = "s" }'),
    "no source": OWN.replace('why = "settings"', 'why = "w"\nreads = { codecs = ["j2k"] }'),
    "an unknown kind of list": OWN.replace('why = "settings"', 'why = "w"\ndescribes = "things"'),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_schema_and_check_refuse_the_same(text: str, validator: jsonschema.Draft202012Validator):
    assert text != OWN
    assert not validator.is_valid(tomllib.loads(text))
    with pytest.raises(errors.RuleInvalid):
        rulefile.read_rules("my.toml", text)


def test_schema_and_check_accept_the_same(validator: jsonschema.Draft202012Validator):
    validator.validate(tomllib.loads(OWN))
    assert len(rulefile.read_rules("my.toml", OWN)) == 3
