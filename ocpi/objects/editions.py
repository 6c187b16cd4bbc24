"""OCPI 2.3.0 beside 2.2.1: prices, the tax of tariffs and the types of tokens differ in what we
tell and are told.

Rows hold 2.2.1. What goes to a partner of 2.3.0 is turned on its way out, what comes from one on
its way in; `to_older(to_newer(body))` is the body. A shape that is wrong is left as it is: whoever
reads it names the field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeGuard

from ocpi.wire import json
from tariffs.pricing import to_decimal

OLDER: Final = "2.2.1"
NEWER: Final = "2.3.0"
# The newest first: that is what two platforms that speak both agree on.
VERSIONS: Final = (NEWER, OLDER)

_COSTS: Final = (
    "total_cost",
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
_LIMITS: Final = ("min_price", "max_price")
_PLACES: Final = 6
_Turn = Callable[[dict[str, Any]], dict[str, Any]]


def told(module: str, body: str, version: str, *, token_type: str = "") -> json.Fragment:
    """A stored object as a partner of `version` is told it: in 2.2.1 the stored text itself.

    `token_type`: of the session or CDR, where it is none of 2.2.1, which is stored as OTHER.
    """
    turn = _NEWER.get(module)
    if version != NEWER or turn is None:
        return json.Fragment(body)
    turned = turn(json.loads(body))
    if token_type and "cdr_token" in turned:
        turned["cdr_token"] = {**turned["cdr_token"], "type": token_type}
    return json.Fragment(json.dumps(turned))


def heard(module: str, body: Any, version: str) -> Any:
    """What a partner of `version` says of an object (PATCH: of a part), in the words of 2.2.1."""
    turn = _OLDER.get(module)
    if version != NEWER or turn is None:
        return body
    single = body[0] if isinstance(body, list) and len(body) == 1 else body
    return turn(single) if isinstance(single, dict) else body


def _newer_costs(body: dict[str, Any]) -> dict[str, Any]:
    return _each(body, _COSTS, _newer_price)


def _older_costs(body: dict[str, Any]) -> dict[str, Any]:
    return _each(body, _COSTS, _older_price)


def _newer_cdr(body: dict[str, Any]) -> dict[str, Any]:
    return _with_tariffs(_newer_costs(body), newer_tariff)


def _older_cdr(body: dict[str, Any]) -> dict[str, Any]:
    return _with_tariffs(_older_costs(body), older_tariff)


def newer_tariff(body: dict[str, Any]) -> dict[str, Any]:
    """Ours are net (`tax_included` NO); N/A where nothing is taxed."""
    taxed = any(part.get("vat") is not None for part in _components(body))
    turned = _each(body, _LIMITS, lambda one: _renamed(one, "before_taxes", "after_taxes"))
    return {**turned, "tax_included": "NO" if taxed else "N/A"}


def older_tariff(body: dict[str, Any]) -> dict[str, Any]:
    """Net, as 2.2.1 has it: prices that hold their tax are divided by it."""
    turned = _each(body, _LIMITS, _older_limit)
    if turned.pop("tax_included", None) != "YES":
        return turned
    elements = turned.get("elements")
    if isinstance(elements, list):
        turned["elements"] = [_net_element(one) for one in elements]
    return turned


def _newer_price(one: dict[str, Any]) -> dict[str, Any]:
    """Price → {before_taxes, taxes}: absent where the older one says nothing of tax."""
    excl, incl = one.get("excl_vat"), one.get("incl_vat")
    if incl is None:
        return {"before_taxes": excl}
    tax = Decimal(incl) - Decimal(str(excl))
    return {"before_taxes": excl, "taxes": [{"name": "VAT", "amount": tax}] if tax else []}


def _older_price(one: dict[str, Any]) -> dict[str, Any]:
    excl, taxes = one.get("before_taxes"), one.get("taxes")
    if "before_taxes" not in one:
        return one
    if not isinstance(taxes, list) or not _is_number(excl):
        return {"excl_vat": excl}
    told_amounts = [tax.get("amount") if isinstance(tax, dict) else None for tax in taxes]
    amounts = [amount for amount in told_amounts if _is_number(amount)]
    if len(amounts) != len(taxes):
        # A tax that cannot be read is no tax of 0.
        return {"excl_vat": excl, "incl_vat": "a tax without an amount"}
    return {"excl_vat": excl, "incl_vat": sum(map(Decimal, amounts), Decimal(excl))}


def _older_limit(one: dict[str, Any]) -> dict[str, Any]:
    known = {"excl_vat": one.get("before_taxes"), "incl_vat": one.get("after_taxes")}
    turned = {name: value for name, value in known.items() if value is not None}
    return turned if "before_taxes" in one else one


def _renamed(one: dict[str, Any], excl: str, incl: str) -> dict[str, Any]:
    names = {"excl_vat": excl, "incl_vat": incl}
    return {names.get(name, name): value for name, value in one.items()}


def _net_element(element: Any) -> Any:
    if not isinstance(element, dict) or not isinstance(element.get("price_components"), list):
        return element
    return {**element, "price_components": [_net(part) for part in element["price_components"]]}


def _net(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    price, percent = part.get("price"), part.get("vat")
    if not _is_number(price) or not _is_number(percent) or percent < 0:
        return part
    net = to_decimal(Fraction(price) / (1 + Fraction(percent) / 100), _PLACES)
    return {**part, "price": net}


def _components(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [part for element in body["elements"] for part in element["price_components"]]


def _with_tariffs(body: dict[str, Any], turn: _Turn) -> dict[str, Any]:
    tariffs = body.get("tariffs")
    if not isinstance(tariffs, list):
        return body
    return {**body, "tariffs": [turn(one) if isinstance(one, dict) else one for one in tariffs]}


def _each(body: dict[str, Any], names: tuple[str, ...], turn: _Turn) -> dict[str, Any]:
    """A copy in which these fields are turned; some peers wrap single objects in a list."""
    found = dict(body)
    for name in names:
        one = found.get(name)
        if isinstance(one, list) and len(one) == 1:
            one = one[0]
        if isinstance(one, dict):
            found[name] = turn(one)
    return found


def _is_number(value: Any) -> TypeGuard[int | Decimal]:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


_NEWER: Final[dict[str, _Turn]] = {
    "tariffs": newer_tariff,
    "sessions": _newer_costs,
    "cdrs": _newer_cdr,
}
_OLDER: Final[dict[str, _Turn]] = {
    "tariffs": older_tariff,
    "sessions": _older_costs,
    "cdrs": _older_cdr,
}
