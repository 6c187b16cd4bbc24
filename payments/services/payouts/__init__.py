"""Money out: one order at a gateway for a settlement, or for a refund to an account."""
