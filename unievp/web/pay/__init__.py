"""The driver's pages: no login, small, and useful without JavaScript up to the payment."""
