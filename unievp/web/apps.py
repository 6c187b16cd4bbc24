from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "unievp.web"
    label = "web"

    def ready(self) -> None:
        from unievp.web import checks  # noqa: F401  (importing it registers them)
