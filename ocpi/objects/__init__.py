"""OCPI objects made of plain values: no rows, no queries."""
