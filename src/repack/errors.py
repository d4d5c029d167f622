"""Exit codes, and the errors that stop a run.

    RepackError                1   a bug in repack, or its base
    ├── WrongUsage             2   the command line asks for something that cannot be
    ├── BundleUnreadable       3   the bundle cannot be opened or listed
    ├── RuleInvalid            4   a rule file says something that no rule can say
    ├── OutputUnwritable       5   the new zip cannot be written where it should go
    ├── ProofFailed            6   the finished zip did not pass its check; nothing was published
    ├── DifferenceFound        7   a finished zip is damaged where everything else depends on it
    └── Interrupted          130   somebody pressed Ctrl-C

One bad entry is never an error: it is an outcome with a reason (`model`). Every class hands all its arguments to
`Exception.__init__`, so that it survives the way out of a worker process.
"""

from enum import IntEnum

#: What to do about a path that cannot even be looked at.
OUT_OF_REACH = "check the path and the permissions of its folders"


class ExitCode(IntEnum):
    """What the process says to the shell; the table of docs/options.md."""

    DONE = 0
    BUG = 1
    USAGE = 2
    UNREADABLE = 3
    RULES = 4
    UNWRITABLE = 5
    PROOF = 6
    DIFFERENT = 7
    INTERRUPTED = 130


class RepackError(Exception):
    """Base of every error that ends a run: what happened, and what to do next."""

    code = ExitCode.BUG


class WrongUsage(RepackError):
    """WrongUsage(problem, advice): a request that cannot be carried out as written."""

    code = ExitCode.USAGE

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem, advice)

    def __str__(self) -> str:
        return f"{self.args[0]}; {self.args[1]}"


class BundleUnreadable(RepackError):
    """BundleUnreadable(bundle, problem, advice): the bundle cannot be opened, listed or read."""

    code = ExitCode.UNREADABLE

    def __init__(self, bundle: str, problem: str, advice: str) -> None:
        super().__init__(bundle, problem, advice)

    def __str__(self) -> str:
        return f"cannot read {self.args[0]}: {self.args[1]}; {self.args[2]}"


class RuleInvalid(RepackError):
    """RuleInvalid(file, place, problem, advice): a rule file breaks the language of rules."""

    code = ExitCode.RULES

    def __init__(self, file: str, place: str, problem: str, advice: str) -> None:
        super().__init__(file, place, problem, advice)

    def __str__(self) -> str:
        return f"{self.args[0]}, {self.args[1]}: {self.args[2]}; {self.args[3]}"


class OutputUnwritable(RepackError):
    """OutputUnwritable(target, problem, advice): the new zip cannot be put where it was asked for."""

    code = ExitCode.UNWRITABLE

    def __init__(self, target: str, problem: str, advice: str) -> None:
        super().__init__(target, problem, advice)

    def __str__(self) -> str:
        return f"cannot write {self.args[0]}: {self.args[1]}; {self.args[2]}"


class ProofFailed(RepackError):
    """ProofFailed(target, entry, problem): the finished zip differs from what was put into it."""

    code = ExitCode.PROOF

    def __init__(self, target: str, entry: str, problem: str) -> None:
        super().__init__(target, entry, problem)

    def __str__(self) -> str:
        return (
            f"{self.args[0]} was not published: {self.args[1]} {self.args[2]}; "
            "check the disk and the memory of this computer, then run again"
        )


class DifferenceFound(RepackError):
    """DifferenceFound(zip, where, problem): a zip that repack made is no longer what it was."""

    code = ExitCode.DIFFERENT

    def __init__(self, archive: str, where: str, problem: str) -> None:
        super().__init__(archive, where, problem)

    def __str__(self) -> str:
        return f"{self.args[0]} has changed since repack made it: {self.args[1]} {self.args[2]}; get a better copy"


class Interrupted(RepackError):
    """Interrupted(): stopped by the user; nothing was published."""

    code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "interrupted; the input is untouched, and nothing half-written was left"
