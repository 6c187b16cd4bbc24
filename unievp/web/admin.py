"""Admin pages of rows that mix apps."""

from unievp.web.simulation.admin import SimulatorRunAdmin

__all__ = ["SimulatorRunAdmin"]
