"""What the user should know of a plan: viewers that may not open the new images, files whose words no longer fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from repack.classify.needs import Need, Reference
from repack.classify.rulefile import LoadedRule, Reads
from repack.model import Action, Category, Plan, Planned

#: `--codec` -> what a viewer must read, by the names of a rule's `reads`, and what people call it.
_WRITTEN: Mapping[str, tuple[tuple[str, ...], str]] = {
    "jpegls": (("jpegls",), "JPEG-LS"),
    "jpegls-near": (("jpegls",), "JPEG-LS"),
    "j2k": (("j2k",), "JPEG 2000"),
    "htj2k": (("htj2k",), "HTJ2K"),
    "jpegxl": (("jpegxl",), "JPEG XL"),
    "rle": (("rle",), "RLE"),
    "smallest": (("jpegls", "j2k"), "JPEG-LS and JPEG 2000"),
}
_ALTERNATIVES = ("j2k", "jpegls", "rle")  # in the order in which they are worth trying
_UNKNOWN = Reads(codecs=[], source="no rule knows this program")
#: The rules that find programs which no rule knows by name.
_STRUCTURAL = frozenset({"viewer.program", "viewer.java"})
_MOST_NAMES = 2


def remark(plan: Plan, rules: Sequence[LoadedRule], needs: Iterable[Reference]) -> tuple[str, ...]:
    """Warnings about a plan that need the rules; each is one line."""
    by_id = {loaded.rule.id: loaded for loaded in reversed(rules)}  # the first of two with one id decides
    is_rewritten = any(line.decision.action is Action.TRANSCODE for line in plan.lines)
    readers = _warn_of_readers(plan, by_id, needs) if is_rewritten else iter(())
    return (*readers, *_warn_of_described(plan, by_id))


# --- viewers ---


def _warn_of_readers(plan: Plan, rules: Mapping[str, LoadedRule], needs: Iterable[Reference]) -> Iterator[str]:
    """Kept viewers that are not known to open what is written, and what they all open."""
    if plan.wishes.codec not in _WRITTEN:
        return
    wanted, name = _WRITTEN[plan.wishes.codec]
    viewers = _find_viewers(plan, rules, needs)
    doubtful = [path for path, reads in viewers.items() if not set(wanted) <= set(reads.codecs)]
    if not doubtful:
        return
    common = [codec for codec in _ALTERNATIVES if all(codec in reads.codecs for reads in viewers.values())]
    safe = " or ".join(f"--codec {codec}" for codec in (*common, "none"))
    verb = "is" if len(doubtful) == 1 else "are"
    yield f"{_name_some(doubtful)} {verb} not known to open {name}; safe: {safe}"


def _find_viewers(plan: Plan, rules: Mapping[str, LoadedRule], needs: Iterable[Reference]) -> dict[str, Reads]:
    """The kept programs that show images: known ones, those that are started; where there is neither, all."""
    kept = [line for line in plan.lines if _is_kept_viewer(line)]
    started = {need.of for need in needs if need.need is Need.NAMES}
    known = {line.entry.path: reads for line in kept if (reads := _reads(line, rules)) is not None}
    others = [line for line in kept if line.verdict.rule in _STRUCTURAL]
    found = known | {line.entry.path: _UNKNOWN for line in others if line.entry.index in started}
    return found or {line.entry.path: _UNKNOWN for line in others if line.facts.pe is not None}


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
        ("images", images, "the images for a viewer; they have changed, see if it opens"),
    ):
        about = [line.entry.path for line in plan.lines if _describes(line, rules) == what and not _is_changed(line)]
        if about and concerned:
            yield f"{_name_some(about)} {'lists' if len(about) == 1 else 'list'} {said}"


def _is_changed(line: Planned) -> bool:
    return line.decision.action is not Action.COPY


def _describes(line: Planned, rules: Mapping[str, LoadedRule]) -> str | None:
    loaded = rules.get(line.verdict.rule)
    return loaded.rule.describes if loaded is not None else None


def _name_some(paths: Sequence[str]) -> str:
    """The first by its base name, the others by their number: a line must fit on the screen."""
    names = list(dict.fromkeys(path.rpartition("/")[2] for path in paths))
    if len(names) <= _MOST_NAMES:
        return " and ".join(names)
    return f"{names[0]} and {len(names) - 1} more"
