from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OcpiConfig(AppConfig):
    name = "ocpi"
    verbose_name = _("Roaming (OCPI)")

    def ready(self) -> None:
        from ocpi.proofs import QUERIES
        from payments.services.check_books import also_check

        for name, query in QUERIES.items():
            also_check(name, query)
