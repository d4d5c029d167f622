"""`--for`: for whom the zip is. Each is a named set of options; an option that the user gives wins over it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from repack.dicom import syntaxes
from repack.model import Category, Purpose, Wishes

_STD_GEN_CD = frozenset({syntaxes.EXPLICIT_LE})
_STD_GEN_USB_J2K = frozenset({syntaxes.EXPLICIT_LE, "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"})
_PRUNED = (Category.SYMBOLS, Category.JUNK)
_NO_IMAGE = (
    Category.VIEWER,
    Category.RUNTIME,
    Category.LOCALE,
    Category.REDISTRIBUTABLE,
    Category.LAUNCHER,
    Category.DOCUMENT,
    Category.PREVIEW,
    *_PRUNED,
)


@dataclass(frozen=True, slots=True)
class Preset:
    """One row: what a name of `--for` stands for.

    `syntaxes` are the transfer syntaxes that `profile` lists for images (none: it names none), `codecs` those of
    `--codec` that a limit of size may choose, the preferred one first. `keeps` is what the reader needs.
    """

    name: Purpose | None
    sentence: str
    source: str
    codec: str = Wishes().codec
    is_codec_named: bool = False
    exact_only: bool = False
    drop_redist: bool = False
    drop: tuple[Category, ...] = ()
    codecs: tuple[str, ...] = ("jpegls", "smallest")
    keeps: tuple[Category, ...] = ()
    profile: str = ""
    syntaxes: frozenset[str] = frozenset()
    output: str = ""  # the name of the new zip; else made of that of the bundle
    takes_installers: bool = False  # those too that a rule keeps for a Setup or a viewer, which go as well
    is_file_set: bool = False  # the profile wants a DICOMDIR at the top


_ROWS = (
    Preset(
        Purpose.VIEWER,
        "the viewer on the disc goes on working; nothing is dropped unless you name it (as without --for)",
        "our own default",
        keeps=(Category.VIEWER, Category.RUNTIME, Category.LAUNCHER),
    ),
    Preset(
        Purpose.CD,
        "to be burnt on a CD: images stay uncompressed, as the profile STD-GEN-CD wants them; "
        "what nobody needs (installers of runtimes, files for debugging, left-overs) goes",
        "PS3.11 D.3",
        codec="none",
        is_codec_named=True,
        exact_only=True,  # images that are compressed already are told of, not blown up
        drop_redist=True,
        drop=_PRUNED,
        codecs=("none",),
        profile="STD-GEN-CD",
        syntaxes=_STD_GEN_CD,
        is_file_set=True,
    ),
    Preset(
        Purpose.USB,
        "for a USB stick: images become JPEG 2000 Lossless, as the profile STD-GEN-USB-J2K wants them",
        "PS3.11 J.3",
        codec="j2k",
        is_codec_named=True,
        codecs=("j2k",),
        profile="STD-GEN-USB-J2K",
        syntaxes=_STD_GEN_USB_J2K,
        is_file_set=True,
    ),
    Preset(
        Purpose.ZIP_MAIL,
        "for e-mail: DICOM.ZIP with JPEG-LS images, as the profile STD-GEN-ZIP-MAIL allows it; "
        "what nobody needs goes, as for cd",
        "PS3.11 L.3.1, L.3.2; PS3.12 V.1",
        drop_redist=True,
        drop=_PRUNED,
        profile="STD-GEN-ZIP-MAIL",
        output="DICOM.ZIP",
        is_file_set=True,
    ),
    Preset(
        Purpose.PORTAL,
        "to be uploaded: DICOM and DICOMDIR; no program, no autorun. "
        "Reports and what no rule knows stay, and are named",
        "our own: what those ask for who take discs in",
        drop=_NO_IMAGE,
        takes_installers=True,
    ),
)
PRESETS: Mapping[Purpose, Preset] = {row.name: row for row in _ROWS if row.name}
_NONE = Preset(None, "", "", codecs=("jpegls", "smallest", "jpegxl"))


def find(name: Purpose | None) -> Preset:
    """The preset of a name, and for no name the one that asks for nothing."""
    return PRESETS[name] if name else _NONE


def complete(wishes: Wishes, name: Purpose | None, *, is_codec_given: bool) -> Wishes:
    """The wishes with what the preset adds to them; what the user asked for stays.

    Codec and `exact_only` go together: whoever names a codec has chosen how images are written.
    """
    preset = find(name)
    added = (c for c in preset.drop if not (c is Category.LOCALE and wishes.keep_locales))
    ours = wishes
    if not is_codec_given:
        exact_only = wishes.exact_only or preset.exact_only
        ours = replace(wishes, codec=preset.codec, is_codec_named=preset.is_codec_named, exact_only=exact_only)
    return replace(
        ours,
        for_whom=name,
        drop_redist=wishes.drop_redist or preset.drop_redist,
        drop=tuple(dict.fromkeys((*wishes.drop, *added))),
    )


def spell(preset: Preset) -> tuple[str, ...]:
    """The words of the command line that mean the same; none where it is the default."""
    words: list[str] = []
    if preset.is_codec_named:
        words += ["--codec", preset.codec]
    words += ["--exact-only"] * preset.exact_only
    words += ["--drop-redist"] * preset.drop_redist
    for category in preset.drop:
        words += ["--drop", str(category)]
    return tuple(words)


def explain() -> str:
    """All presets in one text, for the help."""
    return " ".join(f"{row.name}: {row.sentence}." for row in _ROWS)
