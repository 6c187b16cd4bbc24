from tariffs.admin.regulation import PriceCapAdmin, VatRateAdmin
from tariffs.admin.templates import TariffTemplateAdmin
from tariffs.admin.versions import TariffVersionAdmin

__all__ = ["PriceCapAdmin", "TariffTemplateAdmin", "TariffVersionAdmin", "VatRateAdmin"]
