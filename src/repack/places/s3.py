"""Places that speak the S3 protocol (Amazon S3 API, MinIO and others), by fsspec and s3fs."""

import contextlib
import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from repack.places.store import Seen, Store, Taken

_PIECE = 4 << 20
_LARGEST_COPY = 5 << 30  # bytes that one CopyObject copies


def open_store(_root: str) -> tuple[Store, Callable[[], None]]:
    """The place, and how to close it. Keys, endpoint and region are those of the environment (AWS_...)."""
    import fsspec  # noqa: PLC0415  only who names such an address has it installed

    return S3Store(fsspec.filesystem("s3", use_listings_cache=False)), lambda: None


def failures() -> tuple[type[Exception], ...]:
    """What s3fs and those beneath it raise where the place or the way to it fails.

    s3fs turns answers of the server into OSError; a request that it cannot even make is a ValueError, an endpoint that
    is none too. The rest comes from botocore and aiohttp as it is.
    """
    import aiohttp  # noqa: PLC0415  as above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  as above

    return OSError, ValueError, BotoCoreError, ClientError, aiohttp.ClientError, http.client.HTTPException


class S3Store:
    """A place that speaks the S3 protocol. An object appears, or is replaced, in one step by its very nature."""

    def __init__(self, files: Any) -> None:  # noqa: ANN401  s3fs has no types
        self._files = files

    def look(self, path: str) -> Seen | None:
        """What lies there; None where nothing does."""
        bucket, key = _split_key(path)
        try:
            found = self._files.call_s3("head_object", Bucket=bucket, Key=key)
        except FileNotFoundError:
            return None
        return Seen(path, found["ContentLength"], found.get("ETag", ""))

    def is_folder(self, path: str) -> bool:
        """Do other names begin so?"""
        bucket, key = _split_key(path)
        prefix = f"{key.rstrip('/')}/" if key else ""
        found = self._files.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=1)
        return bool(found.get("Contents"))

    def fetch(self, path: str, target: Path) -> None:
        """Download the whole file."""
        self._files.get_file(path, str(target))

    def put(self, source: Path, path: str) -> None:
        """Upload the whole file."""
        self._files.put_file(str(source), path)

    def read(self, path: str) -> Iterator[bytes]:
        """The content in pieces, from the server."""
        with self._files.open(path, "rb", block_size=_PIECE, cache_type="readahead") as file:
            while piece := file.read(_PIECE):
                yield piece

    def publish(self, temporary: str, final: str, *, overwrite: bool) -> None:
        """Give a whole file its name in one step. Raises Taken."""
        made = self.look(temporary)
        if not overwrite and self.look(final) is not None:
            raise Taken
        if made is None:
            raise FileNotFoundError(temporary)
        if made.size > _LARGEST_COPY:
            self._files.cp_file(temporary, final)
        else:
            self._copy(temporary, final, made, overwrite=overwrite)

    def _copy(self, temporary: str, final: str, made: Seen, *, overwrite: bool) -> None:
        (bucket, key), (_bucket, source) = _split_key(final), _split_key(temporary)
        order = {"Bucket": bucket, "Key": key, "CopySource": {"Bucket": bucket, "Key": source}}
        if overwrite:
            self._files.call_s3("copy_object", **order)
            return
        try:  # the server itself sees to it that nobody was faster; those that do not know the condition ignore it
            self._files.call_s3("copy_object", **order, IfNoneMatch="*")
        except OSError as error:  # what the server answers
            code = _code_of(error)
            if code == "NotImplemented":
                self._files.call_s3("copy_object", **order)
            elif code == "PreconditionFailed":
                there = self.look(final)  # it may be ours: the answer to a first try was lost
                if there is None or (there.size, there.mark) != (made.size, made.mark):
                    raise Taken from error
            else:
                raise

    def remove(self, path: str) -> None:
        """Delete an object, and the parts of uploads of it that never ended."""
        bucket, key = _split_key(path)
        for upload in self._uploads(bucket, key):
            if upload["Key"] == key:
                with contextlib.suppress(FileNotFoundError):
                    self._files.call_s3("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload["UploadId"])
        self._files.call_s3("delete_object", Bucket=bucket, Key=key)

    def _uploads(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        """Uploads in parts that were begun and never ended; they cost money and no listing of objects shows them."""
        found = self._files.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix)
        uploads: list[dict[str, Any]] = found.get("Uploads") or []
        return uploads

    def files_in(self, folder: str, beginning: str = "") -> list[Seen]:
        """The objects directly below a prefix, unfinished uploads too."""
        bucket, key = _split_key(folder)
        prefix = (f"{key.rstrip('/')}/" if key.rstrip("/") else "") + beginning
        token: dict[str, str] = {}
        found: list[Seen] = []
        while True:
            page = self._files.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, Delimiter="/", **token)
            found.extend(
                Seen(f"{bucket}/{one['Key']}", one["Size"], one.get("ETag", "")) for one in page.get("Contents") or []
            )
            if not page.get("IsTruncated"):
                break
            token = {"ContinuationToken": page["NextContinuationToken"]}
        begun = (one for one in self._uploads(bucket, prefix) if "/" not in one["Key"].removeprefix(prefix))
        found.extend(Seen(f"{bucket}/{one['Key']}", 0, "") for one in begun)
        return found

    def find(self, pattern: str) -> list[str]:
        """The paths that a pattern stands for, sorted."""
        return sorted(self._files.glob(pattern))


def _split_key(path: str) -> tuple[str, str]:
    bucket, _slash, key = path.partition("/")
    return bucket, key


def _code_of(error: BaseException) -> str:
    """The code of an S3 error, which s3fs may have wrapped."""
    seen: BaseException | None = error
    while seen is not None:
        code = getattr(seen, "response", {}).get("Error", {}).get("Code")
        if code:
            return {"412": "PreconditionFailed", "501": "NotImplemented"}.get(str(code), str(code))
        seen = seen.__cause__ or seen.__context__
    return ""
