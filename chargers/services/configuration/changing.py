"""One key of one charger is changed, and read back (OCPP 1.6 §5.3)."""

from __future__ import annotations

from typing import Final

from chargers.configuration_keys import fault_of, is_secret
from chargers.models import Charger, Command, CommandStatus
from chargers.services.commands import queue_command
from chargers.services.configuration.reading import request_reading
from chargers.services.configuration.steps import follow_step
from cpo.models import User
from unievp.lib.errors import InvalidError

ACTION: Final = "ChangeConfiguration"
READ_BACK_AFTER_S: Final = 5


def check_change(key: str, value: str, *, insist: bool = False) -> None:
    """Raise InvalidError for a change that would harm: a wrong type, an impossible value.

    `insist` sends what merely looks wrong; passwords and the security profile have a way of their
    own and are refused in any case.
    """
    fault = fault_of(key, value)
    if fault is not None and (fault.final or not insist):
        raise InvalidError(fault.text, field=fault.field, code="configuration_value")


def change_configuration(
    charger: Charger, *, key: str, value: str, actor: User | str, insist: bool = False
) -> Command:
    """Queue the change; its answer (Accepted, RebootRequired, Rejected, NotSupported) is kept
    verbatim by the command, and the value shown stays the reported one until it was read back.
    """
    check_change(key, value, insist=insist)
    payload = {"key": key, "value": value}
    return queue_command(charger, action=ACTION, payload=payload, actor=actor)


def follow_change(command: Command) -> None:
    """Follower of ChangeConfiguration, whoever asked; harmless when called again."""
    follow_step(command)
    key = command.payload.get("key")
    accepted = command.status == CommandStatus.ANSWERED and command.response_status == "Accepted"
    # What needs a restart is read after the next boot (`sweep`).
    if accepted and isinstance(key, str) and not is_secret(key):
        request_reading(command.charger, keys=[key], delay_s=READ_BACK_AFTER_S)
