"""A missing program is a reason to skip on a desk and a failure in CI; and no codec goes unread."""

from pathlib import Path

import pytest

from repack.codecs import BY_NAME
from tests.interop.images import SYNTHETIC, frame_bytes, read, words_of
from tests.interop.programs import call, find
from tests.interop.readers import (
    BEYOND,
    CODECS,
    FILE_READERS,
    READ_AS_STREAMS_ONLY,
    REFUSED,
    STREAM_READERS,
    decode_file,
    decode_streams,
)

ABSENT = "a-program-that-nobody-has"


def test_a_missing_program_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"{ABSENT} is not installed"):
        find(ABSENT)


def test_a_missing_program_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"{ABSENT} is not installed"):
        find(ABSENT)


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_is_read_by_a_program_from_outside(codec: str) -> None:
    files = [program for program, (_words, known) in FILE_READERS.items() if codec in known]
    streams = [program for program, (_reader, known) in STREAM_READERS.items() if codec in known]
    assert files or (codec in READ_AS_STREAMS_ONLY and streams)


def test_the_exceptions_name_known_programs_and_codecs() -> None:
    assert {program for program, _codec in BEYOND} <= {*FILE_READERS, *STREAM_READERS}
    assert {codec for _program, codec in BEYOND} | set(REFUSED) <= set(CODECS)
    assert not READ_AS_STREAMS_ONLY & {codec for _words, known in FILE_READERS.values() for codec in known}


def test_the_commands_that_people_are_told_are_tried_on_every_image() -> None:
    for name, codec in BY_NAME.items():
        for unpacker in codec.unpackers:
            program, *words = unpacker.command.split()
            assert FILE_READERS[program][0] == tuple(words)
            assert name in FILE_READERS[program][1]
            assert (program, name) not in BEYOND


#: Who else writes what a program is said to get wrong.
OTHER_WRITERS = {"jpegls": ("dcmcjpls", "+is"), "jpegls-near": ("dcmcjpls", "+is", "+en"), "rle": ("dcmcrle",)}


@pytest.mark.interop
@pytest.mark.parametrize(
    ("program", "codec", "name"),
    [
        (program, codec, name)
        for (program, codec), names in BEYOND.items()
        for name in sorted(names)
        if codec in OTHER_WRITERS
    ],
)
def test_what_is_beyond_a_program_is_so_with_the_files_of_dcmtk(
    program: str, codec: str, name: str, tmp_path: Path
) -> None:
    original = read(SYNTHETIC[name])
    (tmp_path / "old.dcm").write_bytes(SYNTHETIC[name])
    writer, *words = OTHER_WRITERS[codec]
    call(writer, *words, tmp_path / "old.dcm", tmp_path / "other.dcm")
    new = (tmp_path / "other.dcm").read_bytes()
    try:
        if program in FILE_READERS:
            found = words_of(decode_file(program, new, tmp_path))
        else:
            found = decode_streams(program, new, original, tmp_path)
    except AssertionError:  # the program gave up
        return
    assert len(found) % frame_bytes(original) == 0
    assert found != words_of(original)
