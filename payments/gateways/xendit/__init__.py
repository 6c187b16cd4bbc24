"""Xendit (docs.xendit.co, as of April to July 2026; payments.md §1)."""

from payments.gateways.xendit.gateway import Xendit

__all__ = ["Xendit"]
