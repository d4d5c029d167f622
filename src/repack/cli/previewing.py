"""A bundle looked at with worker processes and a progress bar, without writing anything."""

from repack import pipeline, sizing, survey
from repack.model import Plan
from repack.processes.workers import Pool
from repack.progress import NoProgress
from repack.report import console


def survey_only(request: pipeline.Request, screen: console.Screen, *, as_it_is: bool = False) -> survey.Survey:
    """What is known of a bundle; nothing is written. A zip of our own is seen as it was at first, or `as_it_is`."""
    view = survey.View(without=request.target, access=request.access, as_it_is=as_it_is)
    with Pool(request.jobs) as pool, console.watching(screen) as progress:
        return survey.survey(request.bundle, request.rule_files, pool, progress or NoProgress(), view)


def plan_only(request: pipeline.Request, screen: console.Screen) -> tuple[Plan, ...]:
    """The plan of each zip; nothing is written. With a limit of size it is the first that a sample says will fit."""
    found = survey_only(request, screen)
    pipeline.refuse_encrypted(found.bundle, request.access)
    with Pool(request.jobs) as pool, console.watching(screen) as progress:
        tools = (pool, progress or NoProgress())
        return tuple(
            sizing.first_fit(found, one.wishes, one.target.name, tools, lambda plan: plan)
            for one in pipeline.split_up(request, found)
        )
