"""Wishes and guards: what is dropped, what is kept all the same, and why."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repack.model import Action, Category, Facts, LocaleName, PeFacts, Plan, Wishes
from repack.planning import guards
from repack.planning.plan import decide
from tests.classify.synthetic import (
    DIRECTORY,
    IMAGE,
    Disc,
    actions,
    dental,
    dental_files,
    dll,
    exe,
    lay_out,
    pick,
    reasons,
)

REDIST = {"ProductName": "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.44.35211"}
DICOM = Facts("dicom", dicom=IMAGE)
TEXT = Facts("unknown")
PROGRAM = {"Viewer/Ez3DViewer.exe", "Viewer/CoreRender.dll", "Viewer/HelpView.dll"}


def dropped(plan: Plan) -> set[str]:
    return {line.entry.path for line in plan.lines if line.decision.action is Action.DROP}


def decision(plan: Plan, path: str):
    return next(line.decision for line in plan.lines if line.entry.path == path)


# --- wishes ---


def test_without_a_wish_nothing_is_dropped():
    plan = dental().plan()
    assert dropped(plan) == set()
    assert {line.decision.wish for line in plan.lines} == {""}
    assert plan.warnings == ()
    assert actions(plan)["DICOM/I0000001"] == "transcode"
    assert reasons(plan)["DICOM/I0000001"].startswith("Explicit VR Little Endian to JPEG-LS")
    assert actions(plan)["DICOMDIR"] == "copy"
    assert reasons(plan)["calibration.v3x"] == "no rule knows it, so it is kept"


def test_drop_redist_means_installers_alone():
    plan = dental().plan(drop_redist=True)
    assert dropped(plan) == {"Redist/vcredist_x86.exe", "Redist/VC_redist.x64.exe"}
    found = decision(plan, "Redist/vcredist_x86.exe")
    assert (found.wish, found.forced) == ("--drop-redist", False)
    assert "installer" in found.reason
    assert decision(plan, "Viewer/msvcp140.dll").action is Action.COPY


def test_keep_locales_keeps_the_wanted_and_the_fallback():
    plan = dental().plan(keep_locales=("es",))
    gone = dropped(plan)
    assert "Viewer/ky-KG/Ez3DViewer.resources.dll" in gone
    assert "Viewer/Languages/Arabic (Yemen)/strings.xml" in gone
    for kept in ("es", "es-MX", "es-419", "en", "en-US"):
        assert f"Viewer/{kept}/Ez3DViewer.resources.dll" not in gone
    assert "Viewer/en-GB/Ez3DViewer.resources.dll" in gone
    assert {path for path in gone if not path.startswith("Viewer/")} == set()
    spanish, english = (decision(plan, f"Viewer/{tag}/Ez3DViewer.resources.dll") for tag in ("es", "en"))
    assert (spanish.wish, spanish.reason) == ("", "nobody asked to drop it")
    assert (english.wish, english.reason) == (
        "--keep-locales",
        "English (en) is the language that programs fall back to",
    )
    kyrgyz = decision(plan, "Viewer/ky/Ez3DViewer.resources.dll")
    assert kyrgyz.reason == "Kyrgyz (ky) is not among the languages to keep"
    assert kyrgyz.wish == "--keep-locales"


def test_a_set_without_a_wanted_language_is_kept_whole():
    files = {f"{folder}/lang/{name}.txt": TEXT for folder, name in (("a", "de"), ("a", "fr"), ("b", "ja"), ("b", "fr"))}
    plan = lay_out(files).plan(keep_locales=("ja",))
    assert dropped(plan) == {"b/lang/fr.txt"}
    assert decision(plan, "a/lang/de.txt").reason == "no wanted language is in this set, so it is kept whole"
    assert decision(plan, "a/lang/de.txt").wish == "--keep-locales"
    assert dropped(lay_out(files).plan(keep_locales=("ja",), force_drop=True)) == {
        "a/lang/de.txt", "a/lang/fr.txt", "b/lang/fr.txt",
    }  # fmt: skip


def test_a_set_of_languages_is_looked_at_once_however_many_files_it_has(monkeypatch: pytest.MonkeyPatch):
    looked: list[int] = []
    find = guards.find_native

    def count(names: Collection[LocaleName]) -> frozenset[str]:
        looked.append(len(names))
        return find(names)

    monkeypatch.setattr(guards, "find_native", count)
    plan = dental().plan(keep_locales=("en",))
    sets = {(line.verdict.rule, line.verdict.locale.group) for line in plan.lines if line.verdict.locale is not None}
    files = sum(line.verdict.locale is not None for line in plan.lines)
    assert len(looked) == len(sets) < files
    assert sum(looked) <= files


def test_drop_locale_leaves_the_fallback():
    files = {f"{folder}/lang/{name}.txt": TEXT for folder, name in (("a", "de"), ("a", "en"), ("b", "ja"), ("b", "fr"))}
    plan = lay_out(files).plan(drop=(Category.LOCALE,))
    assert dropped(plan) == {"a/lang/de.txt"}
    assert "fall back" in decision(plan, "a/lang/en.txt").reason
    assert "kept whole" in decision(plan, "b/lang/ja.txt").reason
    assert decision(plan, "b/lang/ja.txt").wish == "--drop locale"
    assert dropped(lay_out(files).plan(drop=(Category.LOCALE,), force_drop=True)) == set(files)
    assert dropped(lay_out(files).plan(drop=(Category.LOCALE, Category.VIEWER))) == set(files), "no program needs them"


@pytest.mark.parametrize(
    ("category", "paths"),
    [
        (Category.JUNK, {".DS_Store"}),
        (Category.DOCUMENT, {"Manual.pdf"}),
        (Category.UNKNOWN, {"calibration.v3x"}),
        (Category.LAUNCHER, {"autorun.inf", "Viewer/viewer.ico"}),
        (Category.REDISTRIBUTABLE, {"Redist/vcredist_x86.exe", "Redist/VC_redist.x64.exe"}),
        (Category.VIEWER, PROGRAM | {"Viewer/Ez3DViewer.exe.config"}),
        (Category.RUNTIME, set()),
        (Category.DICOM, set()),
        (Category.DICOMDIR, set()),
    ],
)
def test_drop_a_category(category: Category, paths: set[str]):
    plan = dental().plan(drop=(category,))
    assert dropped(plan) == paths
    assert {decision(plan, path).wish for path in paths} <= {f"--drop {category}"}


def test_the_licence_stays_with_the_documents_that_go():
    found = decision(dental().plan(drop=(Category.DOCUMENT,)), "License.txt")
    assert found.action is Action.COPY
    assert (found.wish, found.reason) == ("--drop document", "licence terms; they stay with what they license")
    by_path = decision(dental().plan(drop_path=("*.txt",)), "License.txt")
    assert (by_path.action, by_path.wish) == (Action.COPY, "--drop-path *.txt")
    assert "License.txt" in dropped(dental().plan(drop=(Category.DOCUMENT,), force_drop=True))


def test_drop_path():
    plan = dental().plan(drop_path=("**/*.v3x", "Manual*"))
    assert dropped(plan) == {"calibration.v3x", "Manual.pdf"}
    found = decision(plan, "Manual.pdf")
    assert (found.wish, found.reason) == ("--drop-path Manual*", "--drop-path Manual* names it")


def test_a_users_rule_drops_and_keeps():
    own = "[[rule]]\nid='demo'\ncategory='junk'\nmatch={path='Demo/**'}\nwhy='demo data'\naction='drop'\n"
    own += "[[rule]]\nid='mine'\ncategory='redistributable'\nmatch={path='Redist/**'}\nwhy='I need it'\naction='keep'\n"
    plan = lay_out({"Demo/a.bin": TEXT, "I1": DICOM, "Redist/vcredist.exe": exe()}, own).plan(drop_redist=True)
    assert dropped(plan) == {"Demo/a.bin"}
    demo, redist = decision(plan, "Demo/a.bin"), decision(plan, "Redist/vcredist.exe")
    assert (demo.wish, demo.reason) == ("rule demo", "demo data")
    assert (redist.wish, redist.reason) == ("--drop-redist", "I need it")


def test_keep_wins_over_every_wish_even_forced():
    wishes = {"keep": ("*.v3x", "Viewer/ky/*"), "drop_path": ("**",), "keep_locales": ("en",), "force_drop": True}
    plan = dental().plan(**wishes)
    kept = {line.entry.path for line in plan.lines} - dropped(plan)
    assert kept == {"calibration.v3x", "Viewer/ky/Ez3DViewer.resources.dll"}
    assert decision(plan, "calibration.v3x").reason == "--keep *.v3x asks for it"
    assert decision(plan, "calibration.v3x").wish == "--drop-path **"


def test_keep_without_a_wish_changes_nothing():
    assert dental().plan(keep=("**",)).lines == dental().plan().lines


def test_an_image_that_is_kept_against_a_wish_is_still_transcoded():
    disc = dental()
    for wishes in (
        {"drop": (Category.DICOM,)},
        {"drop_path": ("DICOM/**",)},  # DICOMDIR lists them
        {"drop_path": ("DICOM/**",), "keep": ("DICOM/**",), "force_drop": True},
    ):
        found = decision(disc.plan(**wishes), "DICOM/I0000002")
        assert found.action is Action.TRANSCODE
        assert found.wish.startswith("--drop")
        assert found.reason.endswith("to JPEG-LS Lossless")
        assert found.guard in {
            "images are what the disc is for", "DICOMDIR lists it", "--keep DICOM/** asks for it",
        }  # fmt: skip


# --- guards ---


def imports_disc() -> Disc:
    return lay_out(
        {
            "V/main.exe": exe("a.dll", delayed=("late.dll",)),
            "V/a.dll": dll("MSVCP140.dll"),
            "V/msvcp140.dll": dll("vcruntime140.dll"),
            "V/vcruntime140.dll": dll(),
            "V/late.dll": dll(),
            "V/ucrtbase.dll": dll(),
        }
    )


def test_what_a_kept_program_imports_is_kept_through_the_chain():
    plan = imports_disc().plan(drop_path=("*.dll",))
    assert dropped(plan) == {"V/ucrtbase.dll"}
    assert reasons(plan)["V/a.dll"] == "V/main.exe imports it"
    assert reasons(plan)["V/late.dll"] == "V/main.exe imports it"
    assert reasons(plan)["V/msvcp140.dll"] == "V/a.dll imports it"
    assert reasons(plan)["V/vcruntime140.dll"] == "V/msvcp140.dll imports it"
    assert decision(plan, "V/a.dll").wish == "--drop-path *.dll"


def test_the_chain_is_followed_whatever_the_order_of_the_entries():
    disc = imports_disc()
    backwards = pick(disc, list(reversed(range(len(disc.bundle.entries)))))
    assert dropped(backwards.plan(drop_path=("*.dll",))) == {"V/ucrtbase.dll"}


def test_a_language_that_a_path_or_rule_names_goes_even_if_programs_fall_back_to_it():
    files = {f"a/lang/{name}.txt": TEXT for name in ("de", "en", "fr")}
    assert dropped(lay_out(files).plan(drop_path=("a/**",))) == set(files)
    own = "[[rule]]\nid='x'\ncategory='locale'\nmatch={path='a/lang/{locale}.txt'}\nwhy='w'\naction='drop'\n"
    assert dropped(lay_out(files, own).plan()) == set(files)


def test_runtimes_that_are_imported_survive_drop_runtime():
    plan = imports_disc().plan(drop=(Category.RUNTIME,))
    assert dropped(plan) == {"V/ucrtbase.dll"}
    assert dropped(imports_disc().plan(drop=(Category.RUNTIME, Category.VIEWER))) == set(imports_disc().by_path)


def test_what_only_dropped_programs_import_goes_with_them():
    disc = lay_out({"V/main.exe": exe("a.dll"), "V/a.dll": dll("b.dll"), "V/b.dll": dll("a.dll")})
    assert dropped(disc.plan(drop_path=("V/**",))) == {"V/main.exe", "V/a.dll", "V/b.dll"}
    assert dropped(disc.plan(drop_path=("V/**",), keep=("*.exe",))) == set()


@pytest.mark.parametrize(
    ("launcher", "text"),
    [("autorun.inf", b"open=Redist\\vcredist_x86.exe"), ("index.htm", b"<a href='Redist/vcredist_x86.exe'>")],
)
def test_an_installer_that_a_launcher_names_is_kept(launcher: str, text: bytes):
    installer = exe(**REDIST)
    disc = lay_out({launcher: text, "Redist/vcredist_x86.exe": installer, "Redist/vcredist_x64.exe": installer})
    plan = disc.plan(drop_redist=True)
    assert dropped(plan) == {"Redist/vcredist_x64.exe"}
    found = decision(plan, "Redist/vcredist_x86.exe")
    assert (found.wish, found.reason) == ("--drop-redist", f"{launcher} starts or shows it")
    assert plan.warnings == ()


def test_drop_viewer_works_although_autorun_names_it_and_says_so():
    plan = dental().plan(drop=(Category.VIEWER,))
    assert "Viewer/Ez3DViewer.exe" in dropped(plan)
    assert "autorun.inf" not in dropped(plan)
    assert plan.warnings == ("autorun.inf starts or shows Viewer/Ez3DViewer.exe, which is dropped",)


def test_a_program_that_autorun_starts_is_kept_against_a_path():
    plan = dental().plan(drop_path=("Viewer/**",))
    assert (
        dropped(plan) & {"Viewer/Ez3DViewer.exe", "Viewer/CoreRender.dll", "Viewer/msvcp140.dll", "Viewer/HelpView.dll"}
        == set()
    )
    assert "Viewer/ky/Ez3DViewer.resources.dll" in dropped(plan)


LISTED = Facts("dicom", dicom=DIRECTORY, mentions=("I1",))
_DROP_ALL = "[[rule]]\nid = 'x'\ncategory = 'junk'\nmatch = { path = 'I*' }\naction = 'drop'\nwhy = 'samples'\n"


def test_a_rule_that_drops_takes_no_image_without_force():
    disc = lay_out({"DICOMDIR": LISTED, "I1": DICOM, "I2": DICOM}, _DROP_ALL)
    plan = disc.plan()
    assert dropped(plan) == set(), "no rule takes an image, whether or not an index lists it"
    for image in ("I1", "I2"):
        assert decision(plan, image).wish == "rule x"
        assert decision(plan, image).guard == "images are what the disc is for"
        assert decision(plan, image).action is Action.TRANSCODE
    forced = disc.plan(force_drop=True)
    assert dropped(forced) == {"I1", "I2"}
    assert forced.warnings == ("DICOMDIR lists I1, which is dropped",)


@pytest.mark.parametrize(
    "wishes",
    [
        {"drop_path": ("**/*",)},
        {"drop_path": ("**",)},
        {"drop_path": ("I*", "DICOMDIR")},
        {"drop": (Category.JUNK, Category.DICOM, Category.DICOMDIR)},
    ],
)
def test_no_wish_takes_an_image_or_their_index_without_force(wishes: dict[str, object]):
    """Neither a listed one nor another, nor a report without a picture, nor what a rule calls something else."""
    own = "[[rule]]\nid = 'x'\ncategory = 'junk'\nmatch = { path = ['I3', 'DICOMDIR'] }\nwhy = 'a slip'\n"
    report = Facts("dicom", dicom=replace(IMAGE, has_pixels=False))
    disc = lay_out({"DICOMDIR": LISTED, "I1": DICOM, "I2": DICOM, "I3": DICOM, "I4": report, "a.txt": TEXT}, own)
    plan = disc.plan(**wishes)
    assert dropped(plan) <= {"a.txt"}
    for line in plan.lines:
        if line.decision.wish and line.entry.path != "a.txt":
            assert line.decision.guard == "images are what the disc is for"
    assert sum(bool(line.decision.wish) for line in plan.lines) >= 4
    forced = disc.plan(**wishes, force_drop=True)
    assert len(dropped(forced)) >= 4
    assert all(line.decision.forced for line in forced.lines if line.entry.path in dropped(forced) - {"a.txt"})


def test_an_index_that_goes_alone_is_remarked_on():
    disc = lay_out({"DICOMDIR": LISTED, "I1": DICOM})
    kept = disc.plan(drop_path=("DICOMDIR",))
    assert (dropped(kept), decision(kept, "DICOMDIR").wish) == (set(), "--drop-path DICOMDIR")
    said = "DICOMDIR is dropped and its images stay; viewers that look for it may show none of them"
    assert disc.plan(drop_path=("DICOMDIR",), force_drop=True).warnings == (said,)
    assert disc.plan(drop_path=("**",), force_drop=True).warnings == ()


def test_an_image_that_cannot_be_read_can_be_given_up():
    disc = lay_out({"I1": Facts("unreadable", problem="bad sector"), "I2": DICOM})
    assert dropped(disc.plan(drop_path=("I*",))) == {"I1"}


def test_images_stay_when_their_category_is_to_go():
    plan = dental().plan(drop=(Category.DICOM, Category.DICOMDIR))
    assert dropped(plan) == set()
    found = decision(plan, "DICOM/I0000001")
    assert (found.wish, found.guard) == ("--drop dicom", "images are what the disc is for")
    assert decision(plan, "DICOMDIR").action is Action.COPY
    assert decision(plan, "DICOMDIR").guard == "images are what the disc is for"
    forced = dental().plan(drop=(Category.DICOM,), force_drop=True)
    assert dropped(forced) == {f"DICOM/I000000{n}" for n in (1, 2, 3)}


def test_a_library_and_its_manifest_stay_together():
    disc = lay_out(
        {
            "V/main.exe": exe("msvcr90.dll"),
            "V/main.exe.manifest": b"<?xml",
            "V/msvcr90.dll": dll(),
            "V/Microsoft.VC90.CRT.manifest": b"<?xml",
            "V/msvcp90.dll": dll(),
        }
    )
    plan = disc.plan(drop_path=("*.manifest",))
    assert dropped(plan) == set()
    assert reasons(plan)["V/main.exe.manifest"] == "V/main.exe is not loaded without it"
    assert reasons(plan)["V/Microsoft.VC90.CRT.manifest"] == "V/msvcr90.dll is not loaded without it"
    assert dropped(disc.plan(drop_path=("msvc*",))) == set()
    assert dropped(disc.plan(drop_path=("main.exe",))) == {"V/main.exe"}, "nothing needs a program for its manifest"


def test_prerequisites_of_a_setup_program_are_kept():
    disc = lay_out({"S/Setup.exe": exe(), "S/ISSetupPrerequisites/{1}/vcredist_x86.exe": exe(**REDIST)})
    plan = disc.plan(drop_redist=True)
    assert dropped(plan) == set()
    assert decision(plan, "S/ISSetupPrerequisites/{1}/vcredist_x86.exe").wish == "--drop-redist"


def test_force_drop_insists_and_is_recorded():
    plan = dental().plan(drop_path=("Viewer/*.dll", "Viewer/*.exe"), keep_locales=("es",), force_drop=True)
    gone = dropped(plan)
    assert {"Viewer/Ez3DViewer.exe", "Viewer/msvcp140.dll", "Viewer/en/Ez3DViewer.resources.dll"} <= gone
    kept_otherwise = gone - dropped(dental().plan(drop_path=("Viewer/*.dll", "Viewer/*.exe"), keep_locales=("es",)))
    assert {line.entry.path for line in plan.lines if line.decision.forced} == kept_otherwise
    assert "Viewer/Ez3DViewer.exe" in kept_otherwise
    assert "Viewer/ky/Ez3DViewer.resources.dll" in gone - kept_otherwise
    viewer = decision(plan, "Viewer/Ez3DViewer.exe")
    assert viewer.guard == "autorun.inf starts or shows it"
    assert viewer.reason == "--drop-path Viewer/*.exe names it, by force although autorun.inf starts or shows it"
    assert decision(plan, "Viewer/en/Ez3DViewer.resources.dll").wish == "--keep-locales"
    assert "autorun.inf starts or shows Viewer/Ez3DViewer.exe, which is dropped" in plan.warnings


# --- what else a plan says ---


def test_an_unreadable_entry_is_kept_and_said_to_be_damaged():
    disc = lay_out({"a": Facts("unreadable", problem="bad sector"), "b": TEXT})
    assert reasons(disc.plan()) == {"a": "damaged: bad sector", "b": "no rule knows it, so it is kept"}


def test_images_that_are_left_say_why():
    packed = Facts("dicom", dicom=replace(IMAGE, transfer_syntax="1.2.840.10008.1.2.4.90"))
    report = Facts("dicom", dicom=replace(IMAGE, has_pixels=False))
    plan = lay_out({"a": packed, "b": report, "c": DICOM}).plan()
    assert actions(plan) == {"a": "copy", "b": "copy", "c": "transcode"}
    assert reasons(plan)["a"].startswith("JPEG 2000")
    assert reasons(plan)["b"] == "it holds no image"


def test_folder_records_follow_their_files():
    files = {
        "Redist/": b"", "Redist/sub/": b"", "Redist/sub/vcredist_x86.exe": exe(**REDIST), "Viewer/": b"",
        "Viewer/a.txt": b"x", "Viewer/vcredist_x64.exe": exe(**REDIST), "empty/": b"",
    }  # fmt: skip
    plan = lay_out(files).plan(drop_redist=True)
    assert dropped(plan) == {"Redist", "Redist/sub", "Redist/sub/vcredist_x86.exe", "Viewer/vcredist_x64.exe"}
    assert reasons(plan)["Redist"] == "every file in this folder was dropped"
    assert actions(plan)["empty"] == "copy"


def test_an_entry_without_content_is_left_out_with_its_note():
    disc = lay_out({"a": TEXT, "link": TEXT})
    broken = replace(disc.bundle.entries[1], place=None, notes=("a link that leads nowhere",))
    bundle = replace(disc.bundle, entries=(disc.bundle.entries[0], broken))
    needs = disc.needs
    plan = decide(bundle, disc.facts, disc.verdicts, needs, Wishes())
    assert reasons(plan)["link"] == "a link that leads nowhere"
    assert dropped(plan) == {"link"}


def test_the_order_is_that_of_the_bundle():
    disc = dental()
    plan = disc.plan(keep_locales=("en",), drop_redist=True, drop=(Category.JUNK,))
    assert [line.entry for line in plan.lines] == list(disc.bundle.entries)
    assert [line.verdict for line in plan.lines] == list(disc.verdicts)
    assert [line.facts for line in plan.lines] == list(disc.facts)


def test_needs_may_be_an_iterator():
    disc = dental()
    wishes = Wishes(drop=(Category.VIEWER,))
    plan = decide(disc.bundle, disc.facts, disc.verdicts, iter(disc.needs), wishes)
    assert plan == decide(disc.bundle, disc.facts, disc.verdicts, disc.needs, wishes)
    assert plan.warnings


# --- whatever is on the disc and whatever is wished ---

_PATHS = [path for path, _ in dental_files()]
_GLOBS = ["**", "*.dll", "Viewer/**", "DICOM/**", "*.exe", "DICOMDIR", "autorun.inf", "*/ky/*", "calib*"]


@st.composite
def any_wishes(draw: st.DrawFn) -> Wishes:
    """Wishes of every kind, without force."""
    return Wishes(
        keep_locales=draw(st.sampled_from([(), ("en",), ("es", "ky"), ("vi",), ("ar-YE",)])),
        drop_redist=draw(st.booleans()),
        drop=tuple(draw(st.lists(st.sampled_from(list(Category)), unique=True, max_size=4))),
        drop_path=tuple(draw(st.lists(st.sampled_from(_GLOBS), unique=True, max_size=2))),
        keep=tuple(draw(st.lists(st.sampled_from(_GLOBS), unique=True, max_size=1))),
    )


@st.composite
def any_parts(draw: st.DrawFn) -> list[int]:
    """Some entries of the fixture disc: all of its few special files or not, and a few languages."""
    few = [n for n, path in enumerate(_PATHS) if path.count("/") < 2]
    many = [n for n, path in enumerate(_PATHS) if path.count("/") >= 2]
    chosen = {n for n in few if draw(st.integers(0, 3))}
    chosen.update(draw(st.lists(st.sampled_from(many), max_size=12)))
    return sorted(chosen)


@pytest.mark.lengthy
@settings(max_examples=150)
@given(any_parts(), any_wishes())
def test_the_promises_hold_for_every_wish_on_every_disc(parts: list[int], wishes: Wishes):
    disc = pick(dental(), parts)
    plan = decide(disc.bundle, disc.facts, disc.verdicts, disc.needs, wishes)
    by_base: dict[str, list[Action]] = {}
    for line in plan.lines:
        by_base.setdefault(line.entry.path.rpartition("/")[2].lower(), []).append(line.decision.action)
    for line in plan.lines:
        action, wish, category = line.decision.action, line.decision.wish, line.verdict.category
        if action is not Action.DROP:
            for library in line.facts.pe.imports if line.facts.pe else ():
                assert Action.DROP not in by_base.get(library, []), f"{line.entry.path} imports {library}"
            continue
        assert wish, "nothing is dropped unless somebody asked"
        assert line.decision.reason
        if category is Category.UNKNOWN:
            assert wish.startswith(("--drop-path", "--drop unknown"))
        assert category not in {Category.DICOM, Category.DICOMDIR}
        assert not line.decision.forced


def test_a_plug_in_keeps_the_runtime_of_the_program_above():
    runtime = Facts("pe", pe=PeFacts(is_dll=True, machine="x64", version={}, imports=()))
    plug_in = Facts("pe", pe=PeFacts(is_dll=True, machine="x64", version={}, imports=("msvcp140.dll",)))
    disc = lay_out({"V/v.exe": exe(), "V/plugins/a.dll": plug_in, "V/msvcp140.dll": runtime})
    assert dropped(disc.plan(drop=(Category.RUNTIME,))) == set()
