"""`--split study`: one zip for each study. What is no image of a study is in every part, so that each works alone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from repack.model import SPLIT_STUDY, Action, Decision, Facts, Part, Plan, Planned
from repack.planning.plan import follow_folders

OPTION = SPLIT_STUDY


@dataclass(frozen=True, slots=True)
class _Studies:
    """Study Instance UID -> its number, from 1 on; the UIDs are never shown."""

    numbers: dict[str, int]

    def of(self, facts: Facts) -> int | None:
        """The number of the study that an entry belongs to; None where it belongs to none, or is an index."""
        if facts.dicom is None or facts.dicom.is_directory:
            return None
        return self.numbers.get(facts.dicom.study_uid)


def _find_studies(facts: Iterable[Facts]) -> _Studies:
    uids = (fact.dicom.study_uid for fact in facts if fact.dicom is not None and not fact.dicom.is_directory)
    return _Studies({uid: number for number, uid in enumerate(dict.fromkeys(uid for uid in uids if uid), 1)})


def find_parts(facts: Iterable[Facts]) -> tuple[Part, ...]:
    """The parts of a bundle, in the order in which their studies come; none where there is nothing to divide."""
    count = len(_find_studies(facts).numbers)
    return tuple(Part(number, count) for number in range(1, count + 1)) if count > 1 else ()


def name_part(target: Path, part: Part) -> Path:
    """scan.repacked.zip -> scan.repacked.study1of3.zip: numbers only, nothing of the patient's."""
    stem, suffix = _divide(target)
    return target.with_name(f"{stem}.study{part.number}of{part.count}{suffix}")


def find_present(target: Path) -> tuple[Path, ...]:
    """Files that are there under a name that `name_part` gives, for any part."""
    stem, suffix = _divide(target)
    pattern = re.compile(rf"{re.escape(stem)}\.study\d+of\d+{re.escape(suffix)}", re.IGNORECASE)
    folder = target.parent
    return tuple(file for file in folder.iterdir() if pattern.fullmatch(file.name)) if folder.is_dir() else ()


def _divide(target: Path) -> tuple[str, str]:
    """The name without `.zip`, and that ending, which each part gets, whatever -o says."""
    is_zip = target.suffix.lower() == ".zip"
    return (target.stem, target.suffix) if is_zip else (target.name, ".zip")


def limit(plan: Plan) -> Plan:
    """The plan of one part, if the wishes name one: images of other studies are left to their own parts."""
    part = plan.wishes.part
    if part is None:
        return plan
    studies = _find_studies(line.facts for line in plan.lines)
    decisions = [_decide(line, studies.of(line.facts), part) for line in plan.lines]
    follow_folders(plan.bundle, decisions)
    lines = tuple(replace(line, decision=made) for line, made in zip(plan.lines, decisions, strict=True))
    said = f"this is study {part.number} of {part.count}; what belongs to no study is in each of the zips"
    return replace(plan, lines=lines, warnings=(said, *plan.warnings))


def _decide(line: Planned, study: int | None, part: Part) -> Decision:
    if study is None or study == part.number or line.decision.action is Action.DROP:
        return line.decision
    return Decision(Action.DROP, f"it belongs to study {study} of {part.count}, which has a zip of its own", OPTION)
