"""Companies as the API takes and shows them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from cpo.models import CPO, CPOStatus, DocumentKind
from cpo.services.documents import MOST_DOCUMENTS, Paper
from unievp.lib.api.examples import example
from unievp.lib.secrets import mask


class DocumentPart(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    name = serializers.CharField(max_length=120)
    content = serializers.CharField(help_text="PDF, PNG or JPEG, in Base64; together at most 2 MB.")

    def validate_content(self, value: str) -> bytes:
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError(_("This is no Base64.")) from None


class DocumentView(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    uploaded_at = serializers.DateTimeField()


@example(
    name="Contoh Charge",
    legal_name="PT Contoh Charge",
    tax_number="01.234.567.8-901.000",
    contact_name="Siti",
    contact_email="siti@contoh.example",
    contact_phone="+62 812 0000 0000",
    bank_code="BCA",
    bank_account_name="PT Contoh Charge",
    bank_account_number="0123456789",
)
class CompanyRequest(serializers.Serializer[Any]):
    """A company that wants to sell charging. The contact confirms by a link in a mail."""

    name = serializers.CharField(max_length=120)
    legal_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    tax_number = serializers.CharField(
        max_length=32, required=False, allow_blank=True, help_text="NPWP."
    )
    contact_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    contact_email = serializers.EmailField(max_length=254)
    contact_phone = serializers.CharField(max_length=32, required=False, allow_blank=True)
    address = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    bank_code = serializers.CharField(max_length=32, required=False, allow_blank=True)
    bank_account_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    bank_account_number = serializers.RegexField(
        r"^[0-9]{5,34}$", required=False, help_text="Digits only."
    )
    documents = serializers.ListField(
        child=DocumentPart(), required=False, max_length=MOST_DOCUMENTS
    )


def papers_of(values: dict[str, Any]) -> list[Paper]:
    return [
        Paper(part["kind"], part["name"], part["content"], field=f"documents.{index}.content")
        for index, part in enumerate(values.pop("documents", []))
    ]


@example(contact_name="Siti", contact_phone="+62 812 0000 0000")
class CompanyPatch(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    legal_name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    tax_number = serializers.CharField(max_length=32, required=False, allow_blank=True)
    contact_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    contact_email = serializers.EmailField(max_length=254, required=False)
    contact_phone = serializers.CharField(max_length=32, required=False, allow_blank=True)
    address = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    bank_code = serializers.CharField(
        max_length=32, required=False, help_text="Of a new bank account: all three parts, please."
    )
    bank_account_name = serializers.CharField(max_length=120, required=False)
    bank_account_number = serializers.CharField(
        max_length=34, required=False, help_text="Digits. Nothing is paid to it for some days."
    )


@example(decision="suspend", reason="Papers have expired.")
class DecisionRequest(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=["approve", "reject", "suspend"])
    reason = serializers.CharField(
        max_length=1000,
        required=False,
        allow_blank=True,
        default="",
        help_text="Needed to reject or suspend; the company reads it.",
    )


class CompanyView(serializers.Serializer[CPO]):
    id = serializers.UUIDField()
    cpo_id = serializers.UUIDField(source="id", help_text="The same as `id`.")
    name = serializers.CharField()
    legal_name = serializers.CharField()
    status = serializers.ChoiceField(choices=CPOStatus.choices)
    status_reason = serializers.CharField()
    country_code = serializers.CharField()
    party_id = serializers.CharField(help_text="OCPI; empty: none yet.")
    tax_number = serializers.CharField()
    contact_name = serializers.CharField()
    contact_email = serializers.CharField()
    contact_phone = serializers.CharField()
    address = serializers.CharField()
    bank_code = serializers.CharField()
    bank_account_name = serializers.CharField()
    bank_account_number = serializers.SerializerMethodField(help_text="Masked, always.")
    created_at = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(allow_null=True)
    email_confirmed_at = serializers.DateTimeField(allow_null=True)

    def get_bank_account_number(self, cpo: CPO) -> str:
        return mask(cpo.bank_account_number)


class CompanyWithDocuments(CompanyView):
    documents = DocumentView(many=True, source="documents.all")
