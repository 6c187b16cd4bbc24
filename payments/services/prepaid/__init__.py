"""What a payment buys at a connector: start, guard, stop, bill, the rest back; a module for each.

Each step is under the intent's lock, once by its row, and found by a sweep when its nudge was lost.
"""

from payments.services.prepaid.stopping import stop_charging

__all__ = ["stop_charging"]
