"""All series of a plan, looked at for a report: which entries, what modality, a few pictures each. Bounded in all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from repack.model import Category, Plan, Planned
from repack.processes.workers import Crashed, Pool, give_time, with_tasks
from repack.progress import Progress
from repack.thumbnails import drawing, headers
from repack.thumbnails.drawing import File, NoPicture, Picture, SliceTask, Task
from repack.thumbnails.headers import Overview, SeriesTask
from repack.thumbnails.person import NOBODY, Person

MOST_SERIES = 40  # that get pictures: those with the most images
MOST_BYTES = 16 << 20  # of all pictures together, as PNG
STAGES = ("Looking at the series", "Drawing pictures")  # as progress calls them


@dataclass(frozen=True, slots=True)
class SeriesLook:
    """One DICOM series: `entries` are positions in the manifest, `sizes` columns and rows of its frames."""

    entries: tuple[int, ...]
    modality: str
    description: str
    frames: int
    sizes: tuple[tuple[int, int], ...] = ()
    pictures: tuple[Picture, ...] = ()
    without: str = ""  # why there are no pictures, or fewer
    person: Person = NOBODY


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of the images of a bundle; `hidden_words` must not get into a report without the patient."""

    series: tuple[SeriesLook, ...] = ()
    with_patient: bool = False
    hidden_words: frozenset[str] = frozenset()
    undrawn: int = 0  # series that got no pictures because there are so many


def look(plan: Plan, pool: Pool, progress: Progress, *, with_patient: bool) -> Looked:
    """Look at the series of a plan with worker processes: all headers of those that are drawn, few of their pixels."""
    groups = _group(plan)
    in_manifest = plan.numbers or tuple(range(len(plan.lines)))
    found = [
        replace(_describe(numbers, plan.lines), entries=tuple(in_manifest[n] for n in numbers)) for numbers in groups
    ]
    drawn = sorted(sorted(range(len(found)), key=lambda n: -found[n].frames)[:MOST_SERIES])
    tasks = [SeriesTask(tuple(_files(plan.lines, groups[n])), with_patient) for n in drawn]
    weights = [sum(file.size for file in task.files) for task in tasks]
    progress.begin(STAGES[0], sum(weights), len(tasks))
    overviews: list[Overview] = []
    looked = pool.run(headers.look_through, tasks, lambda task: give_time(sum(file.size for file in task.files)))
    for weight, result in zip(weights, looked, strict=True):
        overviews.append(Overview(withheld=_explain(result)) if isinstance(result, Crashed) else result)
        progress.advance(weight)
    pictures = _draw(overviews, pool, progress)
    words: frozenset[str] = frozenset()
    for n, overview, (done, without) in zip(drawn, overviews, pictures, strict=True):
        words |= overview.hidden_words
        found[n] = replace(found[n], sizes=overview.sizes, pictures=done, without=without, person=overview.person)
    hidden = frozenset() if with_patient else words
    return Looked(tuple(found), with_patient, hidden, len(found) - len(drawn))


def _group(plan: Plan) -> list[list[int]]:
    """The positions of the images of each series, in the order of the plan."""
    by_series: dict[tuple[str, str], list[int]] = {}
    for number, line in enumerate(plan.lines):
        dicom = line.facts.dicom
        if dicom is None or dicom.is_directory or line.verdict.category is Category.DICOMDIR or not dicom.has_pixels:
            continue
        by_series.setdefault((dicom.series_uid, dicom.modality), []).append(number)
    return list(by_series.values())


def _describe(numbers: Sequence[int], lines: Sequence[Planned]) -> SeriesLook:
    dicoms = [dicom for n in numbers if (dicom := lines[n].facts.dicom) is not None]
    return SeriesLook(
        tuple(numbers), dicoms[0].modality, dicoms[0].series_description, sum(max(d.frames, 1) for d in dicoms)
    )


def _files(lines: Sequence[Planned], numbers: Iterable[int]) -> Iterator[File]:
    for n in numbers:
        entry = lines[n].entry
        if entry.place is not None:
            yield File(entry.place, entry.size)


def _draw(overviews: Sequence[Overview], pool: Pool, progress: Progress) -> Iterator[tuple[tuple[Picture, ...], str]]:
    """For each series its pictures, and why there are none or fewer."""
    tasks: list[Task] = [task for overview in overviews for task in overview.tasks]
    progress.begin(STAGES[1], sum(map(_weigh, tasks)), len(tasks))
    results = with_tasks(pool, drawing.draw, tasks, lambda task: give_time(_weigh(task)))
    room = MOST_BYTES
    for overview in overviews:
        done: list[Picture] = []
        without = overview.withheld
        for _ in overview.tasks:
            task, result = next(results)
            progress.advance(_weigh(task))
            if isinstance(result, Crashed):
                result = NoPicture(_explain(result))
            if isinstance(result, NoPicture):
                without = without or result.reason
                continue
            room -= sum(len(picture.png) for picture in result)
            if room < 0:
                without = without or "the report would become too large"
                continue
            done += result
        yield tuple(done), without


def _explain(crashed: Crashed[Task] | Crashed[SeriesTask]) -> str:
    if crashed.is_memory:
        return "there was too little memory"
    return "its decoder came to no end" if crashed.is_late else "its decoder crashed"


def _weigh(task: Task) -> int:
    """Bytes of the files that a task looks at."""
    files = (task.file,) if isinstance(task, SliceTask) else task.files
    return sum(file.size for file in files)
