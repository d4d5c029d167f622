"""Rule files: TOML in, frozen rules out, and for a mistake the file, the line, the key and what is allowed."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from repack import jsonschema
from repack.classify import mistakes, patterns
from repack.classify.mistakes import Place
from repack.errors import RuleInvalid
from repack.model import Category

_ADVICE = "see rules/README.md"
#: What tomllib says of a backslash in double quotes that begins no sign of TOML, and what is meant instead.
_ESCAPES = ("Unescaped '\\' in a string", "Invalid hex value")
_SINGLE_QUOTES = "a text with a backslash is written in single quotes, such as '.*\\.pdf'"

_Texts = str | list[str]
_Size = Annotated[int, msgspec.Meta(ge=0)]  # bytes
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Kind = Literal["exe", "dll"]
_Machine = Literal["x86", "x64", "arm64"]
_Wish = Literal["keep", "drop"]
ReadableCodec = Literal["rle", "jpegls", "j2k", "htj2k", "jpegxl"]
Described = Literal["checksums", "images"]
#: What `pe.read_facts` and `facts.gather` tell of what built an installer.
Installer = Literal["nsis", "inno", "burn", "squirrel", "installshield", "iexpress", "7z-sfx", "msi"]
#: What `facts.magic_of` may say, and what stands there for an entry that cannot be read.
Magic = Literal[
    "7z", "ar", "bmp", "cab", "chm", "dicom", "elf", "empty", "gettext", "gif", "gzip", "jpeg", "macho", "nothing",
    "ole", "pdb", "pdf", "pe", "png", "qt", "rar", "repack", "riff", "rtf", "unknown", "unreadable", "xml", "xz", "zip",
]  # fmt: skip
_VALUES = {
    "category": tuple(Category), "action": get_args(_Wish), "kind": get_args(_Kind), "machine": get_args(_Machine),
    "magic": get_args(Magic), "installer": get_args(Installer), "codecs": get_args(ReadableCodec),
    "describes": get_args(Described),
}  # fmt: skip


#: Conditions about the language that a path names, and what they look at.
_ABOUT_LANGUAGES = {
    "siblings": "counts languages",
    "clear_siblings": "counts languages",
    "languages": "counts languages",
    "alike_siblings": "counts folders of languages",
    "has_base": "looks for the same name without a language",
}


class DicomConditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a DICOM header must say; every stated key must hold, a list means any of it."""

    directory: bool | None = None
    pixels: bool | None = None
    modality: _Texts | None = None
    sop_class: _Texts | None = None
    transfer_syntax: _Texts | None = None


class PeConditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a Windows program must say of itself: regular expressions, searched without regard to case."""

    kind: _Kind | None = None
    machine: _Machine | None = None
    company: _Texts | None = None
    product: _Texts | None = None
    description: _Texts | None = None
    original_filename: _Texts | None = None


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set of conditions: every stated key must hold; a list means any of it."""

    path: _Texts | None = None
    name: _Texts | None = None
    extension: _Texts | None = None
    magic: Magic | list[Magic] | None = None
    larger_than: _Size | None = None
    smaller_than: _Size | None = None
    dicom: bool | DicomConditions | None = None
    pe: bool | PeConditions | None = None
    below_program: bool | None = None
    beside_program: bool | None = None
    at_top: bool | None = None
    launched: bool | None = None
    with_images: bool | None = None
    installer: bool | Installer | list[Installer] | None = None
    siblings: _Count | None = None
    clear_siblings: _Count | None = None
    languages: _Count | None = None
    alike_siblings: _Count | None = None
    has_base: bool | None = None


class Reads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a viewer is known to open besides uncompressed images, by the names of `--codec`; none where unknown."""

    codecs: list[ReadableCodec]
    source: Annotated[str, msgspec.Meta(min_length=1)]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement: entries that fulfil `match`, and not `unless`, are of this category, and why."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9._-]*$")]
    category: Category
    match: Conditions | list[Conditions]
    why: Annotated[str, msgspec.Meta(min_length=1)]
    unless: Conditions | list[Conditions] | None = None
    action: _Wish | None = None
    evidence: str = ""
    reads: Reads | None = None  # of a viewer's program
    describes: Described | None = None  # of a file about other files: what a change makes wrong


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    rule: list[Rule] = []


class LoadedRule(msgspec.Struct, frozen=True):
    """A rule and where it stands."""

    rule: Rule
    file: str
    is_builtin: bool


def load_builtin() -> tuple[LoadedRule, ...]:
    """The rules that come with repack, in the order of their file names.

    What `read_rules` looks for beyond their form was looked for before they were published: it takes as long as to
    look at a small disc.
    """
    loaded: list[LoadedRule] = []
    for name, text in sorted(builtin_files()):
        loaded += (LoadedRule(rule, name, is_builtin=True) for rule in _parse(name, text))
    return tuple(loaded)


def builtin_files() -> list[tuple[str, str]]:
    """Names and texts, from inside the wheel, or from the top of the checkout in an editable installation."""
    inside = resources.files("repack").joinpath("_rules")
    if inside.is_dir():
        return [(f.name, f.read_text("utf-8")) for f in inside.iterdir() if f.name.endswith(".toml")]
    top = Path(__file__).resolve().parents[3] / "rules"
    return [(file.name, file.read_text("utf-8")) for file in top.glob("*.toml")]


def load_file(path: Path) -> tuple[LoadedRule, ...]:
    """The rules of a user's file. Raises RuleInvalid."""
    try:
        text = path.read_text("utf-8-sig")  # Windows' editor begins a text with a mark
    except OSError as error:
        raise RuleInvalid(path.name, "whole file", error.strerror or "unreadable", "check the path") from error
    except UnicodeDecodeError as error:
        raise RuleInvalid(path.name, "whole file", "it is not UTF-8 text", "save it as UTF-8") from error
    return tuple(LoadedRule(rule, path.name, is_builtin=False) for rule in read_rules(path.name, text))


def read_rules(file: str, text: str) -> tuple[Rule, ...]:
    """The rules of a TOML text. Raises RuleInvalid, which names the line and the key."""
    rules = _parse(file, text)
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        problems = _find_problems(rule)
        if rule.id in seen:
            problems = iter([(("id",), f"there are two rules with the id {rule.id!r}")])
        for below, problem in problems:
            line = mistakes.find_line(text, ("rule", number, *below))
            raise RuleInvalid(file, f"line {line}, rule {rule.id}", problem, _ADVICE)
        seen.add(rule.id)
    return tuple(rules)


def _parse(file: str, text: str) -> list[Rule]:
    """The rules of a TOML text, as far as their form goes. Raises RuleInvalid."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        said = str(error).partition(" (at")[0]
        advice = _SINGLE_QUOTES if said.startswith(_ESCAPES) else _ADVICE
        where = f"line {place[1]}" if place else "end of file"
        raise RuleInvalid(file, where, f"not valid TOML ({said})", advice) from error
    except RecursionError as error:
        raise RuleInvalid(file, "whole file", "its brackets are nested too deeply", _ADVICE) from error
    try:
        return msgspec.convert(raw, RuleFile).rule
    except msgspec.ValidationError as error:
        raise mistakes.explain(file, text, str(error), _allowed_at(str(error))) from error


def _find_problems(rule: Rule) -> Iterator[tuple[Place, str]]:
    """What msgspec cannot see, and where in the rule: patterns, regular expressions, conditions that say nothing."""
    for key, stated in (("match", rule.match), ("unless", rule.unless)):
        empty = f"{key} is empty, so the rule would take {'everything' if key == 'match' else 'nothing'}"
        if stated == []:
            yield (key,), empty
        for number, conditions in enumerate(all_of(stated)):
            at: Place = (key, number) if isinstance(stated, list) else (key,)
            if msgspec.structs.replace(conditions, **dict.fromkeys(_ABOUT_LANGUAGES)) == Conditions():
                yield at, empty
            if key == "unless":
                for about in ("siblings", "clear_siblings", "languages"):
                    if getattr(conditions, about) is not None:
                        yield (*at, about), f"{about} belongs into match: exceptions form no set of languages"
            yield from ((at + below, problem) for below, problem in _find_in_conditions(conditions))


def _find_in_conditions(conditions: Conditions) -> Iterator[tuple[Place, str]]:
    pe = conditions.pe if isinstance(conditions.pe, PeConditions) else PeConditions()
    for struct, above in ((conditions, ()), (pe, ("pe",)), (conditions.dicom, ("dicom",))):
        for key, value in _stated(struct):
            if value == []:
                yield (*above, key), f"the list {key!r} is empty"
    for above, key, value in (
        ((), "path", conditions.path),
        ((), "name", conditions.name),
        (("pe",), "company", pe.company),
        (("pe",), "product", pe.product),
        (("pe",), "description", pe.description),
        (("pe",), "original_filename", pe.original_filename),
    ):
        for number, text in enumerate(texts(value)):
            problem = patterns.check_glob(text) if key == "path" else patterns.check_regex(text)
            if problem:
                what = "path" if key == "path" else "regular expression"
                yield (*above, key, *([number] if isinstance(value, list) else [])), f"{what} {text[:40]!r}: {problem}"
    yield from _find_no_size(conditions)
    if not any(patterns.has_locale(glob) for glob in texts(conditions.path)):
        for about, what in _ABOUT_LANGUAGES.items():
            if getattr(conditions, about) is not None:
                yield (about,), f"{about} {what}, so it needs a path with {{locale}}"


def _find_no_size(conditions: Conditions) -> Iterator[tuple[Place, str]]:
    least, below = conditions.larger_than, conditions.smaller_than
    if least is not None and below is not None and below <= least + 1:
        yield ("smaller_than",), f"no size is larger than {least:,} and smaller than {below:,}"


def _stated(struct: object) -> list[tuple[str, object]]:
    if not isinstance(struct, msgspec.Struct):
        return []
    return [(field.name, getattr(struct, field.name)) for field in msgspec.structs.fields(struct)]


def texts(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """One text or many, always as many."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def all_of(conditions: Conditions | list[Conditions] | None) -> tuple[Conditions, ...]:
    """One set of conditions or many, always as many."""
    if conditions is None:
        return ()
    return (conditions,) if isinstance(conditions, Conditions) else tuple(conditions)


def _allowed_at(message: str) -> list[str]:
    """The keys that are known, or the values that are possible, at the place of a message of msgspec."""
    path = message.partition(" - at `$")[2].rstrip("`")
    last = re.sub(r"(\[\d+\])*$", "", path).rpartition(".")[2]
    if last in _VALUES:
        return list(_VALUES[last])
    tables: tuple[tuple[str, type[msgspec.Struct]], ...] = (
        (".reads", Reads),
        (".dicom", DicomConditions),
        (".pe", PeConditions),
        (".match", Conditions),
        (".unless", Conditions),
        ("rule[", Rule),
    )
    kind = next((kind for part, kind in tables if part in path), RuleFile)
    return [field.name for field in msgspec.structs.fields(kind)]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a rule file, for editors; schemas/rules.schema.json is a copy of it.

    It knows keys, kinds and lists of values; patterns and regular expressions are looked at by `repack rules check`.
    """
    return jsonschema.make(RuleFile, title="A rule file of repack")
