"""Xendit's payouts, v2 and v3 (payments.md §1.6)."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.gateway.books import Payout, new_id, now
from simulator.gateway.world import World, endpoint
from simulator.gateway.xendit_common import amount_of, body_of, checked_key, refusal, word

# account number → what becomes of a payout to it (test scenarios of the documentation)
MAGIC = {
    "131313": ["ACCEPTED"],
    "123456": ["ACCEPTED", "REQUESTED", "FAILED:TEMPORARY_TRANSFER_ERROR"],
    "999999": ["ACCEPTED", "REQUESTED", "FAILED:REJECTED_BY_CHANNEL"],
    "121212": ["ACCEPTED", "FAILED:INVALID_DESTINATION"],
    "654321": ["ACCEPTED", "REQUESTED", "SUCCEEDED", "REVERSED"],
}
COURSE = ["ACCEPTED", "REQUESTED", "SUCCEEDED"]
BANKS = {"BCA": "BCA", "BNI": "BNI", "BRI": "BRI", "MANDIRI": "Mandiri"}


class XenditPayouts:
    def __init__(self, world: World) -> None:
        self.world = world
        self.books = world.books

    def routes(self) -> list[Route]:
        return [
            Route(path, endpoint(self.world, handler), methods=[method])
            for method, path, handler in (
                ("POST", "/v2/payouts", self.create_payout),
                ("GET", "/v2/payouts", self.find_payouts),
                ("GET", "/v2/payouts/{id}", self.read_payout),
                ("POST", "/v2/payouts/{id}/cancel", self.cancel_payout),
                ("POST", "/v3/payouts", self.create_payout_v3),
                ("GET", "/v3/payouts", self.find_payouts),
                ("GET", "/v3/payouts/{id}", self.read_payout),
                ("POST", "/v3/payouts/{id}/cancel", self.cancel_payout),
                ("GET", "/payouts_channels", self.channels),
            )
        ]

    async def create_payout(self, request: Request) -> Response:
        checked_key(request)
        body = await body_of(request)
        account = str(body["channel_properties"]["account_number"])
        amount = amount_of(body.get("amount"))
        return self._create_payout(request, body, "v2", account, amount)

    async def create_payout_v3(self, request: Request) -> Response:
        checked_key(request)
        body = await body_of(request)
        account = str(body["recipient"]["account_details"]["account_number"])
        amount = amount_of(body["payout_details"].get("source_amount"))
        return self._create_payout(request, body, "v3", account, amount)

    def _create_payout(
        self, request: Request, body: dict[str, Any], api: str, account: str, amount: int
    ) -> Response:
        reference = str(body["reference_id"])
        key = request.headers.get("idempotency-key", "")
        if not key and api == "v2":
            raise refusal(400, "API_VALIDATION_ERROR", "Idempotency-key is required")
        known = self.books.payout_by_reference(key or reference)
        if known is not None:
            if known.body != body:
                raise refusal(409, "DUPLICATE_ERROR")
            return JSONResponse(self.payout_json(known))
        prefix = "po-" if api == "v3" else "disb-"
        payout = Payout(
            new_id(prefix), api, reference, amount, account, body, now().isoformat(), "ACCEPTED"
        )
        self.books.payouts[payout.id] = payout
        self.world.later(self._run(payout))
        return JSONResponse(self.payout_json(payout))

    async def find_payouts(self, request: Request) -> Response:
        checked_key(request)
        payout = self.books.payout_by_reference(request.query_params.get("reference_id", ""))
        return JSONResponse([self.payout_json(payout)] if payout else [])

    async def read_payout(self, request: Request) -> Response:
        checked_key(request)
        return JSONResponse(self.payout_json(self._payout(request)))

    async def cancel_payout(self, request: Request) -> Response:
        payout = self._payout(request)
        if payout.state != "ACCEPTED":
            raise refusal(400, "PAYOUT_NOT_CANCELLABLE")
        self.books.move_payout(payout, "CANCELLED")
        return JSONResponse(self.payout_json(payout))

    async def _run(self, payout: Payout) -> None:
        course = MAGIC.get(payout.account, COURSE)
        if payout.amount > self.books.balance:
            course = ["ACCEPTED", "FAILED:INSUFFICIENT_BALANCE"]
        for before, step in itertools.pairwise(course):
            await asyncio.sleep(self.world.step_s)
            if payout.state != before.partition(":")[0]:
                return
            state, _, failure = step.partition(":")
            self.books.move_payout(payout, state, failure=failure)
            self.books.save()
            if state != "REQUESTED":
                family = "v3_payout" if payout.api == "v3" else "payout"
                self.world.notifier.xendit(f"{family}.{state.lower()}", self.payout_json(payout))

    async def channels(self, request: Request) -> Response:
        checked_key(request)
        limits = {"minimum": 10_000, "maximum": 1_999_999_999, "minimum_increment": 1}
        rows = [
            {
                "channel_code": f"ID_{code}",
                "channel_category": "BANK",
                "channel_name": name,
                "currency": "IDR",
                "amount_limits": limits,
            }
            for code, name in (
                ("BCA", "BCA"),
                ("BNI", "BNI"),
                ("BRI", "BRI"),
                ("MANDIRI", "Mandiri"),
            )
        ]
        return JSONResponse(rows)

    def _payout(self, request: Request) -> Payout:
        payout = self.books.payouts.get(request.path_params["id"])
        if payout is None:
            raise refusal(404, "DATA_NOT_FOUND")
        return payout

    def payout_json(self, payout: Payout) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "reference_id": payout.reference,
            "status": word(self.world, payout.state),
            "currency": "IDR",
            "created": payout.created_at,
            "updated": payout.updated_at or payout.created_at,
        }
        if payout.failure:
            answer["failure_code"] = payout.failure
        if payout.api == "v3":
            return {
                "payout_id": payout.id,
                "payout_details": {"source_amount": payout.amount},
            } | answer
        return {"id": payout.id, "amount": payout.amount} | answer


def payout_transaction(payout: Payout, fee: int, tax: int) -> dict[str, Any]:
    return {
        "id": f"txn_{payout.id}",
        "product_id": payout.id,
        "type": "DISBURSEMENT",
        "status": "SUCCESS",
        "reference_id": payout.reference,
        "amount": payout.amount,
        "net_amount": payout.amount,
        "settlement_status": "SETTLED",
        "fee": {"xendit_fee": fee, "value_added_tax": tax, "status": "COMPLETED"},
        "created": payout.created_at,
        "updated": payout.updated_at,
    }
