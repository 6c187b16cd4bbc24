"""A payment from the wish to the money: one module for each step (payments.md §3)."""
