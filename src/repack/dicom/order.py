"""How images are to be written, and which transfer syntaxes that order leaves alone."""

from dataclasses import dataclass

from repack.codecs import READERS, choose
from repack.codecs.frames import Codec
from repack.dicom import syntaxes
from repack.dicom.syntaxes import Kind
from repack.model import Wishes

LARGEST_OFFSET = 0xFFFF_FFFE  # of a Basic Offset Table (PS3.5 A.4)


@dataclass(frozen=True, slots=True)
class Order:
    """The codecs to try, the smallest result counts; none at all: native Explicit VR Little Endian.

    `is_named`: somebody asked for the codec, so images that are compressed well already are taken too. Past
    `largest_offset` bytes an Extended Offset Table is written.
    """

    candidates: tuple[Codec, ...]
    is_named: bool = False
    is_exact_only: bool = False
    largest_offset: int = LARGEST_OFFSET

    @property
    def is_lossless(self) -> bool:
        """Does every sample stay?"""
        return not any(codec.max_error for codec in self.candidates)


def make_order(wishes: Wishes) -> Order:
    """The order that the options of the command line amount to."""
    candidates = choose(wishes.codec, wishes.max_error, wishes.effort)
    return Order(candidates, wishes.is_codec_named or wishes.codec != Wishes().codec, wishes.exact_only)


def explain_leaving(uid: str | None, order: Order) -> str:
    """Why files of a transfer syntax are left alone, in words for people; empty where they are taken."""
    syntax = syntaxes.find(uid)
    if not order.candidates and uid == syntaxes.EXPLICIT_LE:
        return "stored without compression already"
    if syntax.kind is Kind.NATIVE:
        return _explain_exactness(order)
    if syntax.kind is not Kind.LOSSLESS:
        return syntax.leave
    if syntax.uid not in READERS:
        return syntax.leave or "no decoder for it is installed"
    if syntax.leave and not order.is_named:
        return syntax.leave
    if any(codec.transfer_syntax == uid for codec in order.candidates):
        return "stored this way already"
    if order.is_exact_only:
        return "already compressed without loss; the file could not be restored byte for byte, only its samples"
    return ""


def _explain_exactness(order: Order) -> str:
    if order.is_exact_only and not order.is_lossless:
        return "near-lossless compression cannot be undone, and --exact-only asks for that"
    return ""
