"""Manifest (or plan) and what was seen of the images -> the report, as plain data. Pure: the same in, the same out."""

from dataclasses import replace

from repack.model import Proof
from repack.record.manifest import is_image
from repack.report import accounts, advice, areas, cards, words
from repack.report.page import Check, Fact, Figure, Report
from repack.report.told import Discretion, Told, discretion
from repack.thumbnails.looking import Looked

_PRIVATE = (
    "This page names no patient: names, numbers, dates and descriptions of the examination are left out, and so are "
    "the names of folders and documents, because they often hold the patient's name. The pictures are the patient's "
    "images, though; share the page only with people who may see those."
)
_OPEN = "This page names the patient, because that was asked for. Share it only with people who may see it."

_MOST_PEOPLE = 12


def compose(told: Told, looked: Looked, conformance: tuple[Check, ...] = ()) -> Report:
    """The report of a finished run, or of a bundle that was looked at."""
    discreet = discretion(told, looked)
    return Report(
        title="Your scan, repacked" if told.is_done else "What is on this disc",
        headline=_headline(told),
        lead=_lead(told, looked),
        is_done=told.is_done,
        people=_people(looked),
        figures=_figures(told, looked),
        whole=accounts.whole(told),
        categories=accounts.categories(told),
        areas=areas.areas(told, looked, discreet),
        cards=cards.cards(told, looked),
        cards_note=cards.note(told, looked),
        more_series=cards.more(told, looked),
        dropped=accounts.dropped(told, discreet),
        against=accounts.against(told, discreet),
        kept=accounts.kept_images(told, discreet),
        warnings=accounts.warnings(told, discreet),
        opening=advice.opening(told),
        readers=advice.readers(told),
        giving_back=advice.giving_back(told),
        proofs=accounts.proofs(told),
        conformance=tuple(replace(check, note=discreet.text(check.note)) for check in conformance),
        colophon=_colophon(told, discreet),
        privacy=_OPEN if looked.with_patient else _PRIVATE,
    )


def _headline(told: Told) -> str:
    if told.new_size is None:
        return f"{words.size(told.size)} in {words.plural(len(told.files), 'file')}"
    if told.new_size >= told.size:
        return "As small as it was already"
    return f"{words.saved(told.size, told.new_size)} smaller"


def _lead(told: Told, looked: Looked) -> str:
    series = words.plural(len(looked.series), "series", "series")
    found = sum(len(one.entries) for one in looked.series)
    if told.new_size is None:
        return f"It holds {words.plural(found, 'image file')} in {series}. Nothing was changed."
    change = f"{words.size(told.size)} became {words.size(told.new_size)}."
    return f"{change} {_proven(told)}"


def _proven(told: Told) -> str:
    done = [entry for entry in told.files if is_image(entry) and entry.action == "transcoded"]
    lossy = sum(entry.proof is Proof.BOUNDED for entry in done)
    samples = sum(entry.proof is Proof.SAMPLES for entry in done)
    if lossy:
        bound = max((codec.max_error for codec in told.codecs), default=told.max_error)
        return f"{words.plural(lossy, 'image')} lost a little, as you asked: no value differs by more than {bound}."
    if not done:
        return "No image was changed."
    how = "stored without compression" if told.codec == "none" else "compressed without any loss"
    count = words.plural(len(done), "image was", "images were")
    said = f"{count} {how}: every pixel has its original value"
    if samples == len(done):
        return f"{said}."
    rebuilt = f"{len(done) - samples:,} of the original files" if samples else "every original file"
    return f"{said}, and {rebuilt} can be rebuilt byte for byte. That was tried before this page was written."


def _figures(told: Told, looked: Looked) -> tuple[Figure, ...]:
    images = [told.entries[n] for one in looked.series for n in one.entries]  # not all DICOM files hold images
    figures = [
        Figure(f"{len(images):,}", "image file" if len(images) == 1 else "image files"),
        Figure(f"{len(looked.series):,}", "series"),
    ]
    if told.is_done:
        done = sum(entry.action == "transcoded" for entry in images)
        gone = sum(entry.action == "dropped" for entry in told.files)
        lossy = any(entry.proof is Proof.BOUNDED for entry in images)
        how = "images compressed, with a small loss" if lossy else "images compressed and proven"
        if told.codec == "none":
            how = "images stored anew, uncompressed, and proven"
        figures[:1] = [Figure(f"{done:,} of {len(images):,}", how)]
        figures.append(Figure(f"{gone:,}", "file left out" if gone == 1 else "files left out"))
    others = len(told.files) - len(images)
    figures.append(Figure(f"{others:,}", "other file on the disc" if others == 1 else "other files on the disc"))
    return tuple(figure for figure in figures if figure.value != "0")


def _people(looked: Looked) -> tuple[Fact, ...]:
    """The patients, each once; empty unless that was asked for."""
    people = {}
    for one in looked.series if looked.with_patient else ():
        who = one.person
        if who.name or who.number:
            said = ", ".join(part for part in (who.number, who.birth_date, who.sex) if part)
            people[who.name, said] = Fact(who.name or "(no name)", said)
    shown = tuple(people.values())[:_MOST_PEOPLE]
    hidden = len(people) - len(shown)
    return (*shown, Fact(f"and {hidden:,} more", "")) if hidden else shown


def _colophon(told: Told, discreet: Discretion) -> tuple[Fact, ...]:
    facts = [
        Fact("Disc", told.name if discreet.with_patient else ""),
        Fact("Made on", told.day),
        Fact("Made with", f"repack {told.version}" if told.version else ""),
        *(
            Fact(
                f"{codec.name}: written and checked by", f"{codec.writer}; {codec.checker}{_shared(codec.shared_code)}"
            )
            for codec in told.codecs
        ),
        Fact("Tools", ", ".join(f"{name} {version}" for name, version in told.tools.items())),
        Fact("SHA-256 of the original bundle", told.sha256),
    ]
    return tuple(fact for fact in facts if fact.value)


def _shared(library: str) -> str:
    return f" (both use {library}, so this check is weaker)" if library else ""
