from __future__ import annotations

from django.urls import path

from tickets.api import conversation, tickets

urlpatterns = [
    path("tickets", tickets.Tickets.as_view(), name="api_tickets"),
    path("tickets/<int:ticket_id>", tickets.TicketDetail.as_view(), name="api_ticket"),
    path(
        "tickets/<int:ticket_id>/comments",
        conversation.Comments.as_view(),
        name="api_ticket_comments",
    ),
    path(
        "tickets/<int:ticket_id>/attachments",
        conversation.Attachments.as_view(),
        name="api_ticket_attachments",
    ),
    path(
        "tickets/<int:ticket_id>/attachments/<uuid:attachment_id>",
        conversation.AttachmentDownload.as_view(),
        name="api_ticket_attachment",
    ),
]
