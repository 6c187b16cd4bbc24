"""The page on which a person pays, and the controls for tests and the curious."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.gateway.books import Payment
from simulator.gateway.faults import ALL
from simulator.gateway.midtrans import MidtransApi
from simulator.gateway.world import World
from simulator.gateway.xendit import XenditApi

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;
color:#134e4a}
h1{font-size:1.4rem} table{border-collapse:collapse;width:100%} td,th{padding:.5rem;text-align:left;
border-bottom:1px solid #ddd} .amount{font-size:2.2rem;font-weight:700} button{font:inherit;
padding:.6rem 1.2rem;border:1px solid #0f766e;border-radius:.5rem;background:#fff;color:#0f766e;
cursor:pointer;margin:.2rem} button.pay{background:#0f766e;color:#fff} .note{color:#6b7280}
"""


class Pages:
    def __init__(self, world: World, xendit: XenditApi, midtrans: MidtransApi) -> None:
        self.world = world
        self.xendit = xendit
        self.midtrans = midtrans

    def routes(self) -> list[Route]:
        return [
            Route("/", self.index),
            Route("/pay/{id}", self.page),
            Route("/pay/{id}/{what}", self.act, methods=["POST"]),
            Route("/__control/books", self.books),
            Route("/__control/calls", self.calls),
            Route("/__control/webhooks", self.webhooks),
            Route("/__control/faults", self.set_faults, methods=["POST"]),
            Route("/__control/pay/{id}", self.control_pay, methods=["POST"]),
            Route("/healthz", self.healthz),
        ]

    async def index(self, _request: Request) -> Response:
        payments = sorted(
            self.world.books.payments.values(), key=lambda each: each.created_at, reverse=True
        )
        rows = "".join(
            f"<tr><td><a href='/pay/{escape(each.id)}'>{escape(each.reference)}</a></td>"
            f"<td>{escape(each.channel)}</td><td>{_rupiah(each.amount)}</td>"
            f"<td>{escape(each.state)}</td></tr>"
            for each in payments[:50]
        )
        table = f"<table><tr><th>Reference<th>Channel<th>Amount<th>State</tr>{rows}</table>"
        empty = "<p class=note>No payments yet.</p>"
        return _html("Fake payment gateway", table if rows else empty)

    async def page(self, request: Request) -> Response:
        payment = self.world.books.find(request.path_params["id"])
        if payment is None:
            return _html("Not found", "<p>No such payment.</p>", 404)
        buttons = "".join(
            f"<button class={what} formaction='/pay/{escape(payment.id)}/{what}'>{label}</button>"
            for what, label in (
                ("pay", "Pay"),
                ("less", "Pay less"),
                ("fail", "Fail"),
                ("expire", "Expire"),
            )
        )
        body = (
            f"<p class=amount>{_rupiah(payment.amount)}</p>"
            f"<p>{escape(payment.channel)} · {escape(payment.reference)} · "
            f"<strong data-state>{escape(payment.state)}</strong></p>"
            f"<form method=post>{buttons}</form>"
            "<p class=note>No money moves here: this gateway is part of the simulator.</p>"
        )
        return _html("Pay", body)

    async def act(self, request: Request) -> Response:
        payment = self.world.books.find(request.path_params["id"])
        actions: dict[str, Callable[[Payment], None]] = {
            "pay": lambda each: self._api(each).pay(each),
            "less": lambda each: self._api(each).pay(each, amount=each.amount - 1_000),
            "fail": lambda each: self._api(each).fail(each),
            "expire": lambda each: self._api(each).expire(each),
        }
        action = actions.get(request.path_params["what"])
        if payment is None or action is None:
            return _html("Not found", "<p>No such payment.</p>", 404)
        action(payment)
        self.world.books.save()
        back = str(payment.details.get("return_url", ""))
        return RedirectResponse(back or f"/pay/{payment.id}", 303)

    async def control_pay(self, request: Request) -> Response:
        """`{"amount", "issuer"}`, both optional; by our id or the merchant's reference."""
        payment = self.world.books.find(request.path_params["id"])
        if payment is None:
            return JSONResponse({"error": "no such payment"}, 404)
        raw = await request.body()
        options = await request.json() if raw else {}
        what = options.pop("what", "pay")
        api = self._api(payment)
        if what == "pay":
            api.pay(payment, **options)
        else:
            {"fail": api.fail, "expire": api.expire}[what](payment)
        self.world.books.save()
        return JSONResponse({"state": payment.state})

    async def books(self, _request: Request) -> Response:
        return JSONResponse(self.world.books.as_json())

    async def calls(self, _request: Request) -> Response:
        return JSONResponse(self.world.calls[-1000:])

    async def webhooks(self, _request: Request) -> Response:
        return JSONResponse(self.world.notifier.sent[-1000:])

    async def set_faults(self, request: Request) -> Response:
        """`{"lost": 1, …}`; `{}` ends them all."""
        wanted = await request.json()
        unknown = sorted(set(wanted) - set(ALL))
        if unknown:
            return JSONResponse({"error": f"unknown: {unknown}", "known": ALL}, 400)
        self.world.faults.clear()
        for name, times in wanted.items():
            self.world.faults.set(name, int(times))
        return JSONResponse(self.world.faults.left)

    async def healthz(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def _api(self, payment: Payment) -> XenditApi | MidtransApi:
        return self.midtrans if payment.product in ("charge", "snap") else self.xendit


def _html(title: str, body: str, status: int = 200) -> HTMLResponse:
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        "<meta name=viewport content='width=device-width'>"
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>"
    )
    return HTMLResponse(page, status)


def _rupiah(amount: int) -> str:
    return "Rp" + f"{amount:,}".replace(",", ".")
