"""Files that no address serves by itself: each download goes through a view that asks who comes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible
from storages.backends.s3 import S3Storage

if TYPE_CHECKING:
    from django.core.files.storage import Storage


@deconstructible(path="unievp.lib.storage.PrivateStorage")
class PrivateStorage(FileSystemStorage):
    """Files below `PRIVATE_ROOT`, readable by the server's own account only, without a URL."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> str:
        # Read each time: tests put it elsewhere. (The base class keeps it.)
        return str(settings.PRIVATE_ROOT)

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)

    def url(self, name: str | None) -> str:
        message = f"{name} is private: it has no address"
        raise ValueError(message)


class PrivateBucket(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """The same in a private bucket (Supabase Storage over its S3 keys): still without an address.

    Downloads come through us, which asks who comes; the bucket itself opens to our keys alone.
    """

    def url(
        self,
        name: str,
        parameters: Any = None,  # noqa: ARG002  (the library's signature)
        expire: Any = None,  # noqa: ARG002
        http_method: Any = None,  # noqa: ARG002
    ) -> str:
        message = f"{name} is private: it has no address"
        raise ValueError(message)


def private_storage() -> Storage:
    """`storage=` of a private FileField: the "private" entry of STORAGES."""
    from django.core.files.storage import storages  # (the settings must be ready)

    return storages["private"]
