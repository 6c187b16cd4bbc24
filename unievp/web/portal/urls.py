"""The portal's pages; all of them go through `portal_page`, which decides whose rows they show."""

from __future__ import annotations

from django.urls import path

from unievp.web.portal import board, sessions

app_name = "portal"
urlpatterns = [
    path("", board.board, name="board"),
    path("board/changes", board.changes, name="changes"),
    path("sessions", sessions.session_list, name="sessions"),
    path("sessions/<int:transaction_id>", sessions.session_detail, name="session"),
]
