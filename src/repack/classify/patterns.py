"""Path patterns and regular expressions of rules: what they mean, and which ones are refused.

Globs know `**`, do not look at case, and may hold one `{locale}` that must be a language (or `{lcid}`, `{langid}`: its
number). Regular expressions must not be able to take forever: names on a disc are somebody else's, and may be made for
it.
"""

import re
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations

from repack.classify import languages

_LOCALE, _LCID = "{locale}", "{lcid}"
_PLACEHOLDER = re.compile(r"\{(?:locale|lcid|langid)\}")
_WORD = "[A-Za-z0-9]{2,8}"
#: What `{locale}` may match, the most telling first: a whole run, or the last subtags of one ("qt_help_pt_BR").
_LOCALE_SHAPES = (
    "[^/]+?",
    f"[A-Za-z]{{2,8}}[-_@]{_WORD}[-_@]{_WORD}",
    f"[A-Za-z]{{2,8}}[-_@]{_WORD}",
    "[^/_-]+",
)
#: What `{lcid}` and `{langid}` may match: Windows' numbers of languages ([MS-LCID]).
_NUMBER_SHAPES = {
    "{lcid}": r"0x[0-9a-f]{4}|(?<![0-9])(?:[0-9a-f]{4}|[0-9]{5})",
    "{langid}": r"(?:0x)?[0-9a-f]{2}[a-z]?",
}
_SEPARATORS = "-_. @"
# Matching may take time with the square of a path's length; no system has longer paths than the first.
_LONGEST_PATH = 4096
_LONGEST_PATH_OF_LANGUAGE = 1024
_LONGEST_REGEX = 300
_MOST_OPEN_REPEATS = 3  # each `*` or `+` multiplies the time by the length of the name

# The pieces of a regular expression; a repeat is open (`*`, `{2,}`), variable (`?`, `{1,3}`) or fixed (`{4}`).
_PIECE = re.compile(
    r"""(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<start>\((?:\?(?:P<\w+>|[:=!>]|<[=!]))?)|(?P<end>\))|(?P<either>\|)"""
    r"""|(?P<repeat>(?:[*+?]|\{\d*,?\d*\})[?+]?)|(?P<token>\\.|.)""",
    re.DOTALL,
)
_FIXED_REPEAT = re.compile(r"\{(\d+)\}[?+]?")


@dataclass(frozen=True, slots=True)
class LocaleMatch:
    """Where a pattern found a language: its text, its tag, and the path up to it, which names the set."""

    text: str
    tag: str
    group: str
    folder: str  # the path to the folder whose name holds the text; empty where the name of the file does
    without: str  # the path as it would be without the language: "MSG.INI" of "MSG_DE.INI"


# --- globs ---


@cache
def compile_glob(glob: str) -> re.Pattern[str]:
    """The regular expression of a glob without `{locale}`: `*` and `?` stay within a component, `**` does not."""
    return re.compile(_translate(_complete(glob)), re.IGNORECASE)


def matches(glob: str, path: str) -> bool:
    """Does the whole path match the glob? Without a slash it means a name in any folder, and "a/" all below a."""
    path, folded = _spell(path)
    if _longest_literal(glob) not in folded or len(path) > _LONGEST_PATH:
        return False
    return compile_glob(glob).fullmatch(path) is not None


@lru_cache(maxsize=1024)
def begin_at(tops: tuple[str, ...], globs: tuple[str, ...]) -> tuple[str, ...]:
    """The globs, and those with a way from the top of a disc also from each folder in which a disc begins."""
    plain = [re.sub(r"[*?{}]", "?", top) for top in tops]  # a folder's name is no pattern: such a letter is any letter
    anchored = [glob for glob in globs if "/" in glob and not glob.startswith("**/")]
    return (*globs, *(f"{top}/{glob}" for top in plain for glob in anchored))


def may_match(globs: tuple[str, ...], path: str) -> bool:
    """Could any of these globs match, whatever languages they hold? A quick look, which refuses nearly all paths."""
    _path, folded = _spell(path)
    return any(literal in folded for literal in _longest_literals(globs))


def find_locales(glob: str, path: str) -> Iterator[LocaleMatch]:
    """The languages that a glob with `{locale}` may find in a path, the most telling first."""
    path, folded = _spell(path)
    if _longest_literal(glob) not in folded or len(path) > _LONGEST_PATH_OF_LANGUAGE:
        return
    read = languages.read_tag if _LOCALE in glob else languages.read_number
    for start, end in _find_places(glob, path):
        text = path[start:end]
        tag = read(text)
        if tag is not None:
            stop = path.find("/", end)
            without = path[:start].rstrip(_SEPARATORS) + path[end:]
            yield LocaleMatch(text, tag, path[:start].casefold(), path[:stop] if stop >= 0 else "", without)


def _find_places(glob: str, path: str) -> Iterator[tuple[int, int]]:
    """Where the placeholder may lie in a path. One that is a whole folder may be any of them, the deepest first."""
    if f"/{_LOCALE}/" not in f"/{glob}" and f"/{_LCID}/" not in f"/{glob}":
        for pattern in _compile_locale_glob(glob):
            if match := pattern.fullmatch(path):
                yield match.span("locale")
        return
    before, after = _compile_around(glob)
    end = len(path)
    while (end := path.rfind("/", 0, end)) >= 0:
        start = path.rfind("/", 0, end) + 1
        if before.fullmatch(path, 0, start) and after.fullmatch(path, end):
            yield start, end


@cache
def _compile_around(glob: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    before, after = (_translate(part) for part in _PLACEHOLDER.split(_complete(glob)))
    return re.compile(before, re.IGNORECASE), re.compile(after, re.IGNORECASE)


@cache
def _compile_locale_glob(glob: str) -> tuple[re.Pattern[str], ...]:
    before, after = (_translate(part) for part in _PLACEHOLDER.split(_complete(glob)))
    # What stands before the language in the same component must be as short as possible, or it eats "zh" of "zh_TW".
    lazy = before.replace("[^/]*", "[^/]*?")
    found = _PLACEHOLDER.search(glob)
    shapes = (_NUMBER_SHAPES[found[0]],) if found and found[0] in _NUMBER_SHAPES else _LOCALE_SHAPES
    return tuple(re.compile(f"{lazy}(?P<locale>{shape}){after}", re.IGNORECASE) for shape in shapes)


@cache
def has_locale(glob: str) -> bool:
    """Does the glob hold the placeholder?"""
    return _PLACEHOLDER.search(glob) is not None


def check_glob(glob: str) -> str:
    """What is wrong with a glob of a rule, or nothing."""
    if not glob or glob.startswith("/") or "\\" in glob:
        return "a path pattern is relative to the bundle and uses / between folders"
    plain, count = _PLACEHOLDER.subn("", glob)
    if count > 1:
        return "a path pattern may hold {locale} once"
    if "{" in plain or "}" in plain:
        return "the placeholders of a path pattern are {locale}, {lcid} and {langid}"
    return ""


def _complete(glob: str) -> str:
    glob = _composed(glob)
    whole = glob if "/" in glob else f"**/{glob}"
    return f"{whole}**" if whole.endswith("/") else whole


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


@cache
def _longest_literal(glob: str) -> str:
    """What every matching path holds, case folded: nearly all paths are refused by looking for it alone."""
    # A slash beside `**` may be missing in the path, and another script folds its case in ways of its own.
    runs = re.split(r"\*\*/|/?\*\*|\{\w+\}|[*?]|[^\x00-\x7f]+", _complete(glob))
    return max(runs, key=len).casefold()


@cache
def _longest_literals(globs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_longest_literal, globs)))


@lru_cache(maxsize=16)  # one path is held against many globs in a row
def _spell(path: str) -> tuple[str, str]:
    """A path as it is matched, and without its case."""
    path = _composed(path)
    return path, path.casefold()


def _composed(path: str) -> str:
    """One spelling of accented letters: a Mac writes them in two parts, everybody else in one."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


# --- regular expressions ---


@cache
def compile_regex(regex: str) -> re.Pattern[str]:
    """A regular expression of a rule; case does not count."""
    return re.compile(regex, re.IGNORECASE)


def check_regex(regex: str) -> str:
    """What is wrong with a regular expression of a rule, or nothing."""
    if len(regex) > _LONGEST_REGEX:
        return f"longer than {_LONGEST_REGEX} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # "[[a]" may mean something else one day
            compile_regex(regex)
    except (re.error, OverflowError, FutureWarning) as error:
        return str(error)
    pieces = [(str(match.lastgroup), match[0]) for match in _PIECE.finditer(regex)]
    if sum(kind == "repeat" and _is_open(text) for kind, text in pieces) > _MOST_OPEN_REPEATS:
        return f"more than {_MOST_OPEN_REPEATS} repeats without an end (* or +) can take forever"
    return _check_groups(pieces)


def _check_groups(pieces: list[tuple[str, str]]) -> str:
    """Refuse repeated groups whose inside can be read in two ways: those try them all before they give up."""
    starts: list[int] = []
    for at, (kind, _text) in enumerate(pieces):
        if kind == "start":
            starts.append(at)
        elif kind == "end":
            inside = pieces[starts.pop() + 1 : at]
            kind_behind, text_behind = pieces[at + 1] if at + 1 < len(pieces) else ("", "")
            if kind_behind != "repeat" or text_behind.startswith("?"):
                continue
            if any(kind == "repeat" and not _FIXED_REPEAT.fullmatch(text) for kind, text in inside):
                return "a repeat or ? inside a repeated group can take forever"
            if _begin_alike(inside):
                return "alternatives of a repeated group that begin alike, or are nested, can take forever"
    return ""


def _begin_alike(inside: list[tuple[str, str]]) -> bool:
    """May what one alternative matches be the beginning of what another matches?"""
    alternatives: list[list[str]] = [[]]
    depth = 0
    for kind, text in inside:
        depth += (kind == "start") - (kind == "end")
        if kind == "either":
            if depth:
                return True
            alternatives.append([])
        elif kind == "repeat" and (fixed := _FIXED_REPEAT.fullmatch(text)):
            alternatives[-1] += alternatives[-1][-1:] * (int(fixed[1]) - 1)
        elif kind in {"class", "token"}:
            alternatives[-1].append(text)
    return any(
        all(_may_be_equal(a, b) for a, b in zip(one, other, strict=False))
        for one, other in combinations(alternatives, 2)
    )


def _may_be_equal(one: str, other: str) -> bool:
    """May two pieces match the same letter? Letters say it themselves; of two classes it is not tried."""
    letters = [_plain_letter(one), _plain_letter(other)]
    if letters[0] is not None and letters[1] is not None:
        return letters[0] == letters[1]
    if letters[0] is None and letters[1] is None:
        return True
    letter, wide = (letters[0], other) if letters[0] is not None else (letters[1], one)
    return compile_regex(wide).fullmatch(letter or "") is not None


def _plain_letter(piece: str) -> str | None:
    if len(piece) == 1:
        return None if piece in ".^$" else piece.casefold()
    return piece[1] if piece[0] == "\\" and not piece[1].isalnum() else None


def _is_open(repeat: str) -> bool:
    return repeat[0] in "*+" or ",}" in repeat
