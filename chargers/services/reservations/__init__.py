"""Connectors kept for one driver: asked for, accepted, used, cancelled or over (OCPP 1.6 §5.13)."""
