"""Commands: the Receiver interface (OCPI 2.2.1 §13.2.1)."""

from __future__ import annotations

from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.headers import sender_of
from ocpi.api.view import OcpiView
from ocpi.models import CommandType
from ocpi.services.commands.receiving import receive_command
from ocpi.wire.codes import Code, OcpiError


class Commands(OcpiView):
    module = "commands"

    def post(self, request: HttpRequest, command: str) -> Answer:
        if command not in CommandType.values:
            known = ", ".join(CommandType.values)
            raise OcpiError(Code.INVALID, f"One of {known}, please", http=404)
        kind = CommandType(command)
        sender = sender_of(request)
        return Answer(
            receive_command(self.partner, kind, self.body, sender=sender, version=self.version)
        )
