"""REPACK/README.txt: what the zip is and how to get the originals back, for people who have never heard of repack.

The templates lie in leaflets/, one for each language. A paragraph that begins with `[name]` is shown only where the
count of that name is not 0, or its text not empty. Lines end as Windows wants them, and a mark at the start says
UTF-8: the oldest editor on the patient's computer must show it.
"""

from collections import Counter
from collections.abc import Sequence
from importlib import resources
from string import Template

from repack import codecs
from repack.dicom import syntaxes
from repack.dicom.syntaxes import EXPLICIT_LE
from repack.model import SPLIT_STUDY, Proof
from repack.record.manifest import EntryRecord, syntax_now

#: Languages with a template, in the order of the leaflet; English is always there.
LANGUAGES = ("en", "de", "es", "fr")


def choose_languages(keep_locales: Sequence[str]) -> tuple[str, ...]:
    """English, and of the others those that are kept; without a wish all are kept."""
    kept = {tag.partition("-")[0] for tag in keep_locales} or set(LANGUAGES)
    return tuple(language for language in LANGUAGES if language == "en" or language in kept)


def compose(entries: Sequence[EntryRecord], keep_locales: Sequence[str], part: tuple[int, int] | None = None) -> bytes:
    """The leaflet of a zip with these entries: the same facts in each language, no name and no date.

    `part` says which zip of how many it is, where each study has one of its own.
    """
    facts = _facts(entries) | dict(zip(("part", "parts"), map(str, part or (0, 0)), strict=True))
    texts = [_fill(language, facts) for language in choose_languages(keep_locales)]
    rule = "\n" + "-" * 76 + "\n\n"
    return rule.join(texts).replace("\n", "\r\n").encode("utf-8-sig")


def _facts(entries: Sequence[EntryRecord]) -> dict[str, str]:
    files = [entry for entry in entries if not entry.folder]
    images = [entry for entry in files if entry.action == "transcoded" and _is_image(entry)]
    proofs = Counter(entry.proof for entry in images if syntax_now(entry) != EXPLICIT_LE)
    counts = {
        "exact": proofs[Proof.EXACT],
        "samples": proofs[Proof.SAMPLES],
        "bounded": proofs[Proof.BOUNDED],
        "native": sum(syntax_now(entry) == EXPLICIT_LE for entry in images),
        "rebuilt": sum(entry.proof is Proof.EXACT for entry in images),
        "index": sum(entry.action == "transcoded" and not _is_image(entry) for entry in files),
        "unchanged": sum(entry.action == "copied" and not entry.damaged for entry in files),
        "damaged": sum(entry.action == "copied" and entry.damaged for entry in files),
        "dropped": sum(entry.action == "dropped" and entry.wish != SPLIT_STUDY for entry in files),
        "elsewhere": sum(entry.action == "dropped" and entry.wish == SPLIT_STUDY for entry in files),
    }
    return {name: str(count) for name, count in counts.items()} | _tell_openers(images)


def _tell_openers(images: Sequence[EntryRecord]) -> dict[str, str]:
    """Names of what current viewers open, of what hardly any does, and the commands that give back the pixels."""
    used = sorted({syntax_now(image) for image in images} & codecs.OPENED_AS.keys(), key=_name)
    readers = {_name(uid): codecs.OPENED_AS[uid].few_readers for uid in used}
    lossless = {syntax_now(image) for image in images if image.proof is not Proof.BOUNDED}
    unpackers = codecs.find_unpackers(uid for uid in used if uid in lossless)
    return {
        "common": ", ".join(name for name, few in readers.items() if not few),
        "rare": "\n".join(f"  {name}: {few}" for name, few in readers.items() if few),
        "recipes": "\n".join(
            f"  {f'{tool.command} A B':<24}({tool.kit}: {', '.join(map(_name, uids))})"
            for tool, uids in unpackers.items()
        ),
    }


def _name(uid: str) -> str:
    return syntaxes.find(uid).name


def _is_image(entry: EntryRecord) -> bool:
    return entry.after is not None and entry.after.transfer_syntax is not None and entry.category != "dicomdir"


def _fill(language: str, facts: dict[str, str]) -> str:
    text = resources.files("repack").joinpath("leaflets", f"{language}.txt").read_text("utf-8")
    shown = []
    for paragraph in text.split("\n\n"):
        body = paragraph
        if paragraph.startswith("["):
            condition, _, body = paragraph[1:].partition("]\n")
            if facts[condition] in {"0", ""}:
                continue
        shown.append(Template(body).substitute(facts))
    return "\n\n".join(shown)
