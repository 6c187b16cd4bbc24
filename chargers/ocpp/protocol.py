"""The RPC layer of OCPP-J 1.6 (§4) as a sans-IO core: text in, actions out, no clock, no socket.

    peer = Peer()
    for action in peer.feed(text):
        match action: ...

One `Peer` per connection. Both directions are independent: a CALL may arrive while our own is
open. Nothing that a client sends makes `feed` raise. Errors are answered in the spelling of 1.6
("FormationViolation", "OccurenceConstraintViolation"; OCPP-J errata 5.1, 5.2).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from chargers.ocpp import frames

MAX_ID: Final = 36
# An id that is longer cannot be sent back without becoming a nuisance itself.
MAX_ECHOED_ID: Final = 128
MAX_ACTION: Final = 64
MAX_ERROR_TEXT: Final = 255
HISTORY: Final = 16
MAX_UNUSABLE: Final = 20
# Reading them again is cheaper and truer than an old answer.
NOT_REPLAYED: Final = frozenset({"Heartbeat", "Authorize"})

CALL: Final = 2
CALLRESULT: Final = 3
CALLERROR: Final = 4


class ErrorCode(StrEnum):
    """OCPP-J 1.6 table 7."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMATION_VIOLATION = "FormationViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    GENERIC_ERROR = "GenericError"


@dataclass(frozen=True, slots=True)
class Call:
    """A well-formed CALL to be handled; answer it with `Peer.answer` or `Peer.refuse`."""

    message_id: str
    action: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The other side answered our CALL `message_id`; `late`: after we had given it up."""

    message_id: str
    payload: dict[str, Any]
    late: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """The other side answered our CALL with a CALLERROR, or with something that is no answer."""

    message_id: str
    code: str
    description: str
    late: bool


@dataclass(frozen=True, slots=True)
class Refuse:
    """Send `text`, a CALLERROR: the frame was no usable CALL, but it has an id."""

    text: str
    code: ErrorCode
    message_id: str


@dataclass(frozen=True, slots=True)
class Replay:
    """Send `text` again: the answer that this CALL got before on this connection."""

    text: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing to send. `unusable`: the frame was no OCPP-J at all."""

    reason: str
    unusable: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """End the connection: MAX_UNUSABLE frames in a row were no OCPP-J."""

    reason: str


Action = Call | Answer | Failure | Refuse | Replay | Ignore | Close


def call(message_id: str, action: str, payload: Any) -> str:
    return frames.dump([CALL, message_id, action, payload])


def call_result(message_id: str, payload_json: str) -> str:
    """`payload_json` is a JSON object; the id was checked by `feed`."""
    return f"[3,{frames.dump(message_id)},{payload_json}]"


def call_error(message_id: Any, code: ErrorCode, description: str = "") -> str:
    """Always five elements; `description` is ours and short, never the client's payload."""
    return frames.dump([CALLERROR, message_id, code.value, description[:MAX_ERROR_TEXT], {}])


class Peer:
    """What one connection remembers: open and answered CALLs of both directions."""

    __slots__ = ("_answered", "_given_up", "_open", "_outstanding", "_unusable")

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._answered: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._outstanding: set[str] = set()
        self._given_up: OrderedDict[str, None] = OrderedDict()
        self._unusable = 0

    # --- what arrives -------------------------------------------------------------------------

    def feed(self, text: str) -> list[Action]:
        """The actions that one frame asks for, at least one, `Ignore` for nothing."""
        try:
            frame = frames.parse(text)
        except frames.UnreadableError as error:
            return self._unreadable(text, str(error))
        if not isinstance(frame, list) or not frame:
            return self._unusable_frame("not an array")
        kind = frame[0]
        handler = self._BY_KIND.get(kind) if isinstance(kind, int | float) else None
        if handler is not None and not isinstance(kind, bool):
            return handler(self, frame, text)
        # §4.2.1: an unknown MessageTypeId "SHALL" be ignored: it may come from a later protocol.
        if isinstance(kind, int | float) and not isinstance(kind, bool):
            return [Ignore("unknown message type")]
        return self._unusable_frame("no message type")

    def _call(self, frame: list[Any], text: str) -> list[Action]:
        message_id = frame[1] if len(frame) > 1 else None
        if not isinstance(message_id, str) or len(message_id) > MAX_ID or not message_id:
            return self._bad_id(message_id)
        self._unusable = 0
        if len(frame) != 4:
            return [self._formation(message_id, "A CALL has four elements")]
        _, _, action, payload = frame
        if not isinstance(action, str) or not 0 < len(action) <= MAX_ACTION:
            return [self._formation(message_id, "The action is not a name")]
        # §4.2.1: an empty payload may be written as null.
        payload = {} if payload is None else payload
        if not isinstance(payload, dict):
            return [self._formation(message_id, "The payload is not an object")]
        known = self._known(message_id, action, hash(text))
        if known is not None:
            return [known]
        self._open[message_id] = hash(text)
        return [Call(message_id, action, payload)]

    def _known(self, message_id: str, action: str, fingerprint: int) -> Action | None:
        """The same frame again is answered again; another frame may reuse an answered id."""
        open_call = self._open.get(message_id)
        if open_call is not None:
            if open_call == fingerprint:
                return Ignore("repeated while its first copy is in progress")
            return self._formation(message_id, "The message id is in use")
        answered = self._answered.get(message_id)
        if answered is not None and answered[0] == fingerprint and action not in NOT_REPLAYED:
            return Replay(answered[1], message_id)
        return None

    def _bad_id(self, message_id: Any) -> list[Action]:
        is_number = isinstance(message_id, int) and not isinstance(message_id, bool)
        if is_number or (isinstance(message_id, str) and len(message_id) <= MAX_ECHOED_ID):
            self._unusable = 0
            return [self._formation(message_id, "The message id is not a string of 1 to 36")]
        return self._unusable_frame("no usable message id")

    def _formation(self, message_id: Any, description: str) -> Refuse:
        code = ErrorCode.FORMATION_VIOLATION
        return Refuse(call_error(message_id, code, description), code, str(message_id))

    def _unreadable(self, text: str, reason: str) -> list[Action]:
        message_id = frames.readable_id(text)
        if message_id:
            return [self._formation(message_id, f"The frame is {reason}"), *self._count()]
        return self._unusable_frame(reason)

    def _unusable_frame(self, reason: str) -> list[Action]:
        return [Ignore(reason, unusable=True), *self._count()]

    def _count(self) -> list[Action]:
        self._unusable += 1
        if self._unusable >= MAX_UNUSABLE:
            return [Close("too many unusable frames")]
        return []

    # --- answers to our own CALLs -------------------------------------------------------------

    def _call_result(self, frame: list[Any], _text: str) -> list[Action]:
        late = self._take_outstanding(frame)
        if late is None:
            return [Ignore("an answer to no call of ours")]
        payload = frame[2] if len(frame) > 2 else None
        if payload is None:
            payload = {}
        if not isinstance(payload, dict):
            return [Failure(frame[1], "", "The answer is not an object", late)]
        return [Answer(frame[1], payload, late)]

    def _call_error(self, frame: list[Any], _text: str) -> list[Action]:
        late = self._take_outstanding(frame)
        if late is None:
            return [Ignore("an error to no call of ours")]
        # Grizzl-E leaves the details out: whatever is there is taken.
        code, description = [*frame[2:4], "", ""][:2]
        return [Failure(frame[1], _short(code), _short(description), late)]

    def _take_outstanding(self, frame: list[Any]) -> bool | None:
        """False: answered in time, True: late, None: not ours."""
        self._unusable = 0
        message_id = frame[1] if len(frame) > 1 else None
        if not isinstance(message_id, str):
            return None
        if message_id in self._outstanding:
            self._outstanding.discard(message_id)
            return False
        if message_id in self._given_up:
            del self._given_up[message_id]
            return True
        return None

    _BY_KIND: ClassVar[dict[float, Callable[[Peer, list[Any], str], list[Action]]]] = {
        CALL: _call,
        CALLRESULT: _call_result,
        CALLERROR: _call_error,
    }

    # --- what we say --------------------------------------------------------------------------

    def call(self, message_id: str, action: str, payload: Any) -> str:
        """The text of our own CALL; its answer will be an `Answer` or `Failure`."""
        self._outstanding.add(message_id)
        return call(message_id, action, payload)

    def give_up(self, message_id: str) -> None:
        """Our CALL timed out; an answer that still comes is recognised as late."""
        self._outstanding.discard(message_id)
        self._given_up[message_id] = None
        if len(self._given_up) > HISTORY:
            self._given_up.popitem(last=False)

    def answered(self, message_id: str, text: str) -> str:
        """Remember that the CALL got `text`, so that a repetition gets the same."""
        fingerprint = self._open.pop(message_id, None)
        if fingerprint is not None:
            self._answered[message_id] = (fingerprint, text)
            self._answered.move_to_end(message_id)
            if len(self._answered) > HISTORY:
                self._answered.popitem(last=False)
        return text

    def failed(self, message_id: str, code: ErrorCode, description: str = "") -> str:
        """The CALLERROR for an open CALL; not remembered: a repetition is a new attempt."""
        self._open.pop(message_id, None)
        return call_error(message_id, code, description)


def _short(value: Any) -> str:
    return (value if isinstance(value, str) else frames.dump(value))[:MAX_ERROR_TEXT]
