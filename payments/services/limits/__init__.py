"""Charges that are stopped at an energy, an amount or a time, without a payment before them."""
