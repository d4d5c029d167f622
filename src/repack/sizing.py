"""`--max-size`: the first plan of the ladder whose zip is small enough, or one line that says how much is missing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from repack import codecs
from repack.errors import BundleUnreadable, OutputUnwritable
from repack.model import Action, Category, Plan, Wishes
from repack.planning import again, ladder, parts, presets, remarks
from repack.planning.estimate import Estimate, Memo, Sampling, estimate_plan
from repack.planning.ladder import Rung
from repack.processes.workers import Pool
from repack.progress import Progress
from repack.report import words
from repack.survey import Survey, make_plan

_Result = TypeVar("_Result")
_PER_ENTRY = 76 + 110  # bytes: the two headers of a zip (APPNOTE 4.3.7, 4.3.12), a line of the manifest, deflated
_OF_OUR_OWN = 8_000  # bytes: the rest of the manifest, and the leaflet
_SAMPLING = Sampling(24)  # images, about: within half a percent on a real series; what is as near as that is tried
_SMALLEST_OF_ALL = "jpegxl"
_VIEWERS = (Category.VIEWER, Category.RUNTIME, Category.LOCALE, Category.LAUNCHER)


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A zip that was written and is larger than it may be, in bytes; it was not published."""

    size: int


def first_fit(
    found: Survey,
    wishes: Wishes,
    name: str,
    tools: tuple[Pool, Progress],
    attempt: Callable[[Plan], _Result | TooLarge],
) -> _Result:
    """What `attempt` makes of the first plan that fits into `wishes.max_size`. Raises OutputUnwritable (`name`).

    Without a limit there is one plan only. A plan is attempted where a sample says that it may fit; what counts is the
    zip itself.
    """
    limit = wishes.max_size
    if limit is None:
        result = attempt(make_plan(found, wishes))
        assert not isinstance(result, TooLarge)  # noqa: S101  nothing is too large without a limit
        return result
    search = _Search(found, limit, tools)
    for rung in _rungs(found, wishes):
        plan = search.look(rung)
        if plan is not None:
            result = attempt(plan)
            if not isinstance(result, TooLarge):
                return result
            search.note(rung, result.size, is_true=True)
    raise OutputUnwritable(name, *search.explain(wishes))


def _rungs(found: Survey, wishes: Wishes) -> Iterator[Rung]:
    plan = make_plan(found, wishes)
    viewers = remarks.find_viewers(plan, found.rules, found.needs)
    present = {line.verdict.category for line in plan.lines if line.decision.action is not Action.DROP}
    works = [
        option
        for option in presets.find(wishes.for_whom).codecs
        if not any(codecs.find_problem(codec) for codec in codecs.choose(option))
    ]
    return ladder.climb(wishes, [reads.codecs for reads in viewers.values()], works, present)


class _Search:
    """What was learned on the way up: the size of each rung, as it was estimated or as it came out."""

    def __init__(self, found: Survey, limit: int, tools: tuple[Pool, Progress]) -> None:
        self._found, self._limit = found, limit
        self._pool, self._progress = tools
        self._memo: Memo = {}
        self._sizes: list[tuple[int, bool, Rung]] = []  # bytes, whether that is true, of which

    def look(self, rung: Rung) -> Plan | None:
        """The plan of a rung, if it may fit; it says what it does beyond what was asked for, and why."""
        plan = make_plan(self._found, rung.wishes)
        guess = self._estimate(plan)
        if guess is not None and guess.after - guess.error > self._limit:
            self.note(rung, guess.after, is_true=not guess.error)
            return None
        if rung.added:
            first, is_true, _rung = self._sizes[0]
            about = "" if is_true else "about "
            why = f"as asked it would take {about}{words.size(first)}"
            said = f"to fit into --max-size {words.size(self._limit)}: {', '.join(rung.added)}; {why}"
            is_ours = f"--codec {rung.wishes.codec}" in rung.added
            rare = remarks.warn_of_rare_codec(rung.wishes) if is_ours else ()
            plan = replace(plan, warnings=(said, *rare, *plan.warnings))
        return plan

    def _estimate(self, plan: Plan) -> Estimate | None:
        """What a sample tells of a plan; None where it need not be asked, or where only the run can tell."""
        if upper_bound(plan) <= self._limit:
            return None
        past = self._found.past
        try:
            if past is not None:
                return again.estimate_again(plan, past, self._pool, _SAMPLING, self._progress, self._memo)
            return estimate_plan(plan, None, self._pool, _SAMPLING, self._progress, self._memo)
        except BundleUnreadable:  # the run says so, too, and what can be done about it
            return None

    def note(self, rung: Rung, size: int, *, is_true: bool) -> None:
        """This rung is too large."""
        self._sizes.append((size, is_true, rung))

    def explain(self, wishes: Wishes) -> tuple[str, str]:
        """What is missing at the top of the ladder, and what else would help."""
        size, is_true, rung = min(self._sizes, key=lambda found: found[0])
        about = "" if is_true else "about "
        by = f" with {', '.join(rung.added)}" if rung.added else ""
        missing = words.size(max(1, size - self._limit))
        problem = f"it would take {about}{words.size(size)}{by}: {missing} more than --max-size"
        helping = list(self._help(rung, wishes))
        return problem, "; ".join(helping) if helping else "nothing else can be left out without loss: allow more"

    def _help(self, rung: Rung, wishes: Wishes) -> Iterator[str]:
        """Options of the user's own that would make the zip smaller."""
        size = min(found[0] for found in self._sizes)
        divided = parts.find_parts(self._found.facts)
        if divided and wishes.part is None:
            yield f"repack BUNDLE {parts.OPTION} makes {len(divided)} zips, each of which may be that large"
        tried = {each.wishes.codec for _size, _is_true, each in self._sizes}
        is_bound = presets.find(wishes.for_whom).codecs == (wishes.codec,)
        if not is_bound and codecs.SMALLEST not in tried:
            doubt = "" if wishes.is_codec_named else ", but the viewer on the disc may not open it"
            yield f"--codec {codecs.SMALLEST} may help a little{doubt}"
        if not is_bound and _SMALLEST_OF_ALL not in tried:
            yield f"--codec {_SMALLEST_OF_ALL} is smaller, but hardly any program opens it"
        plan = make_plan(self._found, rung.wishes)
        without = replace(rung.wishes, drop=tuple(dict.fromkeys((*rung.wishes.drop, *_VIEWERS))))
        saved = upper_bound(plan) - upper_bound(make_plan(self._found, without))
        if saved > self._limit // 1000:
            enough = "" if saved > size - self._limit else ", which is not enough"
            drops = " ".join(f"--drop {category}" for category in _VIEWERS)
            yield f"{drops} would save {words.size(saved)}{enough}"


def upper_bound(plan: Plan) -> int:
    """Bytes that the zip cannot exceed as long as nothing grows: everything as it lies in the bundle."""
    return sum(_bounds(plan), _OF_OUR_OWN)


def _bounds(plan: Plan) -> Iterator[int]:
    for line in plan.lines:
        kept = 0 if line.decision.action is Action.DROP else line.entry.stored
        yield kept + _PER_ENTRY * 2 + 2 * len(line.entry.name.raw)
