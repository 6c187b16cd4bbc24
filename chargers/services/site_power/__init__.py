"""A site's power budget, shared among its charging cars (docs/smart-charging.md)."""
