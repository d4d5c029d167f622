"""What a batch would save, disc by disc, told from a sample of each; nothing is written but for staging."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from repack import pipeline
from repack.batch.naming import Disc
from repack.batch.orders import Options
from repack.errors import Interrupted, RepackError
from repack.places import addresses, carriage
from repack.planning.estimate import Estimate, Sampling


@dataclass(frozen=True, slots=True)
class Foretold:
    """A disc and what it would save; without an estimate, the reason why there is none."""

    source: str
    estimate: Estimate | None
    reason: str = ""
    code: int = 0  # the exit code that repack would end with


def foretell(discs: Sequence[Disc], options: Options, jobs: int, how: Sampling) -> Iterator[Foretold]:
    """One disc after the other. A disc that cannot be read does not stop the others."""
    for disc in discs:
        try:
            yield Foretold(disc.given, _foretell(disc, options, jobs, how))
        except Interrupted:
            raise
        except RepackError as error:
            yield Foretold(disc.given, None, str(error), int(error.code))


def _foretell(disc: Disc, options: Options, jobs: int, how: Sampling) -> Estimate:
    with ExitStack() as stack:
        bundle = addresses.find_local(disc.address)
        if bundle is None:
            bundle = stack.enter_context(carriage.staged(disc.address, options.staging, options.most_staged)).path
        nowhere = Path(bundle.name + ".repacked.zip")  # never written
        request = pipeline.Request(bundle, nowhere, options.wishes, options.rule_files, jobs, access=options.access)
        return pipeline.estimate(request, how)
