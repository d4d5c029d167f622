"""Which code page names without a UTF-8 flag were written in (containers Z4): told only where it cannot be another.

A wrong guess would bake wrong letters into the new zip for ever. So all names of a bundle are looked at together, every
code page of the table is tried, and the answer counts only when all that fit agree on every letter.
"""

import unicodedata
from collections.abc import Sequence

#: One byte a letter: OEM pages of DOS, pages of Windows. Two bytes: Japanese, simplified Chinese, Korean, Chinese.
_SINGLE = ("cp437", "cp850", "cp852", "cp866", "cp1252", "cp1250", "cp1251")
_DOUBLE = ("cp932", "gbk", "cp949", "big5")
#: Lead bytes of letters in daily use: JIS X 0208 kana and level 1, GB 2312 level 1, KS X 1001 Hangul, Big5 level 1.
_COMMON_LEADS = {
    "cp932": frozenset((0x81, 0x82, 0x83, *range(0x88, 0x98))),
    "gbk": frozenset(range(0xB0, 0xD8)),
    "cp949": frozenset(range(0xB0, 0xC9)),
    "big5": frozenset(range(0xA4, 0xC7)),
}
_SAMPLE = 300  # names that are weighed letter by letter
_IDEOGRAPHS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")


def decode_unknown(names: Sequence[bytes]) -> list[str | None]:
    """For each name its text where it is not UTF-8 and its code page can be told, else None."""
    unknown = [index for index, name in enumerate(names) if not _is_utf8(name)]
    texts = decode_names([names[index] for index in unknown]) if unknown else None
    told: list[str | None] = [None] * len(names)
    for index, text in zip(unknown, texts or (), strict=bool(texts)):
        told[index] = text
    return told


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decode_names(names: Sequence[bytes]) -> list[str] | None:
    """The names as text, or None where more than one reading of them is plausible."""
    sample = list(dict.fromkeys(names))[:_SAMPLE]
    readings = {
        tuple(texts)
        for page in (*_SINGLE, *_DOUBLE)
        if _fits(sample, page) and (texts := _decode(names, page)) is not None
    }
    if len(readings) != 1:
        return None
    (only,) = readings
    return list(only) if all(_is_convincing(text) for text in only) else None


def _is_convincing(text: str) -> bool:
    """A reading that no other contradicts still may be chance: Latin names are mostly made of plain letters."""
    letters = [letter for letter in text if letter.isalpha()]
    odd = sum(not letter.isascii() for letter in letters)
    return (len(letters) >= 4 and 2 * odd <= len(letters)) or not any(
        _script(letter) == "LATIN" for letter in letters if not letter.isascii()
    )


def _decode(names: Sequence[bytes], page: str) -> list[str] | None:
    try:
        return [name.decode(page) for name in names]
    except UnicodeDecodeError:
        return None


def _fits(names: Sequence[bytes], page: str) -> bool:
    """Are all of them plausible names in this code page?"""
    texts = _decode(names, page)
    return texts is not None and all(
        _is_plausible(text) and text.encode(page, "replace") == name and (page in _SINGLE or _is_common(text, page))
        for name, text in zip(names, texts, strict=True)
    )


def _is_plausible(text: str) -> bool:
    """Only letters of one script within a word, and no capital behind a small letter."""
    before = ""
    for letter in text:
        if letter.isascii() and not letter.isalpha():
            before = ""
            continue
        category = unicodedata.category(letter)
        if not letter.isascii() and category[0] not in "LM":
            return False
        if before and _script(before) != _script(letter):
            return False
        if before.islower() and letter.isupper() and not letter.isascii():
            return False
        before = letter
    return True


def _script(letter: str) -> str:
    word = "LATIN" if letter.isascii() else unicodedata.name(letter, "?").partition(" ")[0]
    return "CJK" if word.startswith(_IDEOGRAPHS) else word


def _is_common(text: str, page: str) -> bool:
    """Is every letter of two bytes one in daily use? Half-width katakana (one byte) are mostly another page misread."""
    written = (letter.encode(page) for letter in text if not letter.isascii())
    return all(len(code) == 2 and code[0] in _COMMON_LEADS[page] for code in written)
