"""Development tooling: embedded PostgreSQL and Valkey, `make run`, services for the tests.

Nothing here is imported in production, except `environment.prepare`, which then does nothing.
"""
