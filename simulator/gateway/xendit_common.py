"""What all of Xendit's API shares: the key, the body, the words of a refusal."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from simulator.gateway.world import Refusal, World, key_of

SANDBOX_KEY = "xnd_development_"


def checked_key(request: Request) -> str:
    key = key_of(request)
    if not key.startswith(SANDBOX_KEY):
        raise refusal(401, "INVALID_API_KEY", "The API key is not valid")
    return key


async def body_of(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refusal(400, "API_VALIDATION_ERROR")
    return body


def amount_of(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise refusal(400, "API_VALIDATION_ERROR", "amount must be a positive whole number")
    return value


def refusal(status: int, code: str, message: str = "") -> Refusal:
    return Refusal(
        status, {"error_code": code, "message": message or code.replace("_", " ").lower()}
    )


def word(world: World, usual: str) -> str:
    """The status, or one that nobody knows."""
    return "QUANTUM" if world.faults.take("unknown_status") else usual
