"""Charging profiles on chargers: checked, sent, and followed (OCPP 1.6 §3.13, §5.16, §5.3)."""
