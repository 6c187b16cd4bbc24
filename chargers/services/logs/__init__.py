"""Diagnostics and security logs: asked for, followed, received, removed (OCPP 1.6 §6.6; N01)."""
