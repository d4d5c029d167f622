"""What a near-lossless image must say of itself (PS3.3 C.7.6.1.1.5), and the images that stay as they are.

DERIVED in Image Type, the three lossy attributes, and a new SOP Instance UID: it is another image than the original,
and the same input gives the same UID.
"""

import hashlib
import uuid

from repack.codecs.frames import Codec
from repack.dicom import assemble, edit
from repack.dicom.image import Image
from repack.dicom.samples import Words, may_show_otherwise

_IMAGE_TYPE, _FRAME_TYPE = 0x0008_0008, 0x0008_9007
_FRAME_TYPE_TAG = b"\x08\0\x07\x90CS"
_IS_LOSSY, _RATIO, _METHOD = 0x0028_2110, 0x0028_2112, 0x0028_2114
_METHODS = {"1.2.840.10008.1.2.4.81": b"ISO_14495_1"}  # PS3.3 C.7.6.1.1.5.1


def refuse(found: Image, words: Words, precision: int) -> str:
    """Why an image is never written with a loss, or nothing (dicom.md T11, T13); `precision` is that of the stream."""
    if found.is_signed:
        return "its words are signed: near-lossless compression could turn a small number into a large one"
    if found.photometric == "PALETTE COLOR":
        return "its words are numbers of palette colours: near-lossless compression would give other colours"
    if may_show_otherwise(found.cells, words):
        return "its words use bits outside Bits Stored, which near-lossless compression would garble"
    if precision > found.bits_stored:
        # The decoder keeps within the precision only: 127 of 7 bits may come back as 129, and be shown as 1.
        return "its samples have fewer bits than their stream: near-lossless compression could lift some beyond them"
    if not _text(found, assemble.SOP_INSTANCE_UID):
        return "it has no SOP Instance UID, which near-lossless compression has to replace"
    if assemble.MEDIA_STORAGE_SOP_INSTANCE not in found.meta.elements:
        return "its file meta has no SOP Instance UID, which near-lossless compression has to replace"
    return ""


def _text(found: Image, tag: int) -> bytes:
    return (found.header.value(tag) or b"").strip(b" \0")


def derive_uid(old: bytes, codec: Codec) -> str:
    """The SOP Instance UID of what a codec makes of an image: a name-based UUID below 2.25 (PS3.5 B.2)."""
    name = b"|".join((b"repack", old, codec.transfer_syntax.encode("ascii"), str(codec.max_error).encode("ascii")))
    return f"2.25.{uuid.UUID(bytes=hashlib.sha256(name).digest()[:16], version=5).int}"


def describe(found: Image, codec: Codec, compressed: int) -> tuple[dict[int, bytes], str]:
    """The elements that change, and the new SOP Instance UID; `compressed` is the number of bytes of all streams."""
    new_uid = derive_uid(_text(found, assemble.SOP_INSTANCE_UID), codec)
    ratio = f"{found.layout.size * found.frames / compressed:.4g}".encode("ascii")
    rest = _text(found, _IMAGE_TYPE).partition(b"\\")[2] or b"SECONDARY"
    return {
        _IMAGE_TYPE: edit.make_element(_IMAGE_TYPE, "CS", b"DERIVED\\" + rest),
        assemble.SOP_INSTANCE_UID: edit.make_element(assemble.SOP_INSTANCE_UID, "UI", new_uid.encode("ascii")),
        _IS_LOSSY: edit.make_element(_IS_LOSSY, "CS", b"01"),
        _RATIO: edit.make_element(_RATIO, "DS", _append(_text(found, _RATIO), ratio)),
        _METHOD: edit.make_element(_METHOD, "CS", _append(_text(found, _METHOD), _METHODS[codec.transfer_syntax])),
    }, new_uid


def derive_frames(data_set: bytes) -> bytes:
    """The data set with DERIVED in the Frame Type of every frame, too (PS3.3 C.8.16.1); no length changes.

    Frame Type stands in the functional groups of an enhanced multi-frame image. Raises Unparseable.
    """
    if _FRAME_TYPE_TAG not in data_set:
        return data_set
    new = bytearray(data_set)
    for element in edit.find_nested(data_set, 0, len(data_set), _FRAME_TYPE):
        value = data_set[element.value : element.end]
        if value.startswith(b"ORIGINAL\\"):
            new[element.value : element.end] = b"DERIVED" + value[8:].rstrip(b" ").ljust(len(value) - 7)
    return bytes(new)


def _append(values: bytes, value: bytes) -> bytes:
    return values + b"\\" + value if values else value
