"""A fake Xendit and Midtrans with books of its own, for development and tests (payments.md §3.6).

`python -m simulator.gateway` serves both APIs and a page on which a person pays. It knows nothing
of the platform: it is called over HTTP and answers with webhooks, as the real ones do.
"""
