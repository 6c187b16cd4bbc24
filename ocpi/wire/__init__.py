"""How OCPI looks on the wire: numbers, times, envelopes, headers. No rows, no Django models."""
