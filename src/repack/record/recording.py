"""From outcomes to the manifest: a line for each entry, and the round that this run was."""

import importlib.metadata
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from repack import __version__, codecs
from repack.bundles.names import as_text
from repack.codecs.frames import Codec
from repack.model import Action, Content, Dropped, KeptAsIs, Outcome, Plan, Planned, Proof, Transcoded, Wishes
from repack.record.manifest import (
    SCHEMA,
    ActionDone,
    CheckRecord,
    CodecRecord,
    EntryRecord,
    Manifest,
    Options,
    Overhead,
    OwnFile,
    Round,
    Source,
    State,
    count,
)

_TOOLS = ("pydicom", "numpy", "isal", "pefile", "langcodes")


def record(line: Planned, outcome: Outcome, carried: str | None = None) -> EntryRecord:
    """The manifest's line for one entry; `carried` is the SHA-256 of a damaged one's compressed bytes."""
    entry, decision = line.entry, line.decision
    action, after, proof = _result(outcome)
    return EntryRecord(
        path=entry.path,
        category=line.verdict.category,
        rule=line.verdict.rule,
        action=action,
        reason=outcome.reason,
        before=_state(outcome.before),
        after=after,
        proof=proof,
        wish=decision.wish,
        guard=decision.guard,
        forced=decision.forced,
        damaged=isinstance(outcome, KeptAsIs) and outcome.is_damaged,
        carried=carried,
        folder=entry.is_directory,
        notes=entry.notes if isinstance(outcome, Dropped) else (*entry.notes, *outcome.notes),
    )


def tell_damaged(count: int) -> str:
    """So many entries were damaged already, and what became of them, in words for people."""
    if count == 1:
        return "1 file is damaged in the original and was carried over just as it is"
    return f"{count:,} files are damaged in the original and were carried over just as they are"


def of_first(line: EntryRecord, held: EntryRecord, proof: Proof | None) -> EntryRecord:
    """A line of this round, with what the one before knew of the first original."""
    notes = dict.fromkeys((*held.notes, *line.notes)) if held.action == "copied" else line.notes
    return msgspec.structs.replace(line, before=held.before, proof=proof, notes=tuple(notes))


def of_same(held: EntryRecord, line: Planned, length: int) -> EntryRecord:
    """The line of an entry that stays as it is, `length` bytes in the new zip."""
    after = msgspec.structs.replace(held.after, stored=length) if held.after else None
    decision = line.decision
    return msgspec.structs.replace(held, after=after, wish=decision.wish, guard=decision.guard, forced=decision.forced)


def of_alike(like: EntryRecord, path: str, before: State, after: State) -> EntryRecord:
    """The line of an entry to which the same happened as to another one."""
    return msgspec.structs.replace(like, path=path, before=before, after=after)


def merge(past: "Manifest | None", lines: dict[int, EntryRecord]) -> list[EntryRecord]:
    """All lines in their order: those of this round by number, and those of entries that were dropped before."""
    if past is None:
        return [lines[number] for number in sorted(lines)]
    return [lines.get(number) or _not_here(held) for number, held in enumerate(past.entries)]


def _not_here(held: EntryRecord) -> EntryRecord:
    """The line of an entry that was dropped before, or of a folder that an unpacked zip does not list."""
    if held.after is None:
        return held
    reason = "a folder that is not empty; an unpacked zip does not list it"
    return msgspec.structs.replace(held, action="dropped", after=None, proof=None, reason=reason)


def _result(outcome: Outcome) -> tuple[ActionDone, State | None, Proof | None]:
    match outcome:
        case Transcoded():
            return "transcoded", _state(outcome.after), outcome.proof
        case KeptAsIs():
            before = outcome.before
            stored = outcome.content.length if outcome.content else 0
            after = State(before.size, stored, before.sha256, before.transfer_syntax)
            return "copied", after, Proof.IDENTICAL
        case Dropped():
            return "dropped", None, None


def _state(content: Content) -> State:
    return State(content.size, content.stored, content.sha256, content.transfer_syntax)


def compose(
    plan: Plan,
    entries: Sequence[EntryRecord],
    source_sha256: str | None,
    rule_files: Iterable[str],
    past: "Manifest | None" = None,
) -> Manifest:
    """The manifest of a finished run; `past` is that of the zip which was repacked again."""
    bundle = plan.bundle
    source = Source(as_text(bundle.path.name), bundle.kind, bundle.size, source_sha256)
    options = make_options(plan.wishes, rule_files)
    tools = _tools(plan)
    return Manifest(
        schema=SCHEMA,
        version=__version__,
        source=past.source if past else source,
        options=options,
        tools=tools,
        entries=tuple(entries),
        totals=count(entries),
        warnings=plan.warnings,
        codecs=_codecs(plan.wishes, entries, past),
        history=(*(past.history if past else ()), Round(__version__, _today(), source, options, tools, plan.warnings)),
    )


def seal(
    record: Manifest,
    own: Iterable[OwnFile],
    directory: str,
    overhead: tuple[int, int, int],
    conformance: Iterable[CheckRecord],
) -> Manifest:
    """The manifest with what is known only when everything else is written."""
    return msgspec.structs.replace(
        record,
        own=tuple(own),
        directory=directory,
        totals=msgspec.structs.replace(record.totals, overhead=Overhead(*overhead)),
        conformance=tuple(conformance),
    )


def _today() -> str:
    """The day of this round, in UTC (reproducible-builds.org, SOURCE_DATE_EPOCH)."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(stated), UTC) if stated.isdecimal() and len(stated) < 12 else datetime.now(UTC)
    return moment.date().isoformat()


def make_options(wishes: Wishes, rule_files: Iterable[str]) -> Options:
    """What the user asked for, as the manifest says it."""
    return Options(
        codec=wishes.codec,
        keep_locales=wishes.keep_locales,
        drop_redist=wishes.drop_redist,
        drop=tuple(str(category) for category in wishes.drop),
        drop_path=tuple(map(as_text, wishes.drop_path)),
        keep=tuple(map(as_text, wishes.keep)),
        force_drop=wishes.force_drop,
        exact_only=wishes.exact_only,
        rules=tuple(map(as_text, rule_files)),
        max_error=wishes.max_error,
        effort=wishes.effort,
        codec_named=wishes.is_codec_named,
        squeeze=wishes.squeeze,
        for_whom=wishes.for_whom,
        max_size=wishes.max_size,
        part=(wishes.part.number, wishes.part.count) if wishes.part else None,
    )


def _chosen(wishes: Wishes) -> tuple[Codec, ...]:
    return codecs.choose(wishes.codec, wishes.max_error, wishes.effort)


def _codecs(wishes: Wishes, entries: Sequence[EntryRecord], past: "Manifest | None") -> tuple[CodecRecord, ...]:
    """The codecs of this round, and those of earlier rounds whose images are still here."""
    used = {entry.after.transfer_syntax for entry in entries if entry.after and entry.action == "transcoded"}
    now = tuple(_record_codec(codec) for codec in _chosen(wishes))
    before = (codec for codec in (past.codecs if past else ()) if codec not in now and codec.transfer_syntax in used)
    return (*now, *before)


def _record_codec(codec: Codec) -> CodecRecord:
    writer, checker = (str(tool) for tool in (codec.writer, codec.checker))
    return CodecRecord(codec.name, codec.transfer_syntax, writer, checker, codec.shared_code, codec.max_error)


def _tools(plan: Plan) -> dict[str, str]:
    """Versions of what made the images, what checked them, and what read those that were compressed already."""
    found = {
        line.facts.dicom.transfer_syntax
        for line in plan.lines
        if line.facts.dicom and line.decision.action is Action.TRANSCODE
    }
    readers = [reader for uid, reader in codecs.READERS.items() if uid in found]
    packages = [
        *(tool.package for codec in _chosen(plan.wishes) for tool in (codec.writer, codec.checker)),
        *(tool.package for reader in readers for tool in (reader.tool, reader.second_tool) if tool),
    ]
    names = dict.fromkeys((*packages, *_TOOLS))
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names}
