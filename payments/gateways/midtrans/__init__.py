"""Midtrans (docs.midtrans.com, as of November 2025 to May 2026; payments.md §2)."""

from payments.gateways.midtrans.gateway import Midtrans

__all__ = ["Midtrans"]
