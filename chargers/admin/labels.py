"""From the list of chargers to the sheets of QR codes that stand on them."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger
from unievp.lib.admin import DeskAdmin

# Their ids travel in the address.
MOST: Final = 200


class LabelActions(DeskAdmin):
    @admin.action(description=_("QR codes to print"), permissions=["view"])
    def print_labels(
        self, request: HttpRequest, chargers: QuerySet[Charger]
    ) -> HttpResponse | None:
        ids = list(chargers.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
        if len(ids) > MOST:
            text = _("Choose at most %(most)d chargers at once.") % {"most": MOST}
            self.message_user(request, text, messages.ERROR)
            return None
        query = urlencode([("charger", pk) for pk in ids])
        return HttpResponseRedirect(f"{reverse('pay:sheets')}?{query}")
