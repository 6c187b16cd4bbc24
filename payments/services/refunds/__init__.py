"""Money back to the driver: through the gateway, to an account, or by hand."""
