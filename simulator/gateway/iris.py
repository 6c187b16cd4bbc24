"""Iris, Midtrans' payouts: one key creates, another approves (payments.md §2.6)."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.gateway.books import Payout, new_id, now
from simulator.gateway.world import Refusal, World, endpoint, key_of

IRIS_MAGIC = {
    "123456": ["approved", "failed"],
    "654321": ["approved", "processed", "completed", "failed"],
}
IRIS_COURSE = ["approved", "processed", "completed"]


class IrisApi:
    def __init__(self, world: World) -> None:
        self.world = world
        self.books = world.books

    def routes(self) -> list[Route]:
        return [
            Route(path, endpoint(self.world, handler), methods=[method])
            for method, path, handler in (
                ("POST", "/iris/api/v1/payouts", self.create_payout),
                ("POST", "/iris/api/v1/payouts/approve", self.approve),
                ("POST", "/iris/api/v1/payouts/reject", self.reject),
                ("GET", "/iris/api/v1/payouts/{id}", self.read_payout),
                ("GET", "/iris/api/v1/balance", self.balance),
                ("GET", "/iris/api/v1/statements", self.statements),
                ("GET", "/iris/api/v1/account_validation", self.account_validation),
            )
        ]

    async def create_payout(self, request: Request) -> Response:
        _iris_key(request)
        body = await _body(request)
        (row,) = body["payouts"]
        known = self.books.payout_by_reference(request.headers.get("x-idempotency-key", ""))
        if known is not None:
            if known.body != row:
                raise Refusal(400, {"error_message": "idempotency-key is not unique"})
            return JSONResponse({"payouts": [{"status": "queued", "reference_no": known.id}]}, 201)
        payout = Payout(
            new_id(""),
            "iris",
            request.headers.get("x-idempotency-key", ""),
            int(float(row["amount"])),
            str(row["beneficiary_account"]),
            row,
            now().isoformat(),
            "queued",
        )
        self.books.payouts[payout.id] = payout
        return JSONResponse({"payouts": [{"status": "queued", "reference_no": payout.id}]}, 201)

    async def approve(self, request: Request) -> Response:
        _iris_key(request)
        for number in (await _body(request))["reference_nos"]:
            payout = self.books.payouts.get(str(number))
            if payout is None or payout.state != "queued":
                raise Refusal(400, {"error_message": "payout is not queued"})
            self._move(payout, "approved")
            self.world.later(self._run(payout))
        return JSONResponse({"status": "ok"}, 202)

    async def reject(self, request: Request) -> Response:
        _iris_key(request)
        for number in (await _body(request))["reference_nos"]:
            payout = self.books.payouts.get(str(number))
            if payout is None or payout.state != "queued":
                raise Refusal(400, {"error_message": "payout is not queued"})
            self._move(payout, "rejected")
        return JSONResponse({"status": "ok"}, 202)

    async def read_payout(self, request: Request) -> Response:
        _iris_key(request)
        payout = self.books.payouts.get(request.path_params["id"])
        if payout is None:
            raise Refusal(404, {"error_message": "not found"})
        return JSONResponse(self._payout_json(payout))

    async def balance(self, request: Request) -> Response:
        _iris_key(request)
        return JSONResponse({"balance": f"{self.books.balance}.0"})

    async def statements(self, request: Request) -> Response:
        _iris_key(request)
        rows = [
            {"reference_no": each.id, "notes": each.body.get("notes", ""), "status": each.state}
            for each in self.books.payouts.values()
            if each.api == "iris"
        ]
        return JSONResponse(rows)

    async def account_validation(self, request: Request) -> Response:
        _iris_key(request)
        query = request.query_params
        return JSONResponse(
            {
                "account_name": "PT NUSANTARA",
                "account_no": query.get("account"),
                "bank_name": query.get("bank"),
            }
        )

    async def _run(self, payout: Payout) -> None:
        course = IRIS_MAGIC.get(payout.account, IRIS_COURSE)
        if payout.amount > self.books.balance:
            course = ["approved", "failed"]
        for step in course[1:]:
            await asyncio.sleep(self.world.step_s)
            self._move(payout, step, "016 balance" if step == "failed" else "")

    def _move(self, payout: Payout, state: str, failure: str = "") -> None:
        self.books.move_payout(payout, state, failure=failure)
        self.books.save()
        self.world.notifier.iris(self._payout_json(payout))

    def _payout_json(self, payout: Payout) -> dict[str, Any]:
        code, _, message = payout.failure.partition(" ")
        answer = {
            "reference_no": payout.id,
            "amount": f"{payout.amount}.0",
            "status": self._word(payout.state),
            "updated_at": payout.updated_at or payout.created_at,
        }
        return answer | ({"error_code": code, "error_message": message} if code else {})

    def _word(self, word: str) -> str:
        return "quantum" if self.world.faults.take("unknown_status") else word


def _iris_key(request: Request) -> str:
    key = key_of(request)
    if not key:
        raise Refusal(401, {"error_message": "HTTP Basic: Access denied."})
    return key


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, {"error_message": "The payload is no object."})
    return body
