"""Where roaming meets the rest of the house."""
