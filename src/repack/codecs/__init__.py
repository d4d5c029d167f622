"""The table of codecs. A new codec is a module beside this one and a row here."""

from repack.codecs import jpegls
from repack.codecs.frames import Codec

CODECS: tuple[Codec, ...] = (jpegls.LOSSLESS,)

BY_NAME = {codec.name: codec for codec in CODECS}
BY_TRANSFER_SYNTAX = {codec.transfer_syntax: codec for codec in CODECS}
