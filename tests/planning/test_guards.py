"""What is needed is kept: by every kind of need, on random discs, under random wishes and random rules."""

import tracemalloc
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import golden_disc
from repack.model import Action, Bundle, Category, Facts, LocaleName, PeFacts, Plan, Verdict, Wishes
from repack.planning.plan import decide
from tests.classify.synthetic import Disc, actions, dll, exe, lay_out, make_entry, reasons
from tests.classify.test_mentions import shortcut

TEXT = Facts("unknown")
LANGUAGES = ("de", "en", "fr", "es", "es-MX")


def dropped(plan: Plan) -> set[str]:
    return {line.entry.path for line in plan.lines if line.decision.action is Action.DROP}


# --- launch chains ---


def test_a_chain_is_followed_from_page_to_script_to_settings():
    disc = lay_out(
        {
            "autorun.inf": b"[autorun]\r\nopen=mshta.exe start.hta\r\n",
            "start.hta": b"<script src='web/start.js'></script>",
            "web/start.js": b"run('../cd/start.exe'); var other = 'tool.xml';",
            "web/tool.xml": b"<install>..\\Redist\\vcredist_x64.exe</install>",
            "cd/start.exe": exe(),
            "cd/start.ini": b"[run]\r\nprogram=..\\Viewer\\v.bin\r\n",
            "Viewer/v.bin": TEXT,
            "Redist/vcredist_x64.exe": exe(),
            "Redist/vcredist_x86.exe": exe(),
            "other.xml": b"<a>Redist/vcredist_x86.exe</a>",
        }
    )
    plan = disc.plan(drop_redist=True, drop_path=("Viewer/**", "web/**", "cd/**"))
    assert dropped(plan) == set()
    assert reasons(plan)["web/start.js"] == "start.hta starts or shows it"
    assert reasons(plan)["Viewer/v.bin"] == "cd/start.ini starts or shows it"
    assert reasons(plan)["Redist/vcredist_x64.exe"] == "web/tool.xml starts or shows it"
    assert reasons(plan)["Redist/vcredist_x86.exe"] == "other.xml names it"


def test_a_shortcut_and_a_mac_program_start_something():
    plist = b"<plist><dict><key>CFBundleExecutable</key><string>View</string></dict></plist>"
    header = b"<?xml version='1.0' encoding='UTF-8'?>"
    disc = lay_out({"V.app/Contents/Info.plist": header + plist, "V.app/Contents/MacOS/View": TEXT})
    assert dropped(disc.plan(drop_path=("**/View",))) == set()
    disc = lay_out(
        {"Start.lnk": shortcut(r"E:\cd\Viewer\v.exe", r"Viewer\v.exe"), "Viewer/v.exe": exe(), "w.exe": exe()}
    )
    assert dropped(disc.plan(drop_path=("*.exe",))) == {"w.exe"}
    assert reasons(disc.plan(drop_path=("*.exe",)))["Viewer/v.exe"] == "Start.lnk starts or shows it"


# --- languages ---


def satellites(*tags: str) -> dict[str, bytes]:
    return {f"V/{tag}/v.resources.dll": dll() for tag in tags}


def test_the_language_that_a_settings_file_chooses_is_kept():
    disc = lay_out({"V/v.exe": exe(), "V/v.ini": b"Language=fr\r\n"} | satellites(*LANGUAGES))
    plan = disc.plan(keep_locales=("es",))
    assert dropped(plan) == {"V/de/v.resources.dll"}
    assert reasons(plan)["V/fr/v.resources.dll"] == "V/v.ini chooses it"
    assert dropped(disc.plan(keep_locales=("es",), drop_path=("*.ini", "*.exe"))) >= {"V/fr/v.resources.dll"}


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ("es-MX", {"es", "es-MX"}), ("es", {"es"}), ("es-AR", {"es"}), ("fr-CA", {"fr"}), ("ja", set()),
        ("pt-PT", {"pt-BR"}), ("nn", {"nb"}), ("zh-HK", set()),
    ],
)  # fmt: skip
def test_a_chosen_language_keeps_what_it_falls_back_to(chosen: str, kept: set[str]):
    settings_file = f"locale.lang.code={chosen}\n".encode()
    there = satellites(*LANGUAGES, "pt-BR", "nb", "zh-CN")
    disc = lay_out({"V/v.exe": exe(), "V/conf.properties": settings_file} | there)
    left = set(there) - dropped(disc.plan(keep_locales=("en",)))
    assert left == set(satellites("en", *kept))


def test_a_choice_counts_where_a_file_that_makes_it_stays():
    """Of many that choose, the first is gone as asked, and another stays only because a start file names it."""
    settings_files = {f"V/{name}.ini": b"Language=fr\r\n" for name in "abc"}
    files = {"V/v.exe": exe()} | settings_files | satellites(*LANGUAGES)
    gone = dropped(lay_out(files).plan(keep_locales=("es",), drop_path=("*.ini",)))
    assert gone == {*settings_files, "V/de/v.resources.dll", "V/fr/v.resources.dll"}
    plan = lay_out({"autorun.inf": b"open=V\\b.ini"} | files).plan(keep_locales=("es",), drop_path=("*.ini",))
    assert dropped(plan) == {"V/a.ini", "V/c.ini", "V/de/v.resources.dll"}
    assert reasons(plan)["V/fr/v.resources.dll"] == "V/b.ini chooses it"


@pytest.mark.parametrize("wishes", [{}, {"keep_locales": ("es",)}, {"keep_locales": ("es",), "drop_path": ("*.ini",)}])
def test_many_choices_of_one_language_cost_no_more_than_one(wishes: dict[str, object]):
    many = 1_000  # of each: a million pairs
    entries = [make_entry(f"V/{n}.ini", index=n) for n in range(many)]
    entries += [make_entry(f"V/lang/de/{n}.txt", index=n) for n in range(many, 2 * many)]
    facts = [Facts(languages=("de",))] * many + [TEXT] * many
    language = Verdict(Category.LOCALE, "x", "w", locale=LocaleName("de", "de", "v/lang/", is_fallback=False))
    verdicts = [Verdict(Category.UNKNOWN, "y", "w")] * many + [language] * many
    bundle = Bundle(Path("disc.zip"), "zip", None, tuple(entries))
    tracemalloc.start()
    decide(bundle, facts, verdicts, (), Wishes(**wishes))
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_pages_of_one_language_do_not_keep_the_others():
    pages = {f"Help/lang/{tag}/index.htm": b"<a href='../fr/index.htm'><a href='../de/index.htm'>" for tag in LANGUAGES}
    plan = lay_out(pages).plan(keep_locales=("es",))
    assert dropped(plan) == {"Help/lang/de/index.htm", "Help/lang/fr/index.htm"}
    assert len(plan.warnings) == 3, "one line for each page that stays"
    named = lay_out(pages | {"index.htm": b"<a href='Help/lang/fr/index.htm'>"})
    assert dropped(named.plan(keep_locales=("es",))) == {"Help/lang/de/index.htm"}


def test_a_list_of_files_keeps_no_language():
    listed = "".join(f"<file>V/{tag}/v.resources.dll</file>" for tag in LANGUAGES).encode()
    disc = lay_out({"V/v.exe": exe(), "setup.xml": listed} | satellites(*LANGUAGES))
    assert dropped(disc.plan(keep_locales=("es",))) == {"V/de/v.resources.dll", "V/fr/v.resources.dll"}


# --- force ---


def test_force_is_recorded_only_where_something_was_overridden():
    disc = lay_out({"V/v.exe": exe("a.dll"), "V/a.dll": dll(), "V/b.dll": dll(), "V/c.dll": dll()})
    plan = disc.plan(drop_path=("V/*.dll",), keep=("V/c.dll",), force_drop=True)
    found = {line.entry.path: line.decision for line in plan.lines}
    assert found["V/a.dll"].forced
    assert found["V/a.dll"].guard == "V/v.exe imports it"
    assert (found["V/b.dll"].forced, found["V/b.dll"].guard) == (False, "")
    assert (found["V/c.dll"].action, found["V/c.dll"].forced) == (Action.COPY, False)


# --- whatever is on the disc, whatever is wished, whatever rules there are ---

_LIBRARIES = ("a.dll", "b.dll", "C.DLL", "msvcp140.dll", "vcruntime140.dll", "lang_de.dll")
_PROGRAMS = ("v.exe", "w.exe", "vcredist_x86.exe")
_FOLDERS = ("", "V/", "V/plugins/", "V/plugins/deep/", "W/", "V/de/", "jre/bin/")
_GLOBS = ("**", "*.dll", "*.exe", "V/**", "V/plugins/**", "W/*", "**/a.*", "msv*", "**/de/**", "vc*")


@st.composite
def any_disc(draw: st.DrawFn) -> dict[str, Facts | bytes]:
    """Programs and libraries in folders, which import each other and what is not there; a launch file; other files."""
    files: dict[str, Facts | bytes] = {}
    for path in draw(
        st.lists(
            st.tuples(st.sampled_from(_FOLDERS), st.sampled_from((*_LIBRARIES, *_PROGRAMS))).map("".join),
            min_size=1,
            max_size=14,
            unique_by=str.lower,
        )
    ):
        wanted = draw(st.lists(st.sampled_from((*_LIBRARIES, "kernel32.dll")), max_size=3, unique=True))
        imports = tuple(name.lower() for name in wanted)
        files[path] = Facts("pe", pe=PeFacts(path.lower().endswith(".dll"), "x86", {}, imports))
    if draw(st.booleans()):
        named = draw(st.sampled_from(sorted(files)))
        files[draw(st.sampled_from(["autorun.inf", "index.htm", "V/v.ini"]))] = f"open={named}".encode()
    files |= dict.fromkeys(draw(st.lists(st.sampled_from(["readme.txt", "V/x.jar", "jre/lib/y"]), max_size=2)), TEXT)
    return files


@st.composite
def any_rules(draw: st.DrawFn) -> str:
    """A rule file as somebody might write it, sensible or not."""
    text = ""
    for number in range(draw(st.integers(0, 3))):
        condition = draw(
            st.one_of(
                st.sampled_from(_GLOBS).map(lambda glob: f"path = '{glob}'"),
                st.sampled_from(["pe = true", "pe = { kind = 'dll' }", "magic = 'unknown'", "launched = true"]),
                st.sampled_from(["below_program = true", "extension = ['dll', 'exe']", "name = '[a-c].*'"]),
            )
        )
        category = draw(st.sampled_from(list(Category)))
        text += f"[[rule]]\nid = 'r{number}'\ncategory = '{category}'\nwhy = 'w'\nmatch = {{ {condition} }}\n"
        text += draw(st.sampled_from(["", "action = 'drop'\n", "action = 'keep'\n"]))
    return text


@st.composite
def any_wishes(draw: st.DrawFn) -> Wishes:
    return Wishes(
        keep_locales=draw(st.sampled_from([(), ("en",), ("de",)])),
        drop_redist=draw(st.booleans()),
        drop=tuple(draw(st.lists(st.sampled_from(list(Category)), unique=True, max_size=3))),
        drop_path=tuple(draw(st.lists(st.sampled_from(_GLOBS), unique=True, max_size=2))),
        keep=tuple(draw(st.lists(st.sampled_from(_GLOBS[1:]), unique=True, max_size=1))),
    )


def load(name: str, folder: str, paths: Sequence[str]) -> str | None:
    """What Windows may load for an import, told another way than the guard does it: beside, above, below, anywhere."""
    same = sorted(path for path in paths if path.rpartition("/")[2].lower() == name)
    above = [folder]
    while above[-1]:
        above.append(above[-1].rstrip("/").rpartition("/")[0] + "/" if above[-1].count("/") > 1 else "")
    for place in above:
        for path in same:
            if path.lower() == (place + name).lower():
                return path
    return next((path for path in same if path.startswith(folder)), same[0] if same else None)


def closure(path: str, facts: Mapping[str, Facts], paths: Sequence[str]) -> dict[tuple[str, str], str | None]:
    """Everything that a program loads, directly and through what it loads: who, what -> from where."""
    found: dict[tuple[str, str], str | None] = {}
    waiting = [path]
    while waiting:
        by = waiting.pop()
        folder = by[: by.rfind("/") + 1]
        for name in facts[by].pe.imports:
            if (by, name) not in found:
                found[by, name] = load(name, folder, paths)
                if found[by, name]:
                    waiting.append(found[by, name])
    return found


def plan_of(disc: Disc, wishes: Wishes) -> Plan:
    return decide(disc.bundle, disc.facts, disc.verdicts, disc.needs, wishes)


@pytest.mark.lengthy
@settings(max_examples=400)
@given(any_disc(), any_wishes(), any_rules())
def test_what_a_kept_program_loaded_before_it_loads_after(files: dict[str, Facts | bytes], wishes: Wishes, own: str):
    disc = lay_out(files, own)
    plan = plan_of(disc, wishes)
    facts = {line.entry.path: line.facts for line in plan.lines}
    left = sorted(set(files) - dropped(plan))
    for path in left:
        if facts[path].pe is not None:
            assert closure(path, facts, left) == closure(path, facts, sorted(files)), path
    for line in plan.lines:
        assert (line.decision.action is Action.DROP) <= bool(line.decision.wish), "nothing goes unless somebody asked"


@pytest.mark.lengthy
@settings(max_examples=80)
@given(any_disc(), any_wishes(), any_rules())
def test_what_is_forced_is_what_would_have_been_kept(files: dict[str, Facts | bytes], wishes: Wishes, own: str):
    disc = lay_out(files, own)
    gently = actions(plan_of(disc, wishes))
    forced = Wishes(**{name: getattr(wishes, name) for name in Wishes.__slots__} | {"force_drop": True})
    for line in plan_of(disc, forced).lines:
        is_dropped = line.decision.action is Action.DROP
        assert line.decision.forced == (is_dropped and gently[line.entry.path] != "drop")
        assert is_dropped or gently[line.entry.path] != "drop", "force drops more, never less"
        assert not line.decision.forced or line.decision.guard


WISHES = (
    Wishes(keep_locales=("en", "es"), drop_redist=True),
    Wishes(drop=(Category.VIEWER,)),
    Wishes(),
    Wishes(drop=(Category.RUNTIME, Category.UNKNOWN), drop_redist=True, keep_locales=("ja",)),
    Wishes(drop_path=("**/*.dll", "**/*.jar", "**/jre/**")),
)


@pytest.mark.lengthy
@pytest.mark.parametrize("name", sorted(folder.name for folder in golden_disc.FOLDER.iterdir() if folder.is_dir()))
def test_a_kept_viewer_of_a_golden_disc_is_whole(name: str):
    disc = lay_out({file.path: file.content for file in golden_disc.build(name)})
    for wishes in WISHES:
        plan = plan_of(disc, wishes)
        facts = {line.entry.path: line.facts for line in plan.lines}
        left = sorted(set(facts) - dropped(plan))
        for path in left:
            if facts[path].pe is not None:
                assert closure(path, facts, left) == closure(path, facts, sorted(facts)), (path, wishes)


# --- the language of those who made the program ---


def lay_out_languages(folder: str, *names: str) -> Disc:
    return lay_out({"V/v.exe": exe()} | {f"V/{folder}/{name}.lng": TEXT for name in names})


@pytest.mark.parametrize(
    ("folder", "names", "gone"),
    [
        ("Sprachen", "Deutsch Englisch Französisch Spanisch Türkisch", "Französisch Türkisch"),
        ("Sprachen", "de en fr es", "fr"),
        ("lang", "Deutsch Englisch Französisch Spanisch", "Französisch"),
        ("lang", "Deutsch English Français Español", "Deutsch Français"),
        ("langues", "Français Anglais Allemand Espagnol", "Allemand"),
        ("idiomas", "Português Inglês Francês Espanhol", "Francês"),
        ("lingue", "Italiano Inglese Tedesco Spagnolo", "Tedesco"),
    ],
)
def test_the_language_of_the_makers_stays_with_english(folder: str, names: str, gone: str):
    disc = lay_out_languages(folder, *names.split())
    plan = disc.plan(keep_locales=("es",))
    assert dropped(plan) == {f"V/{folder}/{name}.lng" for name in gone.split()}
    assert dropped(disc.plan(drop=(Category.LOCALE,))) <= {f"V/{folder}/{name}.lng" for name in names.split()}
    forced = disc.plan(keep_locales=("es",), force_drop=True)
    assert dropped(forced) > dropped(plan)


def test_the_guard_says_whose_language_it_keeps():
    plan = lay_out_languages("Sprachen", "Deutsch", "Englisch", "Spanisch", "Polnisch").plan(keep_locales=("es",))
    assert reasons(plan)["V/Sprachen/Deutsch.lng"] == (
        "German (de) is the language of those who made this program, which may fall back to it"
    )
    assert dropped(plan) == {"V/Sprachen/Polnisch.lng"}


def test_a_german_wish_works_on_a_german_disc():
    plan = lay_out_languages("Sprachen", "Deutsch", "Englisch", "Polnisch").plan(keep_locales=("de",))
    assert dropped(plan) == {"V/Sprachen/Polnisch.lng"}


def test_a_file_that_the_settings_choose_stays():
    files = {f"V/lang/{name}.lng": TEXT for name in ("Deutsch", "English", "Polski")}
    disc = lay_out({"V/v.exe": exe(), "V/v.ini": b"[x]\r\nLangFile=lang\\Polski.lng\r\n", **files})
    assert dropped(disc.plan(keep_locales=("es", "en"))) == {"V/lang/Deutsch.lng"}
