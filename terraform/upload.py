"""Uploads the book to its bucket: what is new or changed, then deletes what is gone. Needs the AWS client.

Run by `python -m terraform deploy` in the environment `_build/infra`: FOLDER BUCKET REGION ENDPOINT CDN, where an empty
ENDPOINT is AWS and an empty CDN is none.
"""

from __future__ import annotations

import hashlib
import mimetypes
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from warehouse.errors import run_command

WORKERS = 8
# belongs to the stack, not to the book
KEPT = {"404.html"}
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".inv": "application/octet-stream"}


def client(service: str, region: str, endpoint: str) -> Any:
    """An AWS client; at `endpoint` with a key that is no secret and that AWS would refuse."""
    local = {"endpoint_url": endpoint, "aws_access_key_id": "local", "aws_secret_access_key": "local"}  # nosec B105
    return boto3.client(
        service,
        region_name=region,
        config=Config(s3={"addressing_style": "path" if endpoint else "auto"}, max_pool_connections=WORKERS),
        **(local if endpoint else {}),
    )


def upload(s3: Any, folder: Path, bucket: str) -> str:
    """Make the bucket hold what the folder holds; say in one line what was done.

    Pages go last, so that none is read before the styles and scripts that it names are there.
    """
    there = {
        item["Key"]: item["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", ())
    }
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    changed = [key for key, path in files.items() if there.get(key) != _md5(path)]

    def put(key: str) -> None:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=files[key].read_bytes(),
            ContentType=_type(files[key]),
            # a page may change any day; the CDN is told when it does
            CacheControl="public, max-age=300",
        )

    with ThreadPoolExecutor(WORKERS) as pool:
        for last in (False, True):
            list(pool.map(put, [key for key in changed if key.endswith(".html") is last]))
        gone = [key for key in there if key not in files and key not in KEPT]
        list(pool.map(lambda key: s3.delete_object(Bucket=bucket, Key=key), gone))
    return f"{len(changed)} files uploaded, {len(files) - len(changed)} unchanged, {len(gone)} deleted"


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _type(path: Path) -> str:
    found = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found


def refresh(cloudfront: Any, cdn: str) -> None:
    """Have the CDN ask for every page anew."""
    paths = {"Quantity": 1, "Items": ["/*"]}
    cloudfront.create_invalidation(
        DistributionId=cdn, InvalidationBatch={"Paths": paths, "CallerReference": str(time.time_ns())}
    )


def main(folder: str, bucket: str, region: str, endpoint: str, cdn: str) -> int:
    """Upload; return the exit code."""
    try:
        print(upload(client("s3", region, endpoint), Path(folder), bucket))
        if cdn:
            refresh(client("cloudfront", region, endpoint), cdn)
    except (BotoCoreError, ClientError) as error:
        print(f"error: the book could not be uploaded to {bucket}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    run_command(main, *sys.argv[1:])
