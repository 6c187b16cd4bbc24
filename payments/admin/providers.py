"""Payment providers: their keys are written here and never read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.messages import ERROR, SUCCESS
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
)

from cpo.models import User
from payments.gateways.base import Method
from payments.models import Environment, ProviderConfig
from payments.services.providers import (
    SECRETS,
    check_provider,
    retire_provider,
    rotate_keys,
    save_provider,
    webhook_url,
)
from payments.services.providers import test_provider as ask_gateway
from unievp.lib.admin import (
    DeskAdmin,
    Question,
    ask,
    column,
    detail_action,
    get_row,
    when,
)
from unievp.lib.admin.confirm import change_page
from unievp.lib.errors import InvalidError
from unievp.lib.secrets import mask

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[ProviderConfig]
else:
    ModelForm = forms.ModelForm

CHANGE = ("payments.change_providerconfig",)
_PLAIN = ("name", "is_active", "priority", "methods", "for_payouts", "payout_version", "base_url")
_LONGEST_KEY = 500


def _key_field(label: Any, *, required: bool = False, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=capfirst(label),
        required=required,
        max_length=_LONGEST_KEY,
        help_text=help_text,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password", "spellcheck": "false"}),
    )


class KeysForm(forms.Form):
    """Nothing of the old keys: what is left empty stays."""

    api_key = _key_field(_("API key"))
    payout_key = _key_field(_("payout key"), help_text=_("Midtrans: Iris creator."))
    approver_key = _key_field(_("approver key"), help_text=_("Midtrans: Iris approver."))
    webhook_secret = _key_field(
        _("webhook secret"), help_text=_("Xendit: callback token. Midtrans: Iris merchant key.")
    )
    signature_key = _key_field(_("signature key"))


class ProviderForm(ModelForm):
    methods = forms.MultipleChoiceField(
        label=capfirst(_("methods")),
        required=False,
        choices=[(method.value, method.value.upper().replace("_", " ")) for method in Method],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    payout_version = forms.ChoiceField(
        label=capfirst(_("payout API")),
        choices=[("v2", "v2"), ("v3", "v3")],
        initial="v2",
        widget=UnfoldAdminSelectWidget(),
    )

    class Meta:
        model = ProviderConfig
        fields = _PLAIN

    def full_clean(self) -> None:
        super().full_clean()
        if not self.is_bound or self.errors:
            return
        try:
            check_provider(self.instance)
        except InvalidError as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))


class NewProviderForm(ProviderForm):
    api_key = _key_field(_("API key"), required=True)
    payout_key = KeysForm.base_fields["payout_key"]
    approver_key = KeysForm.base_fields["approver_key"]
    webhook_secret = KeysForm.base_fields["webhook_secret"]
    signature_key = KeysForm.base_fields["signature_key"]

    class Meta:
        model = ProviderConfig
        fields = ("cpo", "provider", "environment", *_PLAIN, *SECRETS)


@admin.register(ProviderConfig)
class ProviderConfigAdmin(DeskAdmin):
    list_display = (
        "name", "kind", "where", "owner", "state", "offers", "for_payouts", "priority", "tested",
    )  # fmt: skip
    list_filter = (
        "environment",
        "provider",
        "is_active",
        "for_payouts",
        ("cpo", AutocompleteSelectFilter),
    )
    list_select_related = ("cpo",)
    search_fields = ("name", "cpo__name")
    autocomplete_fields = ("cpo",)
    actions_detail = ("test_connection", "rotate", "disable")
    shown = (
        "owner", "kind", "where", "masked_api_key", "masked_payout_key", "masked_approver_key",
        "masked_webhook_secret", "masked_signature_key", "tested", "test_result", "webhook",
    )  # fmt: skip

    _settings: ClassVar[Any] = (
        _("Use"),
        {"fields": (("name", "priority"), ("is_active", "for_payouts"), "methods")},
    )
    _technical: ClassVar[Any] = (_("Technical"), {"fields": (("payout_version", "base_url"),)})

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: Any = None, **options: Any
    ) -> Any:
        options["form"] = NewProviderForm if obj is None else ProviderForm
        return super().get_form(request, obj, bool(change), **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.shown

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            whose: dict[str, Any] = {"fields": (("provider", "environment"), "cpo")}
            keys = {"fields": ("api_key", ("payout_key", "approver_key"),
                               ("webhook_secret", "signature_key"))}  # fmt: skip
            return ((None, whose), (_("Keys"), keys), self._settings, self._technical)
        whose = {"fields": (("kind", "where"), "owner", "webhook", ("tested", "test_result"))}
        keys = {"fields": ("masked_api_key", ("masked_payout_key", "masked_approver_key"),
                           ("masked_webhook_secret", "masked_signature_key"))}  # fmt: skip
        return ((None, whose), self._settings, (_("Keys"), keys), self._technical)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        actor = cast("User", request.user)
        if change:
            stored = ProviderConfig.objects.select_related("cpo").get(pk=obj.pk)
            names: tuple[str, ...] = _PLAIN
        else:
            stored = ProviderConfig(
                id=obj.pk, cpo=obj.cpo, provider=obj.provider, environment=obj.environment
            )
            names = (*_PLAIN, *SECRETS)
        save_provider(stored, actor=actor, **{name: form.cleaned_data[name] for name in names})

    @column(_("provider"), ordering="provider")
    def kind(self, config: ProviderConfig) -> str:
        return str(config.get_provider_display())

    @column(
        _("environment"),
        ordering="environment",
        label={Environment.PRODUCTION: "success", Environment.SANDBOX: "warning"},
    )
    def where(self, config: ProviderConfig) -> Any:
        return config.environment, config.get_environment_display()

    @column(_("whose"), ordering="cpo__name")
    def owner(self, config: ProviderConfig) -> str:
        return str(config.cpo or _("The platform's"))

    @column(_("state"), ordering="is_active", label={True: "success", False: ""})
    def state(self, config: ProviderConfig) -> Any:
        return config.is_active, _("Active") if config.is_active else _("Disabled")

    @column(_("methods"))
    def offers(self, config: ProviderConfig) -> str:
        words = [str(method).upper().replace("_", " ") for method in config.methods]
        more = len(words) - 3
        return ", ".join(words[:3]) + (f" +{more}" if more > 0 else "") or "-"

    @column(_("last test"), ordering="tested_at")
    def tested(self, config: ProviderConfig) -> str:
        return when(config.tested_at)

    @column(_("address for webhooks"))
    def webhook(self, config: ProviderConfig) -> SafeString:
        return format_html('<span class="uniev-anywhere">{}</span>', webhook_url(config))

    @column(_("API key"))
    def masked_api_key(self, config: ProviderConfig) -> str:
        return mask(config.api_key) or "-"

    @column(_("payout key"))
    def masked_payout_key(self, config: ProviderConfig) -> str:
        return mask(config.payout_key) or "-"

    @column(_("approver key"))
    def masked_approver_key(self, config: ProviderConfig) -> str:
        return mask(config.approver_key) or "-"

    @column(_("webhook secret"))
    def masked_webhook_secret(self, config: ProviderConfig) -> str:
        return mask(config.webhook_secret) or "-"

    @column(_("signature key"))
    def masked_signature_key(self, config: ProviderConfig) -> str:
        return mask(config.signature_key) or "-"

    @detail_action(_("Test connection"), url_path="test", icon="network_check", permissions=CHANGE)
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        config = get_row(self, request, object_id)
        question = Question(
            title=_("Test the connection"),
            text=_("The gateway is asked for something harmless with these keys."),
            submit=_("Test"),
        )

        def run(_answer: dict[str, Any]) -> HttpResponse:
            good, result = ask_gateway(config, actor=cast("User", request.user))
            words = _("The gateway answered: %(result)s") if good else _("No use: %(result)s")
            self.message_user(request, words % {"result": result}, SUCCESS if good else ERROR)
            return HttpResponseRedirect(change_page(config))

        return ask(self, request, config, question, run)

    @detail_action(_("Rotate keys"), url_path="rotate", icon="key", permissions=CHANGE)
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        config = get_row(self, request, object_id)
        question = Question(
            title=_("New keys"),
            text=_("Empty ones stay as they are. Test the connection afterwards."),
            submit=_("Use the new keys"),
            form_class=KeysForm,
        )

        def run(answer: dict[str, Any]) -> None:
            rotate_keys(config, actor=cast("User", request.user), **answer)

        return ask(self, request, config, question, run)

    @detail_action(_("Disable"), url_path="disable", icon="block", permissions=CHANGE)
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        config = get_row(self, request, object_id)
        question = Question(
            title=_("Disable this provider"),
            text=_("No new payment goes there; what is open is followed to its end."),
            submit=_("Disable"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> None:
            retire_provider(config, actor=cast("User", request.user))

        return ask(self, request, config, question, run)
