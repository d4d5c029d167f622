"""The record of a run: one line for every entry, before and after, and how it was proven (design, section 5).

It holds no header value of any image: names of entries, sizes, hashes, transfer syntaxes, reasons. The same input and
options give the same manifest, so it holds no time and no name of a computer either.
"""

import importlib.metadata
import platform
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec

from repack import __version__, codecs
from repack.codecs.frames import Codec
from repack.model import Action, Category, Content, Dropped, KeptAsIs, Outcome, Plan, Planned, Proof, Transcoded, Wishes

SCHEMA: Literal["repack-manifest-1"] = "repack-manifest-1"
_TOOLS = ("pydicom", "numpy", "isal", "pefile", "langcodes")

ActionDone = Literal["transcoded", "copied", "dropped"]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9]+\.[0-9]+")]


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry's content at one time: `stored` is bytes in the archive (or folder), `sha256` that of the content."""

    size: Natural
    stored: Natural
    sha256: Sha256 | None
    transfer_syntax: str | None = None


class EntryRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened to one entry, and why. `wish` wanted it gone: followed where it was dropped, else not."""

    path: str
    category: Category
    rule: str
    action: ActionDone
    reason: str
    before: State
    after: State | None
    proof: Proof | None
    wish: str = ""
    forced: bool = False
    damaged: bool = False
    folder: bool = False
    notes: tuple[str, ...] = ()


class Source(msgspec.Struct, frozen=True):
    """The bundle as it was handed in; a folder has neither size nor hash of its own."""

    name: str
    kind: str
    size: Natural | None
    sha256: Sha256 | None


class Options(msgspec.Struct, frozen=True):
    """What the user asked for."""

    codec: str
    keep_locales: tuple[str, ...]
    drop_redist: bool
    drop: tuple[str, ...]
    drop_path: tuple[str, ...]
    keep: tuple[str, ...]
    force_drop: bool
    exact_only: bool
    rules: tuple[str, ...]
    max_error: Natural = 0
    effort: Natural | None = None


class CodecRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """How images were compressed, by which libraries, in which packages (`tools` has their versions).

    Where one library both writes and checks, if in two builds, `shared_code` names it: the check is weaker then.
    """

    name: str
    transfer_syntax: str
    writer: str
    checker: str
    shared_code: str = ""
    max_error: Natural = 0


class Count(msgspec.Struct, frozen=True):
    """How many files, their content, and their bytes in the archive (or folder)."""

    entries: Natural
    size: Natural
    stored: Natural


class Totals(msgspec.Struct, frozen=True):
    """Before and after, folders and our own entries not counted; `images` are those that were transcoded."""

    before: Count
    after: Count
    images: Natural
    dropped: Natural


class Manifest(msgspec.Struct, frozen=True):
    """The whole record."""

    schema: Literal["repack-manifest-1"]
    version: Version
    source: Source
    options: Options
    tools: dict[str, str]
    entries: tuple[EntryRecord, ...]
    totals: Totals
    warnings: tuple[str, ...]
    codecs: tuple[CodecRecord, ...] = ()


def record(line: Planned, outcome: Outcome) -> EntryRecord:
    """The manifest's line for one entry."""
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
        forced=decision.forced,
        damaged=isinstance(outcome, KeptAsIs) and outcome.is_damaged,
        folder=entry.is_directory,
        notes=(*entry.notes, *outcome.notes) if isinstance(outcome, Transcoded) else entry.notes,
    )


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
    plan: Plan, entries: Sequence[EntryRecord], source_sha256: str | None, rule_files: Iterable[str]
) -> Manifest:
    """The manifest of a finished run."""
    bundle = plan.bundle
    return Manifest(
        schema=SCHEMA,
        version=__version__,
        source=Source(_as_text(bundle.path.name), bundle.kind, bundle.size, source_sha256),
        options=_options(plan.wishes, tuple(map(_as_text, rule_files))),
        tools=_tools(plan),
        entries=tuple(entries),
        totals=count(entries),
        warnings=plan.warnings,
        codecs=tuple(_record_codec(codec) for codec in _chosen(plan.wishes)),
    )


def _as_text(name: str) -> str:
    """A file name that JSON can hold: bytes that are not UTF-8 (on Linux, surrogates in Python) become escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _options(wishes: Wishes, rule_files: tuple[str, ...]) -> Options:
    return Options(
        codec=wishes.codec,
        keep_locales=wishes.keep_locales,
        drop_redist=wishes.drop_redist,
        drop=tuple(str(category) for category in wishes.drop),
        drop_path=wishes.drop_path,
        keep=wishes.keep,
        force_drop=wishes.force_drop,
        exact_only=wishes.exact_only,
        rules=rule_files,
        max_error=wishes.max_error,
        effort=wishes.effort,
    )


def _chosen(wishes: Wishes) -> tuple[Codec, ...]:
    return codecs.choose(wishes.codec, wishes.max_error, wishes.effort)


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


def count(entries: Sequence[EntryRecord]) -> Totals:
    """Add up the files of a manifest."""
    files = [entry for entry in entries if not entry.folder]
    return Totals(
        before=_add_up(entry.before for entry in files),
        after=_add_up(entry.after for entry in files if entry.after is not None),
        images=sum(entry.action == "transcoded" and entry.category is Category.DICOM for entry in files),
        dropped=sum(entry.action == "dropped" for entry in files),
    )


def _add_up(states: Iterable[State]) -> Count:
    entries = size = stored = 0
    for state in states:
        entries, size, stored = entries + 1, size + state.size, stored + state.stored
    return Count(entries, size, stored)


def encode(manifest: Manifest) -> bytes:
    """The manifest as indented UTF-8 JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decode(data: bytes) -> Manifest:
    """A manifest from its JSON. Raises ValueError where it is none."""
    try:
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a manifest of repack: {error}") from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a manifest; schemas/manifest.schema.json is a copy of it for other programs."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Manifest)
