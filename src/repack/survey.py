"""Bundle -> facts -> verdicts -> plan: everything that is known of a bundle before anything is done to it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from repack import moving
from repack.bundles import open_bundle
from repack.classify import facts, references, rulefile, rules
from repack.classify.rulefile import LoadedRule
from repack.classify.rules import Surroundings
from repack.errors import BundleUnreadable
from repack.giveback.finished import find_earlier, set_foreign_aside
from repack.model import Access, Bundle, Entry, Facts, Plan, Wishes
from repack.moving import Past
from repack.output import archive
from repack.planning import nested, parts, preset_remarks, remarks
from repack.planning.plan import decide
from repack.processes.workers import Crashed, Pool, give_time
from repack.progress import Progress
from repack.stopwatch import stage, timed

_FACTS_LOT = 64  # entries whose facts one task gathers
_INLINE_FACTS = 2_000  # below this many entries, workers would take longer to start than the facts take
_INLINE_BYTES = 8 << 20  # and with less in large programs and texts


Begin = Callable[[Sequence[Entry], Sequence[Facts]], None]


def no_beginning(_entries: Sequence[Entry], _facts: Sequence[Facts]) -> None:
    """For who only wants to know."""


@dataclass(frozen=True, slots=True)
class View:
    """How to look at a bundle: without its own output, with which password and limits, as it is or as it once was."""

    without: Path | None = None
    access: Access = field(default_factory=Access)
    as_it_is: bool = False
    digests: bool = False  # note the SHA-256 of what is read to its end


@dataclass(frozen=True, slots=True)
class Survey:
    """A bundle with everything that is known of its entries."""

    bundle: Bundle
    facts: tuple[Facts, ...]
    needs: tuple[references.Reference, ...]
    rules: tuple[LoadedRule, ...]
    surroundings: Surroundings
    past: Past | None = None


def load_rules(files: Sequence[Path]) -> tuple[LoadedRule, ...]:
    """The user's rules, then the built-in ones. Raises RuleInvalid."""
    own = (loaded for file in files for loaded in rulefile.load_file(file))
    return (*own, *rulefile.load_builtin())


def survey(
    path: Path,
    rule_files: Sequence[Path],
    pool: Pool,
    progress: Progress,
    view: View = View(),
    begin: Begin = no_beginning,
) -> Survey:
    """Open a bundle and gather the facts of every entry. Raises BundleUnreadable and RuleInvalid.

    A zip that repack made is seen as its first original, unless the view is `as_it_is`. Of any other bundle `begin`
    hears the facts as they are found.
    """
    loaded = load_rules(rule_files)
    with stage("directory"):
        opened = set_foreign_aside(_leave_out(open_bundle(path, view.access), view.without))
    past = None if view.as_it_is else moving.find_past(opened)
    bundle = past.bundle if past else opened
    if not any(not entry.is_directory for entry in bundle.entries):
        raise BundleUnreadable(bundle.path.name, "it holds no files", "check that this is the right bundle")
    progress.begin("Looking at the disc", sum(entry.size for entry in bundle.entries), len(bundle.entries))
    gathered: dict[int, Facts] = {}
    for lot, found in _gather(bundle.entries, pool, partial(facts.gather, digests=view.digests)):
        gathered.update(zip((entry.index for entry in lot), found, strict=True))
        progress.advance(sum(entry.size for entry in lot), len(lot))
        if past is None:
            begin(lot, found)
        pool.listen()
    known = tuple(gathered[entry.index] for entry in bundle.entries)
    known = moving.as_first(past, known) if past else known
    needs = references.relate(bundle.entries, known)
    pool.listen()
    around = rules.survey(bundle.entries, known, needs, loaded)
    inside = nested.remark(bundle.kind, zip(bundle.entries, known, strict=True))
    bundle = replace(bundle, notes=(*bundle.notes, *inside, *find_earlier(bundle, known)))
    return Survey(bundle, known, needs, loaded, around, past)


def _leave_out(bundle: Bundle, target: Path | None) -> Bundle:
    """The bundle without the output and its drafts, which may lie inside a folder that is being read."""
    if bundle.kind != "folder" or target is None:
        return bundle
    try:
        relative = target.resolve().relative_to(bundle.path).as_posix()
    except ValueError:
        return bundle
    kept = (e for e in bundle.entries if e.path != relative and not e.path.endswith(archive.DRAFT_SUFFIX))
    return replace(bundle, entries=tuple(replace(entry, index=n) for n, entry in enumerate(kept)))


def _gather(
    entries: Sequence[Entry], pool: Pool, gather: Callable[[tuple[Entry, ...]], tuple[Facts, ...]]
) -> Iterator[tuple[tuple[Entry, ...], tuple[Facts, ...]]]:
    """The facts of all entries, lot by lot: what takes long in the workers, the largest first, the rest here."""
    far = [entry for entry in entries if facts.takes_long(entry)]
    if sum(entry.size for entry in far) < _INLINE_BYTES:
        far = []
    far_ones = {entry.index for entry in far}
    near = [entry for entry in entries if entry.index not in far_ones]
    lots = [tuple(near[n : n + _FACTS_LOT]) for n in range(0, len(near), _FACTS_LOT)]
    for_workers: list[tuple[Entry, ...]] = [(entry,) for entry in sorted(far, key=lambda entry: -entry.size)]
    for lot in for_workers:
        pool.begin(gather, lot, _allow)
    if len(near) > _INLINE_FACTS:
        for_workers += lots
    else:
        yield from ((lot, gather(lot)) for lot in lots)
    for lot, found in zip(for_workers, pool.run(gather, for_workers, _allow), strict=True):
        if isinstance(found, Crashed):
            problem = "reading it came to no end" if found.is_late else "reading it crashed a worker"
            yield lot, tuple(Facts("unreadable", problem=problem) for _ in lot)
        else:
            yield lot, found


def _allow(lot: tuple[Entry, ...]) -> float:
    """Seconds that it may take to gather the facts of some entries."""
    return give_time(sum(entry.size for entry in lot))


def rejudge(found: Survey, loaded: tuple[LoadedRule, ...]) -> Survey:
    """The same bundle by other rules; its facts are not gathered again."""
    around = rules.survey(found.bundle.entries, found.facts, found.needs, loaded)
    return replace(found, rules=loaded, surroundings=around)


@timed("plan")
def make_plan(found: Survey, wishes: Wishes) -> Plan:
    """Verdicts on every entry, and what the wishes and guards make of them."""
    verdicts = tuple(
        rules.judge(entry, fact, found.rules, found.surroundings)
        for entry, fact in zip(found.bundle.entries, found.facts, strict=True)
    )
    plan = decide(found.bundle, found.facts, verdicts, found.needs, wishes)
    noted = (*preset_remarks.remark(plan), *remarks.remark(plan, found.rules, found.needs))
    plan = replace(plan, warnings=tuple(dict.fromkeys((*plan.warnings, *noted))))
    plan = parts.limit(plan)
    return moving.look_back(plan, found.past) if found.past else plan
