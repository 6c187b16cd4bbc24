from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "unievp.web"
    label = "web"
