from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CpoConfig(AppConfig):
    name = "cpo"
    verbose_name = _("People and companies")
