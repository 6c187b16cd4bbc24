"""Which test proves which requirement: marks in the tests, a list of ids, one generated page."""
