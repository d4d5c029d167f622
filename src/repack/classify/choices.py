"""The languages that a settings file, a start file or a page chooses for a program.

A choice keeps a language against a wish, so what lists many chooses none of them.
"""

import re
from collections.abc import Iterator

from repack.classify import languages

#: Settings files whose keys may choose a language.
EXTENSIONS = frozenset("ini xml cfg conf config properties json yml yaml".split())
#: A script is one of them only by its name: a program text says "language" for many reasons.
_SETTINGS_SCRIPT = re.compile(r"(?:config|setting|option|pref)[^/]*\.js$", re.IGNORECASE)
#: Settings files that may also hold the arguments of a program.
_WITH_ARGUMENTS = frozenset("ini cfg conf".split())
#: Files of which nearly every "-x" is an argument.
_COMMANDS = frozenset("bat cmd lnk sh command".split()) | _WITH_ARGUMENTS
_MOST_CHOICES = 2  # whoever names more languages lists them, and chooses none
#: `Language=de`, `locale.lang.code=de`, `"language": "de"`, `<language>de</language>`, `key="Language" value="de"`,
#: `<setting name="Language"><value>de</value>`, `Sprache=Deutsch`, `LangFile=lang\\Deutsch.lng`, `osgi.nl=de`.
_CHOICE = re.compile(
    r"""(?:^|[\s"'<._{,-])(?:ui|gui|program|(?P<decides>default|current|user|selected|active|preferred))?[-_. ]?"""
    r"""(?:lang(?:uage|ue)?|lng|locale|culture|sprach(?:e|datei)|idioma|lingua|osgi\.nl)"""
    r"""(?:[-_. ]?(?:lang|code|id|name|tag|file)){0,4}"""
    r"""(?:["']?[ \t]{0,9}[=:>]|["'][ \t]+value=|["'][^<>\r\n]{0,60}>\s{0,40}<value>)[ \t]{0,9}["']?"""
    r"""(?:[.\w-]{1,40}[\\/]){0,3}(?P<tag>[^\W_][\w@.-]{1,40})""",
    re.IGNORECASE | re.MULTILINE,
)
#: In every match of _CHOICE, at most so far behind its beginning:
_CHOICE_WORD = re.compile(r"lang|lng|locale|culture|sprach|idioma|lingua|osgi\.nl")
_BEFORE_CHOICE_WORD = len(".preferred-")
_ARGUMENT = re.compile(
    r"""(?<![\w-])(?:--?|/)(?:lang(?:uage)?|locale)[ =:]+["']?(?P<tag>[A-Za-z][\w-]{1,20})""", re.IGNORECASE
)
#: `-l de`, and `-nl de` of Eclipse, which may stand in two lines.
_SHORT_ARGUMENT = re.compile(
    r"""(?<![\w-])-(?:l[ =]|nl(?:[ =]|\r?\n))["']?(?P<tag>[a-z]{2}(?:[-_][A-Za-z]{2,4})?)(?![\w.-])"""
)


def find_chosen(path: str, text: str) -> tuple[str, ...]:
    """The tags of the languages that such a text chooses."""
    found: dict[str, None] = {}
    decided: dict[str, None] = {}
    for match in _find_choices(path, text):
        read = languages.read_tag
        tag = read(match["tag"]) or read(match["tag"].rpartition(".")[0])  # perhaps of a file
        if tag is not None:
            found[tag] = None
            if match.groupdict().get("decides"):
                decided[tag] = None
    # A list of languages may also say which of them it is.
    tags = found if len(found) <= _MOST_CHOICES else decided
    return tuple(tags) if len(tags) <= _MOST_CHOICES else ()


def _find_choices(path: str, text: str) -> Iterator[re.Match[str]]:
    extension = path.rpartition("/")[2].rpartition(".")[2].lower()
    is_settings = extension in EXTENSIONS or _SETTINGS_SCRIPT.search(path) is not None
    if is_settings:
        yield from _find_keys(text)
    if not is_settings or extension in _WITH_ARGUMENTS:
        yield from _ARGUMENT.finditer(text)
    if extension in _COMMANDS:
        yield from _SHORT_ARGUMENT.finditer(text)


def _find_keys(text: str) -> Iterator[re.Match[str]]:
    """What `_CHOICE` finds in a text, tried only around the words that it needs: a hundred times as fast."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters become two, and then the places do not agree
        yield from _CHOICE.finditer(text)
        return
    end, word = 0, _CHOICE_WORD.search(lower)
    while word is not None:
        starts = range(max(end, word.start() - _BEFORE_CHOICE_WORD), word.start() + 1)
        match = next(filter(None, (_CHOICE.match(text, start) for start in starts)), None)
        if match is not None:
            yield match
            end = match.end()
        word = _CHOICE_WORD.search(lower, max(end, word.start() + 1))
