"""Times as a zip says them: two DOS words, and the exact time beside them where its field can hold it."""

import calendar
import time

from repack.model import Stamp

_FIRST_DOS_SECOND = 315_532_800  # 1980-01-01T00:00:00Z, the first time that a zip can say
_LAST_DOS_SECOND = 4_354_819_198  # 2107-12-31T23:59:58Z


def from_seconds(seconds: float, offset: int = 0) -> Stamp:
    """From seconds since 1970; the DOS words in the time zone `offset` seconds east of Greenwich, never in ours."""
    whole = int(seconds)
    moment = time.gmtime(min(max(whole + offset, _FIRST_DOS_SECOND), _LAST_DOS_SECOND))
    exact = b""
    if -(1 << 31) <= whole < 1 << 31:  # what field 0x5455 (APPNOTE 4.5.5) can say
        exact = b"UT\x05\x00\x01" + whole.to_bytes(4, "little", signed=True)
    return Stamp(
        (moment.tm_year - 1980) << 9 | moment.tm_mon << 5 | moment.tm_mday,
        moment.tm_hour << 11 | moment.tm_min << 5 | moment.tm_sec // 2,
        exact,
    )


def from_clock(clock: tuple[int, int, int, int, int, int], offset: int) -> Stamp:
    """From year, month, day, hour, minute, second on a disc written `offset` seconds east of Greenwich.

    A date that no calendar has becomes the earliest that a zip can say, without an exact time.
    """
    _year, month, day, hour, minute, second = clock
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return Stamp(1 << 5 | 1, 0)
    return from_seconds(calendar.timegm((*clock, 0, 0, 0)) - offset, offset)
