"""What can be shown without a terminal library: errors, data for programs, texts that are laid out already.

Only this module and report.console print. Both write nothing that the output's encoding does not have.
"""

import sys
from typing import TextIO

from repack.report import words


def show_error(message: str) -> None:
    """One line that says what, where, and what to do next."""
    if sys.stderr is not None:  # a program without a console
        print(words.writable(f"repack: {words.printable(message)}", encoding_of(sys.stderr)), file=sys.stderr)


def show_json(data: bytes) -> None:
    """Data for programs, on standard output, in UTF-8 whatever the terminal has."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8"))
    else:
        sys.stdout.flush()
        buffer.write(data)
    sys.stdout.flush()


def show_text(text: str) -> None:
    """A text that has its lines already, such as help."""
    print(words.writable(text, encoding_of(sys.stdout)))


def encoding_of(stream: TextIO) -> str:
    """What the stream can be written in; ASCII where it does not say."""
    return getattr(stream, "encoding", None) or "ascii"
