"""Whose images these are: what is shown only where it is asked for, and what must not slip into a text otherwise."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from repack.dicom.header import Header
from repack.dicom.showing import BURNED_IN_ANNOTATION, IMAGE_TYPE, SOP_CLASS_UID

_STUDY_DATE, _STUDY_DESCRIPTION, _ACCESSION, _REFERRING = 0x0008_0020, 0x0008_1030, 0x0008_0050, 0x0008_0090
_NAME, _ID, _BIRTH_DATE, _SEX, _OTHER_IDS = 0x0010_0010, 0x0010_0020, 0x0010_0030, 0x0010_0040, 0x0010_1000
_SHORTEST_WORD = 3  # letters of a name that are looked for; initials are in every text
_SHORTEST_OF_OTHERS = 2  # in scripts whose names are that short, and stand without blanks
_BEFORE_A_NAME = frozenset(("", *"/ '\"("))  # in a path, or in a text that holds one
_BEHIND_A_NAME = frozenset(("", *"/. '\"),:;"))
_JOINT = re.compile(r"[\s_,.^=-]+")  # what stands between the parts of a name
_PARTICLES = frozenset("da de di do la y".split())  # as in de la Cruz; but Le and Du are surnames, too
_FREE = 4  # Latin letters from which a word is looked for within others, too

#: SOP classes whose pictures often carry the patient's name as pixels, or show a face (PS3.4 B.5).
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_ULTRASOUND = tuple(f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("3", "3.1", "6", "6.1"))
_PHOTOGRAPHS = "1.2.840.10008.5.1.4.1.1.77.1.4"
_TELLING_TYPES = ("SCREEN", "REPORT", "PROTOCOL", "DOSE_INFO")

IN_PIXELS = "the name may be written in the picture itself"
A_FACE = "it is a photograph"


@dataclass(frozen=True, slots=True)
class Person:
    """What a header says of the patient and the examination; only for a report that is to name them."""

    name: str = ""
    number: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    study: str = ""


NOBODY = Person()


def read(top: Header) -> Person:
    """The patient and the examination, for the eye."""
    return Person(
        name=" ".join(top.text(_NAME).replace("^", " ").split("=")[0].split()),
        number=top.text(_ID),
        birth_date=_day(top.ascii(_BIRTH_DATE)),
        sex=top.ascii(_SEX),
        study_date=_day(top.ascii(_STUDY_DATE)),
        study=top.text(_STUDY_DESCRIPTION),
    )


def _day(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdecimal() else ""


def words_to_hide(top: Header) -> frozenset[str]:
    """Parts of names and numbers that no text of the report may hold, folded."""
    stated = [top.text(tag) for tag in (_NAME, _ID, _OTHER_IDS, _ACCESSION, _REFERRING)]
    stated.append(top.ascii(_BIRTH_DATE))
    return words_of(stated)


def words_of(stated: Iterable[str]) -> frozenset[str]:
    """What of these texts is looked for: the whole and its parts, folded.

    But for numbers of a digit or two, and for particles within a name of several words: they name nobody, and some
    name a language.
    """
    found: set[str] = set()
    for component in (part for text in stated for part in re.split(r"[\^=\\]", text)):
        words = [_fold(word) for word in re.split(r"[\s,.;_/-]+", component)]
        particles = _PARTICLES if sum(map(bool, words)) > 1 else frozenset[str]()
        found.update(word for word in words if not _is_short(word) or (word.isalpha() and word not in particles))
    return frozenset(found.union(word for text in stated if not _is_short(word := _fold(text)) or word.isalpha()))


def _is_short(word: str) -> bool:
    """Is it so short that it is in every text, and tells nothing unless it is all of a file's or folder's name?"""
    return len(word.strip()) < (_SHORTEST_WORD if word.isascii() else _SHORTEST_OF_OTHERS)


def _fold(text: str) -> str:
    """Without case, accents and widths: a disc may write a name otherwise than the header does."""
    # By way of capitals, because both kinds of the Turkish i can become I.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).upper().casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def hide(text: str, words: frozenset[str]) -> str:
    """The text with three dots for each of the words; short ones count only where they stand alone.

    The shortest, of a letter or two, count only in a path, and there only as the name of a file or folder, or as part
    of one that is nothing but words to hide: Li/a.dll and Li_Bo/a.dll, but not lib/li.dll.
    """
    folded = [_fold(letter) for letter in text]
    plain, origin = "".join(folded), [n for n, part in enumerate(folded) for _letter in part]
    is_hidden = [False] * len(text)
    patterns = (re.finditer(_pattern(word), plain) for word in words if not _is_short(word))
    for spans in (*patterns, _find_names(plain, words)):
        for found in spans:
            start, end = origin[found.start()], origin[found.end() - 1] + 1
            while end < len(text) and not folded[end]:
                end += 1  # accents of the last letter
            is_hidden[start:end] = [True] * (end - start)
    pieces = groupby(zip(text, is_hidden, strict=True), key=lambda pair: pair[1])
    return "".join("..." if hidden else "".join(letter for letter, _ in piece) for hidden, piece in pieces)


def _pattern(word: str) -> str:
    pattern = re.escape(word)
    stands_alone = len(word) < _FREE and word.isascii()
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if stands_alone else pattern


def _find_names(plain: str, words: frozenset[str]) -> Iterator[re.Match[str]]:
    """The shortest of the words, where they are a component of a path, by themselves or with others of the words."""
    run: list[re.Match[str]] = []
    for token in re.finditer(r"[^\W_]+", plain):
        if run and (token[0] not in words or _JOINT.fullmatch(plain, run[-1].end(), token.start()) is None):
            yield from _short_ones(plain, run)
            run = []
        if token[0] in words:
            run.append(token)
    yield from _short_ones(plain, run)


def _short_ones(plain: str, run: list[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Those of adjacent words that are short, where together they are a component of a path."""
    if not run:
        return
    before, rest = plain[: run[0].start()][-1:], plain[run[-1].end() :]
    is_whole = before in _BEFORE_A_NAME and rest[:1] in _BEHIND_A_NAME
    is_all = not before and re.fullmatch(r"(\.\w+)?", rest)
    if is_whole and ("/" in {before, rest[:1]} or is_all):
        yield from (token for token in run if _is_short(token[0]))


def refuse_picture(top: Header) -> str:
    """Why a picture of this image might tell whose it is, or nothing (PS3.3 C.7.6.1.1.1, Burned In Annotation)."""
    sop_class, burned_in = top.ascii(SOP_CLASS_UID), top.ascii(BURNED_IN_ANNOTATION).upper()
    if sop_class == _PHOTOGRAPHS or sop_class.startswith(f"{_PHOTOGRAPHS}."):
        return A_FACE
    if burned_in == "NO":
        return ""
    is_captured = sop_class == _SECONDARY_CAPTURE or sop_class.startswith(f"{_SECONDARY_CAPTURE}.")
    kinds = top.ascii(IMAGE_TYPE).upper()
    is_telling = is_captured or sop_class in _ULTRASOUND or any(word in kinds for word in _TELLING_TYPES)
    return IN_PIXELS if burned_in == "YES" or is_telling else ""
