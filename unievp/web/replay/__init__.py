"""Export of a wire log, and its replay in a sandbox: docs/wire-log.md."""

from unievp.web.replay.service import Outcome, replay

__all__ = ["Outcome", "replay"]
