"""`--max-size`: what is tried to make a zip smaller, step by step, the least harm first. Nothing here loses a bit."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from repack.model import Category, Wishes
from repack.planning import presets

#: `--codec` -> what every viewer that stays must read before it is chosen without being asked for.
_MUST_READ: Mapping[str, frozenset[str]] = {
    "smallest": frozenset({"jpegls", "j2k"}),
    "jpegxl": frozenset({"jpegxl"}),
}
_EXOTIC = frozenset({"jpegxl"})  # hardly any program opens it: the last thing to try
_LEFT_BEHIND = (Category.SYMBOLS, Category.JUNK)
_FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Rung:
    """Wishes that give a smaller zip than the rung below; `added` are the options that lead here from the first."""

    wishes: Wishes
    added: tuple[str, ...] = ()


def climb(
    wishes: Wishes, readers: Sequence[Collection[str]], works: Collection[str], present: Collection[Category]
) -> Iterator[Rung]:
    """The rungs, from what was asked for upwards: codecs, then extras that no kept program needs.

    `readers` are the codecs that each viewer which stays is known to open, `works` those of this installation,
    `present` what is on the disc. A codec that the user named stays; so does each language where languages were named.
    Viewers, documents and what no rule knows are never given up here.
    """
    rung = Rung(wishes)
    yield rung
    codecs = [name for name in _free_codecs(wishes, readers) if name in works]
    steps = (
        *(_Step(("--codec", name), codec=name) for name in codecs if name not in _EXOTIC),
        _Step(("--drop-redist",), Category.REDISTRIBUTABLE, drop_redist=True),
        *(_Step(("--drop", str(category)), category, drop=category) for category in _LEFT_BEHIND),
        _Step(("--keep-locales", _FALLBACK), Category.LOCALE, locales=(_FALLBACK,)),
        *(_Step(("--codec", name), codec=name) for name in codecs if name in _EXOTIC),
    )
    for step in steps:
        climbed = step.take(rung.wishes) if step.about in present else rung.wishes
        if climbed != rung.wishes:
            kept = tuple(word for word in rung.added if not (step.codec and word.startswith("--codec")))
            rung = Rung(climbed, (*kept, " ".join(step.words)))
            yield rung


@dataclass(frozen=True, slots=True)
class _Step:
    words: tuple[str, ...]
    about: Category = Category.DICOM
    codec: str = ""
    drop_redist: bool = False
    drop: Category | None = None
    locales: tuple[str, ...] = ()

    def take(self, wishes: Wishes) -> Wishes:
        """The wishes one step further; the same where they are there already."""
        if self.codec:
            return replace(wishes, codec=self.codec, is_codec_named=True)
        if self.drop is not None:
            return wishes if self.drop in wishes.drop else replace(wishes, drop=(*wishes.drop, self.drop))
        if self.locales:
            is_settled = wishes.keep_locales or Category.LOCALE in wishes.drop
            return wishes if is_settled else replace(wishes, keep_locales=self.locales)
        is_settled = wishes.drop_redist or Category.REDISTRIBUTABLE in wishes.drop
        return wishes if is_settled else replace(wishes, drop_redist=self.drop_redist)


def _free_codecs(wishes: Wishes, readers: Sequence[Collection[str]]) -> tuple[str, ...]:
    """The other codecs that may be chosen: of the preset, and read by every viewer that stays."""
    if wishes.is_codec_named:
        return ()
    return tuple(
        name
        for name in presets.find(wishes.for_whom).codecs
        if name != wishes.codec and all(_MUST_READ[name] <= set(reads) for reads in readers)
    )
