from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OcpiConfig(AppConfig):
    name = "ocpi"
    verbose_name = _("Roaming (OCPI)")
