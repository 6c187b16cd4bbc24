"""Virtual chargers, cars and drivers that speak OCPP 1.6J over real sockets.

Foreign to the platform on purpose: this package imports none of its other apps, so what it proves
about the chargers' door it proves from outside. Django is met only in `apps` and in the command.
"""
