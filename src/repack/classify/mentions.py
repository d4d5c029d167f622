"""What a launch file, a page or a settings file says: the files that it names, the language that it chooses.

Rather too many names than too few: only those that are on the disc will count. Nothing is executed or expanded.
"""

import html
import plistlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote
from xml.parsers.expat import ExpatError

from repack.classify import choices, shortcuts

#: Files that start a program or open a page (media knowledge, section 5).
LAUNCH_EXTENSIONS = frozenset("inf bat cmd hta htm html sh command vbs vbe wsf ps1 lnk desktop plist".split())
#: Files that name others without starting them: they are part of a launch chain only if something starts them.
SETTINGS_EXTENSIONS = frozenset("ini js xml".split())
EXTENSIONS = LAUNCH_EXTENSIONS | SETTINGS_EXTENSIONS | choices.EXTENSIONS
LARGEST_TEXT = 1 << 20  # bytes of such a file that are looked at
_MOST_NAMES = 20_000  # of one file
#: Where a text is no UTF-8: code pages of discs seen, and that in which names of unknown code page are shown.
_CODE_PAGES = ("cp1252", "cp932", "cp1251", "cp1250", "cp949", "cp936", "cp437")
# Quotes may overlap ("Patient's disc"), so each one is tried as a beginning. What stands first is searched for quickly.
_QUOTED = re.compile(r"""["'](?=(?<=")([^"\r\n]{1,300})"|(?<=')([^'\r\n]{1,300})')""")
_WORD = re.compile(r"""[^\s"'<>|*?=,;()\[\]]{1,300}""")
_VALUE = re.compile(r"=[ \t]*([^\r\n]{1,300})")
_CONTENT = re.compile(r">([^<>\r\n]{1,300})<")
_END = re.compile(r"\.[a-z0-9]{1,10}(?!\w|[.-]\w)", re.IGNORECASE)  # of a file name; arguments may follow
_BARE = re.compile(r"[\w$%{}~./\\:@+-]{1,200}")  # a name without an extension: "start Viewer", "./bin/viewer"


@dataclass(frozen=True, slots=True)
class Said:
    """The file names that a text names, with slashes, each once; and the tags of the languages that it chooses."""

    names: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def extension_of(path: str) -> str:
    """What follows the last dot, in lower case."""
    return path.rpartition("/")[2].rpartition(".")[2].lower()


def read(path: str, data: bytes) -> Said:
    """What the beginning of such a file says; nothing for any other file."""
    extension = extension_of(path)
    if extension not in EXTENSIONS:
        return Said()
    data = data[:LARGEST_TEXT]
    names: dict[str, None] = {}
    texts = tuple(_texts(extension, data))
    find = _FINDERS.get(extension)
    for text in texts if find else ():
        for name in islice(find(text) if find else (), _MOST_NAMES):
            names[name.replace("\\", "/").strip()] = None
    if extension == "plist":
        names |= dict.fromkeys(_name_in_property_list(path, data))
    names.pop("", None)
    return Said(tuple(names), choices.find_chosen(path, texts[0]) if texts else ())


def _texts(extension: str, data: bytes) -> Iterator[str]:
    if extension == "lnk":
        yield from shortcuts.read_texts(data)
    elif extension != "plist":
        yield from _decode(data)


def _decode(data: bytes) -> Iterator[str]:
    """The text, in every code page that it may be written in where that cannot be told."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield data.decode("utf-16", "replace")
        return
    if data[1:2] == b"\0":
        yield data.decode("utf-16-le", "replace")
        return
    try:
        yield data.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield data.decode(_CODE_PAGES[0], "replace")
        foreign = b"\n".join(line for line in data.splitlines() if not line.isascii())
        yield from (foreign.decode(page, "replace") for page in _CODE_PAGES[1:])


# --- names ---


def _in_page(text: str) -> Iterator[str]:
    """Quoted, or a single word."""
    text = _may_name(text)
    yield from _ending(dict.fromkeys((*_quoted(text), *_WORD.findall(text))))


def _in_script(text: str) -> Iterator[str]:
    """As in a page, and words without an extension (quoted, also several), which Windows and Unix start as well."""
    yield from _in_page(text)
    yield from (word for word in dict.fromkeys(_WORD.findall(text)) if _is_bare(word))
    yield from (word for word in dict.fromkeys(_quoted(text)) if " " in word and _is_bare(word.replace(" ", "_")))


def _in_values(text: str) -> Iterator[str]:
    """As in a script, and the values of keys, which may hold blanks: "open=My Viewer\\start.exe /cd"."""
    values = [match[1].strip("\"'") for match in _VALUE.finditer(_may_name(text))]
    yield from _ending(dict.fromkeys(values))
    yield from _in_script(text)


def _in_autorun(text: str) -> Iterator[str]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith(";"))  # Windows skips comments
    yield from _in_values("\n".join(lines))


def _in_code(text: str) -> Iterator[str]:
    """Quoted alone: in a program text nearly every word has a dot in it."""
    yield from _ending(dict.fromkeys(_quoted(_may_name(text))))


def _in_markup(text: str) -> Iterator[str]:
    """Quoted, or the content of an element."""
    text = _may_name(text)
    yield from _ending(dict.fromkeys((*_quoted(text), *_CONTENT.findall(text))))


def _in_shortcut(text: str) -> Iterator[str]:
    """The whole text is a path or the arguments of a program."""
    yield from _ending((text,))
    yield from _in_script(text)


_FINDERS: dict[str, Callable[[str], Iterator[str]]] = {
    **dict.fromkeys(("htm", "html", "hta", "wsf"), _in_page),
    **dict.fromkeys(("sh", "command", "vbs", "vbe", "ps1"), _in_script),
    **dict.fromkeys(("bat", "cmd", "desktop", "ini"), _in_values),
    "inf": _in_autorun,
    "js": _in_code,
    "xml": _in_markup,
    "lnk": _in_shortcut,
}


def _may_name(text: str) -> str:
    """The lines in which a file name may stand that has a dot, perhaps as %2E: of long lists of texts only a few."""
    return "\n".join(line for line in text.split("\n") if "." in line or "%" in line or "&" in line)


def _quoted(text: str) -> list[str]:
    return [(double or single).strip("\"'") for double, single in _QUOTED.findall(text)]


def _is_bare(word: str) -> bool:
    return _BARE.fullmatch(word) is not None and "." not in re.split(r"[/\\]", word)[-1]


def _ending(written: dict[str, None] | tuple[str, ...]) -> Iterator[str]:
    """Whatever ends like a file name, as it stands and with its %20 and &amp; read."""
    for candidate in written:
        if "." not in candidate and "&" not in candidate and "%" not in candidate:
            continue
        plain = _unescaped(candidate) if "%" in candidate or "&" in candidate else candidate
        for spelling in dict.fromkeys((candidate, plain)):
            for end in _END.finditer(spelling):
                yield spelling[: end.end()]


def _unescaped(text: str) -> str:
    try:
        return html.unescape(unquote(text))
    except ValueError:  # &# and more digits than Python makes a number of
        return text


def _name_in_property_list(path: str, data: bytes) -> Iterator[str]:
    """The program and the icon of a macOS application: Contents/Info.plist names them without their folders."""
    if path.rpartition("/")[2].lower() != "info.plist":
        return
    try:
        said = plistlib.loads(data)
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
        LookupError,
        AttributeError,  # a date that is none
    ):
        return
    for key, folder in (("CFBundleExecutable", "MacOS"), ("CFBundleIconFile", "Resources")):
        value = said.get(key) if isinstance(said, dict) else None
        if isinstance(value, str) and value:
            yield f"{folder}/{value}"
            yield f"{folder}/{value}.icns"
