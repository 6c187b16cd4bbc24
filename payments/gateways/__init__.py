"""Payment gateways: one module each, which translates between its API and `base`, and nothing else.

No models, no database, no other gateway (import-linter sees to it). Which one a configuration
means is `registry`'s business.
"""
