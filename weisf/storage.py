"""Where uploaded files are stored: a local folder, or a bucket of S3-compatible storage."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from weisf.environment import env, refuse

UNREADABLE = (
    "cannot be read. Write s3://key:secret@host/bucket?region=eu-west-2, "
    "or leave it empty for the folder papers in DATA_DIR."
)
NOT_INSTALLED = (
    "names a bucket, for which packages are missing. Install them: make setup EXTRAS=s3 "
    "(for an image: docker build --build-arg EXTRAS=s3)."
)
LOCAL = {"localhost", "127.0.0.1", "::1"}


def read_storage() -> dict[str, Any]:
    """Return the entry of Django's STORAGES for papers. Raises ImproperlyConfigured."""
    url = str(env.str("PAPERS_URL", ""))
    if not url:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    options = _read_s3_options(url)
    if not (find_spec("storages") and find_spec("boto3")):
        raise refuse("PAPERS_URL", NOT_INSTALLED)
    return {"BACKEND": "weisf.s3_storage.PrivateS3Storage", "OPTIONS": options}


def _read_s3_options(url: str) -> dict[str, Any]:
    """Return the options of the bucket at `url`. No message shows it: it holds the secret key."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        query = dict(parse_qsl(parts.query, strict_parsing=True) if parts.query else ())
    except ValueError as problem:
        raise refuse("PAPERS_URL", UNREADABLE) from problem
    bucket, _, folder = unquote(parts.path).strip("/").partition("/")
    if (
        parts.scheme not in {"s3", "s3+http"}
        or not host
        or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket)
        or ".." in folder.split("/")
        or not query.keys() <= {"region"}
        or bool(parts.username) != bool(parts.password)
        or parts.fragment
    ):
        raise refuse("PAPERS_URL", UNREADABLE)
    if parts.scheme == "s3+http" and host not in LOCAL:
        raise refuse("PAPERS_URL", "asks for http. Use s3, or s3+http only on this machine.")
    netloc = f"[{host}]" if ":" in host else host
    scheme = "http" if parts.scheme == "s3+http" else "https"
    return {
        "endpoint_url": f"{scheme}://{netloc}" + (f":{port}" if port else ""),
        "bucket_name": bucket,
        "location": folder,
        "region_name": query.get("region") or None,
        # Without a key boto3 uses the role of the machine.
        "access_key": unquote(parts.username) if parts.username else None,
        "secret_key": unquote(parts.password) if parts.password else None,
    }
