"""Every object that any test makes us send or answer, against the models of the specification.

`Caller` checks each answer of ours, the fixture `peer` each request that its platform was sent.
"""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlsplit

from pydantic import ValidationError

from ocpi.tests import emsp_objects, newer_objects, objects

COMMANDS = {
    "START_SESSION": emsp_objects.StartSession,
    "STOP_SESSION": emsp_objects.StopSession,
    "RESERVE_NOW": emsp_objects.ReserveNow,
    "CANCEL_RESERVATION": emsp_objects.CancelReservation,
    "UNLOCK_CONNECTOR": emsp_objects.UnlockConnector,
}
# In the lists of our CPO role, and what is pushed from them.
OLDER = {
    "credentials": objects.Credentials,
    "locations": objects.Location,
    "tariffs": objects.Tariff,
    "sessions": objects.Session,
    "cdrs": objects.Cdr,
}
NEWER = {
    **OLDER,
    "credentials": newer_objects.Credentials,
    "tariffs": newer_objects.Tariff,
    "sessions": newer_objects.Session,
    "cdrs": newer_objects.Cdr,
}
PARTS = (objects.Location, objects.Evse, objects.Connector)


def check_sent(request):
    """A request of ours to a partner. One with a body that no model is known for fails."""
    if request.body is None:
        return
    path = urlsplit(request.path).path.strip("/").split("/")
    models = _models_of_request(request.method, path)
    body = json.loads(json.dumps(request.body), parse_float=Decimal)
    assert models, f"{request.method} {request.path} sends an object without a model"
    faults = []
    for model in models:
        try:
            model.model_validate(body)
        except ValidationError as error:
            faults.append(error)
        else:
            return
    raise AssertionError(f"{request.method} {request.path}: {faults[0]}")


def check_answered(path, response, said):
    """An answer of ours: the envelope, and what is in it where it is an object of our own."""
    assert response.headers["X-Request-ID"]
    assert response.headers["X-Correlation-ID"]
    objects.check(objects.Envelope, said)
    if said.get("data") is None:
        return
    _ocpi, *rest = urlsplit(path).path.strip("/").split("/")
    model = model_of_answer(rest)
    if model is None:
        return
    found = said["data"] if isinstance(said["data"], list) else [said["data"]]
    for one in found:
        objects.check(model, one)


def _models_of_request(method, path):
    if path[0] == "results":
        return [objects.CommandResult, objects.ProfileResult]
    module = next((name for name in path if name in {*OLDER, *_BESIDE}), "")
    below = path[path.index(module) + 1 :] if module else []
    if module == "commands":
        return [COMMANDS[below[0]]]
    if module == "tokens":
        asks = below[-1] == "authorize"
        return [emsp_objects.LocationReferences if asks else emsp_objects.Token]
    if module == "chargingprofiles":
        return [objects.ActiveChargingProfile]
    if method == "PATCH":
        return [objects.StatusPatch] if module == "locations" else []
    return [kinds[module] for kinds in (OLDER, NEWER) if module in kinds]


_BESIDE = ("commands", "tokens", "chargingprofiles")


def model_of_answer(path):
    side, version, module, *below = [*path, "", "", ""][: max(3, len(path))]
    kinds = {**(NEWER if version == "2.3.0" else OLDER), **_ANSWERS}
    if side == "emsp" and module in ("tokens", "credentials", ""):
        kinds["tokens"] = emsp_objects.AuthorizationInfo if below else emsp_objects.Token
    elif side == "emsp":
        # Objects of operators go back as they came.
        return None
    if module == "locations" and below:
        return PARTS[len(below) - 1]
    return objects.Version if side == "versions" else kinds.get(module)


_ANSWERS = {
    "": objects.VersionDetails,
    "commands": objects.CommandResponse,
    "chargingprofiles": objects.ChargingProfileResponse,
    "hubclientinfo": objects.ClientInfo,
}
