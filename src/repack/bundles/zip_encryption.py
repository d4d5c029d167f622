"""Encrypted zip entries: the old ZipCrypto (APPNOTE 6.1) and AES as WinZip and 7-Zip write it (AE-1, AE-2).

Decrypting gives the compressed bytes; what they are is another module's business. Nothing here encrypts.
"""

import hashlib
import hmac
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

AES_METHOD = 99
_AES_FIELD = 0x9901  # extra field, APPNOTE 7.2.7 and appendix F (WinZip AES)
_SALT = {1: 8, 2: 12, 3: 16}  # strength -> bytes; the key has twice as many
_ROUNDS, _VERIFIER, _MAC = 1000, 2, 10
_CRYPTO_HEADER = 12
_TABLE = tuple(zlib.crc32(bytes([n ^ 0xFF])) ^ 0xFF00_0000 for n in range(256))  # one step of CRC-32, undone around


#: What a lock says that does not open.
WRONG = "the password is wrong"


class Locked(ValueError):
    """The password does not fit, or the bytes are not what was encrypted."""


@dataclass(frozen=True, slots=True)
class Lock:
    """How an entry is locked: AES strength 1 to 3, or 0 for ZipCrypto with its check byte."""

    strength: int
    check: int
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the extra field of an AES entry says: strength, the real method, whether the CRC is left out (AE-2)."""

    strength: int
    method: int
    is_without_crc: bool


def read_aes_field(extra: bytes) -> Sealed | None:
    """The AES extra field, or None where there is none that makes sense."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _AES_FIELD and length >= 7 and at + 11 <= len(extra):
            version, _vendor, strength, method = struct.unpack_from("<H2sBH", extra, at + 4)
            return Sealed(strength, method, version == 2) if strength in _SALT else None
        at += 4 + length
    return None


def decrypt(lock: Lock, stream: Iterable[bytes], length: int) -> Iterator[bytes]:
    """The bytes inside `length` encrypted ones that come in pieces. Raises Locked."""
    return _decrypt_aes(lock, stream, length) if lock.strength else _decrypt_crypto(lock, stream)


def _decrypt_aes(lock: Lock, stream: Iterable[bytes], length: int) -> Iterator[bytes]:
    from Cryptodome.Cipher import AES  # noqa: PLC0415  only for encrypted bundles
    from Cryptodome.Util import Counter  # noqa: PLC0415

    pieces = iter(stream)
    salt_length = _SALT[lock.strength]
    overhead = salt_length + _VERIFIER
    start = b""
    while len(start) < overhead and (piece := next(pieces, b"")):
        start += piece
    if length < overhead + _MAC or len(start) < overhead:
        raise Locked("it is too short to be encrypted")
    size = 2 * salt_length
    keys = hashlib.pbkdf2_hmac("sha1", lock.password, start[:salt_length], _ROUNDS, 2 * size + _VERIFIER)
    if not hmac.compare_digest(keys[-_VERIFIER:], start[salt_length:overhead]):
        raise Locked(WRONG)
    cipher = AES.new(keys[:size], AES.MODE_CTR, counter=Counter.new(128, little_endian=True, initial_value=1))
    seal = hmac.new(keys[size : 2 * size], digestmod="sha1")
    left, waiting = length - overhead - _MAC, start[overhead:]
    stated = b""
    while True:
        inside, behind = waiting[:left], waiting[left:]
        left -= len(inside)
        stated += behind
        seal.update(inside)
        if inside:
            yield cipher.decrypt(inside)
        waiting = next(pieces, b"")
        if not waiting:
            break
    if left or not hmac.compare_digest(seal.digest()[:_MAC], stated[:_MAC]):
        raise Locked("its encrypted bytes are damaged, or the password is wrong")


def _decrypt_crypto(lock: Lock, stream: Iterable[bytes]) -> Iterator[bytes]:
    keys = (0x1234_5678, 0x2345_6789, 0x3456_7890)
    _nothing, keys = _stir(keys, lock.password, is_plain=True)
    waiting = b""
    is_open = False
    for piece in stream:
        waiting += piece
        if not is_open:
            if len(waiting) < _CRYPTO_HEADER:
                continue
            header, keys = _stir(keys, waiting[:_CRYPTO_HEADER], is_plain=False)
            if header[-1] != lock.check:
                raise Locked(WRONG)
            waiting, is_open = waiting[_CRYPTO_HEADER:], True
        plain, keys = _stir(keys, waiting, is_plain=False)
        waiting = b""
        yield plain
    if not is_open:
        raise Locked("it is too short to be encrypted")


def _stir(keys: tuple[int, int, int], data: bytes, *, is_plain: bool) -> tuple[bytes, tuple[int, int, int]]:
    """Run bytes through the three keys: decrypt them, or only stir where they are plain (the password)."""
    one, two, three = keys
    table = _TABLE
    out = bytearray(len(data))
    for n, given in enumerate(data):
        byte = given
        if not is_plain:
            half = three | 2
            byte ^= (half * (half ^ 1) >> 8) & 0xFF
        out[n] = byte
        one = one >> 8 ^ table[(one ^ byte) & 0xFF]
        two = ((two + (one & 0xFF)) * 134_775_813 + 1) & 0xFFFF_FFFF
        three = three >> 8 ^ table[(three ^ two >> 24) & 0xFF]
    return bytes(out), (one, two, three)
