"""A bundle looked at with worker processes and a progress bar, without writing anything."""

from repack import pipeline, survey
from repack.model import Plan
from repack.report import console


def survey_only(request: pipeline.Request, screen: console.Screen, *, as_it_is: bool = False) -> survey.Survey:
    """What is known of a bundle; nothing is written. A zip of our own is seen as it was at first, or `as_it_is`."""
    with console.watching(screen, pipeline.STAGES[:1]) as progress:
        return pipeline.look(request, progress, as_it_is=as_it_is)


def plan_only(request: pipeline.Request, screen: console.Screen) -> tuple[Plan, ...]:
    """The plan of each zip; nothing is written."""
    with console.watching(screen, pipeline.STAGES[:1]) as progress:
        return pipeline.preview_parts(request, progress)
