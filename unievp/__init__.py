"""The composition root of UNIEV: settings, URLs, the two ASGI applications, Celery, subscriptions."""
