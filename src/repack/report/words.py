"""How numbers and names are written for people: sizes, shares, names from a disc made safe for a terminal."""

import unicodedata

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
#: Signs that an output may lack, and what is written instead. Letters of names are not among them: a name is exact.
_ALIKE = str.maketrans({
    "\u2026": "...", "\u00d7": "x", "\u2010": "-", "\u2013": "-", "\u2014": "-", "\u2192": "->", "\u00b7": "-",
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u202f": " ",
    "®": "(R)", "©": "(C)", "™": "(TM)", "≤": "<=", "≥": ">=", "±": "+-",
})  # fmt: skip


def size(count: int) -> str:
    """Bytes in decimal units, three figures: 999 bytes, 1.23 MB, 12.3 MB, 123 MB."""
    value, unit = float(count), 0
    while value >= 999.5 and unit + 1 < len(_UNITS):
        value, unit = value / 1000, unit + 1
    if unit == 0:
        return f"{count} {'byte' if count == 1 else 'bytes'}"
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {_UNITS[unit]}"


def saved(before: int, after: int) -> str:
    """What was saved, in whole percent; a growth shows as such, and nothing is shown where nothing changed."""
    if not before or before == after:
        return "-"
    percent = 100 * (before - after) / before
    if after == 0:
        return "100 %"
    if percent < 0:
        return f"+{-percent:.0f} %" if percent <= -1 else "+<1 %"
    return f"{min(percent, 99):.0f} %" if percent >= 1 else "<1 %"


def change(before: int, after: int) -> str:
    """From what to what, and what that means: 2.00 MB became 1.00 MB (50 % saved), or so much larger."""
    share = saved(before, after)
    means = f"{share.removeprefix('+')} larger" if after > before > 0 else f"{share} saved"
    if share == "-":
        means = "nothing saved"
    return f"{size(before)} became {size(after)} ({means})"


def printable(text: str) -> str:
    """A text from a disc without control characters, which could drive the terminal."""
    return "".join(
        f"\\x{ord(letter):02x}" if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else letter
        for letter in text
    )


def writable(text: str, encoding: str) -> str:
    """The text as an output in this encoding can show it: signs by their like, letters as `\\xe4` or `\\u4e2d`."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ALIKE).encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:  # an encoding that Python does not know
        return writable(text, "ascii")
    return text


def plural(count: int, one: str, many: str = "") -> str:
    """1 image, 2 images, 1,234 images."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
