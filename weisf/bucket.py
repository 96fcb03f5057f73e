"""Papers in a private bucket. Only where it is chosen: its packages are an extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

# A reader waits this long at most, twice.
PATIENCE = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"total_max_attempts": 2},
    s3={"addressing_style": "path"},  # what every server of this kind understands
    signature_version="s3v4",
    # Not every server knows Amazon's newer sums.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


@contextmanager
def failing_like_a_folder() -> Iterator[None]:
    """Turn what the libraries raise into OSError, as a folder would raise it."""
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as problem:
        # Their words can name the key and the host.
        raise OSError(f"The bucket for papers failed: {type(problem).__name__}") from problem


class Bucket(S3Storage):
    """The bucket. What is in it is served through the register alone."""

    def __init__(self, **options: Any) -> None:  # noqa: D107
        # Names are drawn at random, so nothing is asked before a file is written.
        super().__init__(client_config=PATIENCE, default_acl=None, file_overwrite=True, **options)

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Return the file, fetched whole. Raises FileNotFoundError, or OSError for all else."""
        with failing_like_a_folder():
            file: File[bytes] = super()._open(name, mode)
            file.seek(0)
        return file

    def _save(self, name: str, content: File[bytes]) -> str:
        with failing_like_a_folder():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        """Delete a file. Raises OSError."""
        with failing_like_a_folder():
            super().delete(name)

    def size(self, name: str) -> int:
        """Return a file's bytes. Raises FileNotFoundError, or OSError for all else."""
        with failing_like_a_folder():
            return int(super().size(name))
