"""What every endpoint of the REST API shares: problems, JSON, throttles, waiting."""
