"""Django storage for uploaded files in a private S3 bucket; its packages are an extra."""

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
CLIENT_CONFIG = Config(
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
def raising_os_error() -> Iterator[None]:
    """Turn the libraries' exceptions into OSError, which a local folder would raise."""
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as problem:
        # Their messages can contain the key and the host.
        raise OSError(f"The bucket for documents failed: {type(problem).__name__}") from problem


class PrivateS3Storage(S3Storage):
    """A private bucket: its files are served by the register alone, never by their S3 address."""

    def __init__(self, **options: Any) -> None:  # noqa: D107
        # File names are random, so no check for an existing file is needed before writing.
        super().__init__(
            client_config=CLIENT_CONFIG, default_acl=None, file_overwrite=True, **options
        )

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        """Return the whole file. Raises FileNotFoundError, or OSError for any other failure."""
        with raising_os_error():
            file: File[bytes] = super()._open(name, mode)
            file.seek(0)
        return file

    def _save(self, name: str, content: File[bytes]) -> str:
        with raising_os_error():
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        """Delete a file. Raises OSError."""
        with raising_os_error():
            super().delete(name)

    def size(self, name: str) -> int:
        """Return a file's size in bytes. Raises FileNotFoundError, or OSError for all else."""
        with raising_os_error():
            return int(super().size(name))
