"""Path patterns of rules: globs with `**`, without regard to case, and one `{locale}` that must be a language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from repack.classify import languages

_LOCALE = "{locale}"
_WORD = "[A-Za-z0-9]{2,8}"
#: What `{locale}` may match, the most telling first: a whole run, or the last subtags of one ("qt_help_pt_BR").
_LOCALE_SHAPES = (
    "[^/]+?",
    f"[A-Za-z]{{2,8}}[-_@]{_WORD}[-_@]{_WORD}",
    f"[A-Za-z]{{2,8}}[-_@]{_WORD}",
    "[^/_-]+",
)


@dataclass(frozen=True, slots=True)
class LocaleMatch:
    """Where a pattern found a language: its text, its tag, and the path up to it, which names the set."""

    text: str
    tag: str
    group: str
    folder: str  # the path through the text where it is a whole folder name; else empty


@cache
def compile_glob(glob: str) -> re.Pattern[str]:
    """The regular expression of a glob without `{locale}`: `*` and `?` stay within a component, `**` does not."""
    return re.compile(_translate(glob), re.IGNORECASE)


def matches(glob: str, path: str) -> bool:
    """Does the whole path match the glob? A glob without a slash is held against the base name as well."""
    pattern = compile_glob(glob)
    return bool(pattern.fullmatch(path) or ("/" not in glob and pattern.fullmatch(path.rpartition("/")[2])))


def find_locales(glob: str, path: str) -> Iterator[LocaleMatch]:
    """The languages that a glob with `{locale}` may find in a path, the most telling first."""
    for pattern in _compile_locale_glob(glob):
        match = pattern.fullmatch(path)
        if match is None:
            continue
        text = match["locale"]
        tag = languages.read_tag(text)
        if tag is not None:
            start, end = match.span("locale")
            is_folder = path[end : end + 1] == "/" and path[start - 1 : start] in {"/", ""}
            yield LocaleMatch(text, tag, path[:start].casefold(), path[:end] if is_folder else "")


@cache
def _compile_locale_glob(glob: str) -> tuple[re.Pattern[str], ...]:
    before, after = (_translate(part) for part in glob.split(_LOCALE))
    # What stands before the language in the same component must be as short as possible, or it eats "zh" of "zh_TW".
    lazy = before.replace("[^/]*", "[^/]*?")
    return tuple(re.compile(f"{lazy}(?P<locale>{shape}){after}", re.IGNORECASE) for shape in _LOCALE_SHAPES)


def has_locale(glob: str) -> bool:
    """Does the glob hold the placeholder?"""
    return _LOCALE in glob


def check_glob(glob: str) -> str:
    """What is wrong with a glob of a rule, or nothing."""
    if not glob or glob.startswith("/") or "\\" in glob:
        return "a path pattern is relative to the bundle and uses / between folders"
    if glob.count(_LOCALE) > 1:
        return "a path pattern may hold {locale} once"
    if "{" in glob.replace(_LOCALE, "") or "}" in glob.replace(_LOCALE, ""):
        return "the only placeholder of a path pattern is {locale}"
    return ""


def _translate(glob: str) -> str:
    pieces, at = [], 0
    while at < len(glob):
        if glob.startswith("**/", at):
            pieces.append("(?:.*/)?")
            at += 3
        elif glob.startswith("**", at):
            pieces.append(".*")
            at += 2
        else:
            letter = glob[at]
            pieces.append({"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter)))
            at += 1
    return "".join(pieces)
