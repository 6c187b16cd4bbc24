"""Results of our commands: what `response_url` leads to (OCPI 2.2.1 §13.2.2)."""

from __future__ import annotations

from django.http import HttpRequest

from ocpi.api.answers import Answer
from ocpi.api.view import OcpiView
from ocpi.services.sent_commands.results import take_result


class CommandResults(OcpiView):
    """The key in the address is the command's own; the token says that its partner calls."""

    module = "commands"

    def post(self, _request: HttpRequest, command: str, key: str) -> Answer:
        take_result(self.partner, kind=command, key=key, body=self.body)
        return Answer()
