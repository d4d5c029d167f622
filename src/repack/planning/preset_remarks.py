"""What the user should know of a plan because of `--for`: what it stands for, what wins over it, what does not fit."""

from collections.abc import Iterator, Sequence

from repack.dicom import syntaxes
from repack.model import Action, Category, Plan, Planned, Purpose
from repack.planning import presets
from repack.planning.presets import Preset

#: What a computer may start, by the end of its name; told by content: `_MAGICS`.
_STARTED = frozenset(
    "bat cmd com cpl desktop exe hta inf jar jnlp js jse lnk msi msp pif ps1 reg scr sh vb vbe vbs wsf command".split()
)
_MAGICS = frozenset({"pe", "elf", "macho"})
_MOST_NAMES = 5
_IMAGES = frozenset({Category.DICOM, Category.DICOMDIR})


def remark(plan: Plan) -> tuple[str, ...]:
    """Warnings about a plan that was made with `--for`; none without it."""
    if plan.wishes.for_whom is None:
        return ()
    preset = presets.find(plan.wishes.for_whom)
    return (
        *_say_meaning(preset),
        *_say_contradictions(plan, preset),
        *_warn_of_syntaxes(plan, preset),
        *_warn_of_file_set(plan, preset),
        *_OWN.get(plan.wishes.for_whom, _nothing)(plan),
    )


def _nothing(_plan: Plan) -> Iterator[str]:
    return iter(())


def _say_meaning(preset: Preset) -> Iterator[str]:
    words = presets.spell(preset)
    if words:
        more = "; installers go even where a rule keeps them for a Setup" if preset.takes_installers else ""
        yield f"--for {preset.name} stands for {' '.join(words)}{more}"


def _say_contradictions(plan: Plan, preset: Preset) -> Iterator[str]:
    """Options of the user that win over the preset."""
    wishes = plan.wishes
    if wishes.part is not None and preset.output:
        yield f"{preset.profile} ({preset.source}) wants the name {preset.output}: rename each zip before you send it"
    if wishes.codec != preset.codec:
        yield f"--codec {wishes.codec}, which you asked for, wins over the {preset.codec} of --for {preset.name}"
    for category in wishes.drop:
        if category in preset.keeps:
            yield f"--drop {category}, which you asked for, takes what --for {preset.name} is for"
    if any(category not in wishes.drop for category in preset.drop):
        yield (
            f"--keep-locales, which you asked for, wins over --for {preset.name}, "
            "which drops the languages together with the viewer"
        )


def _kept(plan: Plan) -> list[Planned]:
    return [line for line in plan.lines if line.decision.action is not Action.DROP and not line.entry.is_directory]


def _warn_of_syntaxes(plan: Plan, preset: Preset) -> Iterator[str]:
    """Images that stay in a form which the profile does not list, or are written in one."""
    if not preset.syntaxes:
        return
    images = [line for line in _kept(plan) if line.facts.dicom is not None and not line.facts.dicom.is_directory]
    if plan.wishes.codec != preset.codec and any(line.decision.action is Action.TRANSCODE for line in images):
        yield f"{preset.profile} ({preset.source}) does not list what --codec {plan.wishes.codec} writes"
    odd: dict[str, list[Planned]] = {}
    for line in images:
        uid = line.facts.dicom.transfer_syntax if line.facts.dicom else None
        if line.decision.action is Action.COPY and uid not in preset.syntaxes:
            odd.setdefault(syntaxes.find(uid).name, []).append(line)
    for name, lines in odd.items():
        more = f" and {len(lines) - 1:,} more stay" if len(lines) > 1 else " stays"
        yield f"{lines[0].entry.path}{more} {name}, which {preset.profile} ({preset.source}) does not list"


def _warn_of_file_set(plan: Plan, preset: Preset) -> Iterator[str]:
    """A profile of the standard wants the index of the images at the top (PS3.10 8.6)."""
    if not preset.is_file_set:
        return
    found = [line.entry.path for line in _kept(plan) if line.verdict.category is Category.DICOMDIR]
    if not found:
        yield f"there is no DICOMDIR (the index of the images), which {preset.profile} asks for; repack makes none"
    elif not any(path.upper() == "DICOMDIR" for path in found):
        yield f"{found[0]} does not lie at the top, where {preset.profile} wants the DICOMDIR; repack moves no file"


def _is_started(line: Planned) -> bool:
    if line.facts.dicom is not None:
        return False
    extension = line.entry.path.rpartition("/")[2].rpartition(".")[2].lower()
    return line.facts.magic in _MAGICS or extension in _STARTED


def _warn_of_mail(plan: Plan) -> Iterator[str]:
    programs = [line for line in _kept(plan) if _is_started(line)]
    if programs:
        yield f"{_name(programs)}: most mail servers refuse programs, in a zip too; --for portal leaves them out"


def _warn_of_others(plan: Plan) -> Iterator[str]:
    """What stays although a portal is for DICOM: programs that something keeps, reports, what no rule knows."""
    kept = [line for line in _kept(plan) if line.verdict.category not in _IMAGES and line.facts.dicom is None]
    programs = [line for line in kept if _is_started(line)]
    if programs:
        yield f"{_name(programs)}: programs that stay, see the reasons; --drop-path leaves them out"
    gone = [line for line in plan.lines if _is_dropped_document(line)]
    if gone:
        yield f"{_name(gone)}: documents that are left out; --keep keeps them"
    reasons: dict[str, list[Planned]] = {}
    for line in kept:
        if not _is_started(line):
            reasons.setdefault(line.decision.guard or line.verdict.why, []).append(line)
    for why, lines in reasons.items():
        yield f"{_name(lines)}: no DICOM, but kept ({why}); if the portal refuses it, use --drop-path"


def _is_dropped_document(line: Planned) -> bool:
    return line.verdict.category is Category.DOCUMENT and line.decision.action is Action.DROP


def _name(lines: Sequence[Planned]) -> str:
    names = ", ".join(line.entry.path for line in lines[:_MOST_NAMES])
    return f"{names} and {len(lines) - _MOST_NAMES:,} more" if len(lines) > _MOST_NAMES else names


_OWN = {Purpose.ZIP_MAIL: _warn_of_mail, Purpose.PORTAL: _warn_of_others}
