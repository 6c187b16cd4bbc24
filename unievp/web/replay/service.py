"""Plays an export again and says what came out differently."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from unievp.lib.errors import InvalidError
from unievp.web.replay.compare import Difference, compare
from unievp.web.replay.recording import read_recording
from unievp.web.replay.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Outcome:
    """`refused`: lines of the file whose frames were answered with an error, as they may have been
    before. `sessions`: how many of the file's sessions were compared.
    """

    frames: int
    refused: tuple[int, ...]
    sessions: int
    differences: tuple[Difference, ...]

    @property
    def is_same(self) -> bool:
        return not self.differences


class _Undo(Exception):  # noqa: N818 (a way out, no error)
    pass


def replay(lines: Iterable[bytes]) -> Outcome:
    """Play an export into a sandbox that is rolled back, and compare. Nothing remains.

    Raises InvalidError for a file that is no export, or whose frames no charger can have sent.
    """
    recording = read_recording(lines)
    outcome: Outcome | None = None
    try:
        with transaction.atomic():
            sandbox = Sandbox.build(recording)
            sandbox.play()
            outcome = Outcome(
                frames=len(recording.frames),
                refused=tuple(sandbox.refused),
                sessions=len(recording.originals),
                differences=tuple(compare(sandbox)),
            )
            raise _Undo
    except _Undo:
        pass
    except (DatabaseError, ValueError, ArithmeticError, KeyError, TypeError) as error:
        detail = _("The export cannot be played: %(error)s") % {"error": _first_line(error)}
        raise InvalidError(detail, field="file") from error
    if outcome is None:
        message = "A replay ended without an outcome"
        raise RuntimeError(message)
    return outcome


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
