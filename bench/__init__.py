"""`make bench`: what one message of a charger costs, measured from outside (ADR-free figures)."""
