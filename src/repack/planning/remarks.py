"""What the user should know of a plan: viewers that may not open the new images, files whose words no longer fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from repack import codecs
from repack.classify.needs import Need, Reference
from repack.classify.rulefile import LoadedRule, Reads
from repack.model import Action, Category, Plan, Planned, Wishes
from repack.planning import prerequisites
from repack.planning.naming import name_some

#: `--codec` -> what a viewer must read, by the names of a rule's `reads`, and what people call it.
_WRITTEN: Mapping[str, tuple[tuple[str, ...], str]] = {
    "jpegls": (("jpegls",), "JPEG-LS"),
    "jpegls-near": (("jpegls",), "JPEG-LS"),
    "j2k": (("j2k",), "JPEG 2000"),
    "htj2k": (("htj2k",), "HTJ2K"),
    "jpegxl": (("jpegxl",), "JPEG XL"),
    "rle": (("rle",), "RLE"),
    "smallest": (("jpegls", "j2k"), "JPEG-LS or JPEG 2000"),
}
_ALTERNATIVES = ("j2k", "jpegls", "rle")  # in the order in which they are worth trying
_UNKNOWN = Reads(codecs=[], source="no rule knows this program")


def remark(plan: Plan, rules: Sequence[LoadedRule], needs: Iterable[Reference]) -> tuple[str, ...]:
    """Warnings about a plan that need the rules; each is one line."""
    is_rewritten = any(line.decision.action is Action.TRANSCODE for line in plan.lines)
    readers = _warn_of_readers(plan, rules, needs) if is_rewritten else iter(())
    return (*readers, *prerequisites.warn_of_missing(plan), *_warn_of_described(plan, _by_id(rules)))


def narrow(plan: Plan, rules: Sequence[LoadedRule], needs: Sequence[Reference], codec: str) -> Plan:
    """The plan with the warnings that hold where all images came out in this one of several possible codecs."""
    before = remark(plan, rules, needs)
    now = remark(replace(plan, wishes=replace(plan.wishes, codec=codec)), rules, needs)
    return replace(plan, warnings=(*(said for said in plan.warnings if said not in before), *now))


def _by_id(rules: Sequence[LoadedRule]) -> dict[str, LoadedRule]:
    return {loaded.rule.id: loaded for loaded in reversed(rules)}  # the first of two with one id decides


# --- viewers ---


def _warn_of_readers(plan: Plan, rules: Sequence[LoadedRule], needs: Iterable[Reference]) -> Iterator[str]:
    """Kept viewers that are not known to open what is written, and what they all open."""
    if plan.wishes.codec not in _WRITTEN:
        return
    wanted, name = _WRITTEN[plan.wishes.codec]
    viewers = find_viewers(plan, rules, needs)
    doubtful = [path for path, reads in viewers.items() if not set(wanted) <= set(reads.codecs)]
    if not doubtful:
        return
    common = [codec for codec in _ALTERNATIVES if all(codec in reads.codecs for reads in viewers.values())]
    safe = " or ".join((*common, "none"))
    yield f"{name_some(doubtful)} may not open {name}; safe: --codec {safe}"


def warn_of_rare_codec(wishes: Wishes) -> Iterator[str]:
    """For a codec that was chosen without being asked for: is there hardly a program that opens it?"""
    few = [codec.few_readers for codec in codecs.choose(wishes.codec, wishes.max_error) if codec.few_readers]
    if few:
        yield f"hardly any program opens {_WRITTEN[wishes.codec][1]} yet, only {few[0]}"


def find_viewers(plan: Plan, rules: Sequence[LoadedRule], needs: Iterable[Reference]) -> dict[str, Reads]:
    """Path -> what is known, of kept programs that show images: named ones and started ones; if none, all."""
    by_id = _by_id(rules)
    kept = [line for line in plan.lines if _is_kept_viewer(line)]
    started = {need.of for need in needs if need.need is Need.NAMES}
    known = {line.entry.path: reads for line in kept if (reads := _reads(line, by_id)) is not None}
    others = [line for line in kept if line.entry.path not in known and _is_program(line)]
    found = known | {line.entry.path: _UNKNOWN for line in others if line.entry.index in started}
    return found or {line.entry.path: _UNKNOWN for line in others if line.facts.pe is not None}


def _is_program(line: Planned) -> bool:
    """A program that no rule knows by name: of Windows, of other systems, of Java."""
    if line.facts.pe is not None:
        return line.verdict.rule == "viewer.program"
    is_jar = line.facts.magic == "zip" and line.entry.path.lower().endswith(".jar")
    return is_jar or line.facts.magic in {"elf", "macho"}


def _is_kept_viewer(line: Planned) -> bool:
    return line.decision.action is not Action.DROP and line.verdict.category is Category.VIEWER


def _reads(line: Planned, rules: Mapping[str, LoadedRule]) -> Reads | None:
    loaded = rules.get(line.verdict.rule)
    return loaded.rule.reads if loaded is not None else None


# --- files about other files ---


def _warn_of_described(plan: Plan, rules: Mapping[str, LoadedRule]) -> Iterator[str]:
    """Lists of checksums and of images that stay although what they describe changes."""
    changed = [line for line in plan.lines if not line.entry.is_directory and _is_changed(line)]
    images = [line for line in changed if line.verdict.category is Category.DICOM]
    for what, concerned, said in (
        ("checksums", changed, "checksums; those of changed files no longer fit"),
        ("images", images, "images, which have changed: try the viewer"),
    ):
        about = [line.entry.path for line in plan.lines if _describes(line, rules) == what and not _is_changed(line)]
        if about and concerned:
            yield f"{name_some(about)} {'lists' if len(about) == 1 else 'list'} {said}"


def _is_changed(line: Planned) -> bool:
    return line.decision.action is not Action.COPY


def _describes(line: Planned, rules: Mapping[str, LoadedRule]) -> str | None:
    loaded = rules.get(line.verdict.rule)
    return loaded.rule.describes if loaded is not None else None
