"""What other operators send, read field by field: what we rely on is checked, the rest kept."""
