from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChargersConfig(AppConfig):
    name = "chargers"
    verbose_name = _("Chargers")

    def ready(self) -> None:
        # Here and not above: models cannot be imported before apps are loaded.
        from chargers.services.tariff_caps import guard_in_use, guard_where_it_is_sold
        from tariffs.services.templates import ARCHIVE_GUARDS, PUBLISH_GUARDS

        if guard_where_it_is_sold not in PUBLISH_GUARDS:
            PUBLISH_GUARDS.append(guard_where_it_is_sold)
        if guard_in_use not in ARCHIVE_GUARDS:
            ARCHIVE_GUARDS.append(guard_in_use)
