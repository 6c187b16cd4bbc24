"""Addresses that chargers are told, and the downloads of what they brought."""

from __future__ import annotations

from django.urls import path

from chargers import views

app_name = "chargers"
urlpatterns = [
    path("uploads/<str:token>", views.upload, name="upload"),
    path("uploads/<str:token>/", views.upload),
    path("uploads/<str:token>/<path:name>", views.upload),
    path("firmware/<str:token>/<str:name>", views.firmware, name="firmware"),
    path("chargers/logs/<uuid:pk>/download", views.charger_log, name="log_download"),
]
