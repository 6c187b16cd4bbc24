"""Private files in a bucket, against a local server that speaks S3 (moto)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from moto.server import ThreadedMotoServer

from unievp.lib.storage import PrivateBucket

KEYS = {"access_key": "test", "secret_key": "test"}
REGION = "ap-southeast-1"


@pytest.fixture(scope="module")
def endpoint():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    address = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(Bucket="private", CreateBucketConfiguration={"LocationConstraint": REGION})
    yield address
    server.stop()


@pytest.fixture
def bucket(endpoint):
    return PrivateBucket(
        bucket_name="private",
        endpoint_url=endpoint,
        region_name=REGION,
        addressing_style="path",
        file_overwrite=False,
        default_acl=None,
        **KEYS,
    )


def test_file_is_kept_read_in_parts_and_removed(bucket):
    name = bucket.save("companies/1/paper.pdf", ContentFile(b"%PDF-1.4 paper"))
    assert (bucket.exists(name), bucket.size(name)) == (True, 14)
    with bucket.open(name) as file:
        file.seek(5)
        assert file.read(3) == b"1.4"
    bucket.delete(name)
    assert not bucket.exists(name)


def test_second_file_of_a_name_overwrites_none(bucket):
    first = bucket.save("same.txt", ContentFile(b"one"))
    second = bucket.save("same.txt", ContentFile(b"two"))
    assert first != second
    assert bucket.open(first).read() == b"one"


def test_private_file_has_no_address(bucket):
    with pytest.raises(ValueError, match="private"):
        bucket.url("same.txt")


@pytest.mark.parametrize(("key", "backend"), [("abc", "PrivateBucket"), ("", "PrivateStorage")])
def test_keys_for_s3_choose_the_bucket(key, backend):
    program = "from unievp import settings as s; print(s.STORAGES['private']['BACKEND'])"
    environment = os.environ | {
        "SUPABASE_URL": "https://abcdefgh.supabase.co",
        "SUPABASE_KEY": "sb_publishable_x",
        "SUPABASE_S3_ACCESS_KEY": key,
        "SUPABASE_S3_SECRET_KEY": "secret",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=Path(settings.BASE_DIR),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().endswith(backend)
