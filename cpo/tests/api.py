"""A caller of the REST API with a key of its own."""

from __future__ import annotations

import json
from typing import Any

from cpo.services.api_keys import create_api_key


class Api:
    """`Api(client, cpo)("POST", "chargers", {…}, Idempotency_Key="k")`; no scopes: all."""

    def __init__(self, client: Any, cpo: Any = None, *scopes: str) -> None:
        self.client = client
        self.key = create_api_key(name="Acme", cpo=cpo, scopes=scopes, actor="test")[1]

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        names |= {"Authorization": f"Api-Key {self.key}", "Accept-Language": "en"}
        return self.client.generic(
            method,
            f"/api/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=names,
        )


def fields_of(response: Any, status: int) -> set[str]:
    """The fields that a refusal names."""
    assert response.status_code == status, response.content
    return set(response.json()["errors"])
