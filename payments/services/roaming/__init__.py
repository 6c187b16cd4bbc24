"""Money between us and roaming partners, both ways (docs/ocpi.md)."""
