"""Local authorization lists: what chargers should know of tags by themselves (OCPP 1.6 §3.5.2)."""
