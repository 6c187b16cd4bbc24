"""The fixtures of payments: pages are tested against the bundled fake gateway, too."""

from payments.tests.conftest import _running, fake

__all__ = ["_running", "fake"]
