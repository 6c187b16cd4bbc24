from __future__ import annotations

from typing import ClassVar

from django.db import models


class LogCursor(models.Model):
    """How far a reader of some log (`name`) has read it.

    Rows below `position` need no second look. `reached` becomes `position` some minutes after
    `reached_at`: until then transactions may still commit rows below it.
    """

    name = models.CharField(max_length=64, primary_key=True)
    position = models.BigIntegerField()
    reached = models.BigIntegerField()
    reached_at = models.DateTimeField()

    tenant_path: ClassVar[str] = "platform"

    def __str__(self) -> str:
        return self.name
