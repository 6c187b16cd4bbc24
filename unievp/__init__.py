"""The composition root of UNIEV: settings, URLs, ASGI applications, Celery, subscriptions."""
