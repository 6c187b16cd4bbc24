"""Rows that mix apps; each concept's models stand in its own folder."""

from unievp.web.simulation.models import OrderAction, RunStatus, SimulatorOrder, SimulatorRun

__all__ = ["OrderAction", "RunStatus", "SimulatorOrder", "SimulatorRun"]
