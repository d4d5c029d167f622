"""What a report tells of: a finished run (its manifest), or a bundle that was only looked at (a plan)."""

from dataclasses import dataclass, field

from repack.model import Category, Plan
from repack.record.manifest import CodecRecord, EntryRecord, Manifest, State
from repack.report import glossary
from repack.thumbnails import person
from repack.thumbnails.looking import Looked


@dataclass(frozen=True, slots=True)
class Told:
    """The entries of a bundle and what happened to them; of one that was only looked at, `after` is None everywhere."""

    entries: tuple[EntryRecord, ...]
    name: str  # of the bundle
    size: int  # of the bundle, in bytes
    new_size: int | None  # of the new zip; None: nothing was done
    warnings: tuple[str, ...] = ()
    codec: str = ""
    codecs: tuple[CodecRecord, ...] = ()
    max_error: int = 0
    version: str = ""
    day: str = ""
    sha256: str = ""
    tools: dict[str, str] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Was something done, or only looked?"""
        return self.new_size is not None

    @property
    def files(self) -> tuple[EntryRecord, ...]:
        """The entries that are no folders."""
        return tuple(entry for entry in self.entries if not entry.folder)


def of_manifest(manifest: Manifest, new_size: int) -> Told:
    """A finished run, whose zip has `new_size` bytes."""
    last = manifest.history[-1] if manifest.history else None
    source = manifest.source
    return Told(
        entries=manifest.entries,
        name=source.name,
        size=source.size if source.size is not None else manifest.totals.before.size,
        new_size=new_size,
        warnings=manifest.warnings,
        codec=manifest.options.codec,
        codecs=manifest.codecs,
        max_error=manifest.options.max_error,
        version=manifest.version,
        day=last.date if last else "",
        sha256=source.sha256 or "",
        tools=manifest.tools,
    )


def of_plan(plan: Plan, version: str) -> Told:
    """A bundle that was only looked at."""
    entries = tuple(
        EntryRecord(
            path=line.entry.path,
            category=line.verdict.category,
            rule=line.verdict.rule,
            action="copied",
            reason=line.verdict.why,
            before=State(
                line.entry.size,
                line.entry.stored,
                None,
                line.facts.dicom.transfer_syntax if line.facts.dicom else None,
            ),
            after=None,
            proof=None,
            folder=line.entry.is_directory,
            notes=line.entry.notes,
        )
        for line in plan.lines
    )
    size = plan.bundle.size if plan.bundle.size is not None else sum(line.entry.size for line in plan.lines)
    return Told(entries, plan.bundle.path.name, size, None, plan.bundle.notes, version=version)


@dataclass(frozen=True, slots=True)
class Discretion:
    """What of a bundle's own words may be shown: everything, or only what does not tell whose it is.

    Paths of images and documents, the bundle's name and descriptions often hold the patient's name, so without leave
    they are not shown at all, not in messages either. Paths of programs are; words of the patient's name and numbers
    are taken out of both.
    """

    with_patient: bool
    hidden_words: frozenset[str] = frozenset()
    hidden_names: tuple[str, ...] = ()  # of files, the longest first

    def text(self, text: str) -> str:
        """A message without the names and words that must not be seen."""
        if self.with_patient:
            return text
        for name in self.hidden_names:
            text = text.replace(name, "...")
        return person.hide(text, self.hidden_words)

    def path(self, entry: EntryRecord) -> str:
        """The path of an entry, or nothing where it might tell too much."""
        if self.with_patient:
            return entry.path
        return person.hide(entry.path, self.hidden_words) if entry.category in glossary.OF_PROGRAMS else ""


def discretion(told: Told, looked: Looked) -> Discretion:
    """As it was asked for when the bundle was looked at."""
    if looked.with_patient:
        return Discretion(with_patient=True)
    shown = glossary.OF_PROGRAMS | {Category.DICOMDIR}
    paths = [told.name, *(entry.path for entry in told.entries if entry.category not in shown)]
    names = {path for path in paths if "/" in path or "." in path}
    names |= {base for path in paths if "." in (base := path.rpartition("/")[2])}
    return Discretion(
        with_patient=False,
        hidden_words=looked.hidden_words,
        hidden_names=tuple(sorted(names, key=lambda name: (-len(name), name))),
    )
