"""Addresses of the driver's pages. They stand on printed labels: none may ever change."""

from __future__ import annotations

from django.urls import path, re_path

from unievp.web.pay import payment, receipt, scan, sheets
from unievp.web.pay.tickets import report

app_name = "pay"
# 16 random bytes in url-safe base64; a connector's number is never that long.
_ONE = r"^p/(?P<secret>[A-Za-z0-9_-]{20,32})"

urlpatterns = [
    path("", scan.find, name="find"),
    path("sheets.pdf", sheets.sheets, name="sheets"),
    re_path(_ONE + r"/?$", payment.payment_page, name="payment"),
    re_path(_ONE + r"/part$", payment.part, name="part"),
    re_path(_ONE + r"/check$", payment.check, name="check"),
    re_path(_ONE + r"/method$", payment.change_method, name="method"),
    re_path(_ONE + r"/cancel$", payment.cancel, name="cancel"),
    re_path(_ONE + r"/stop$", payment.stop, name="stop"),
    re_path(_ONE + r"/account$", payment.refund_account, name="account"),
    re_path(_ONE + r"/mail$", payment.mail, name="mail"),
    re_path(_ONE + r"/qr\.png$", payment.qr_picture, name="qr"),
    re_path(_ONE + r"/report$", report.report_payment, name="report_payment"),
    re_path(_ONE + r"/receipt$", receipt.receipt_page, name="receipt"),
    re_path(_ONE + r"/receipt\.pdf$", receipt.receipt_pdf, name="receipt_pdf"),
    re_path(r"^b/(?P<token>\d{1,19}:[A-Za-z0-9_-]{20,60})$", receipt.bill_page, name="bill"),
    re_path(r"^(?P<identity>[^/]{1,48})/(?P<number>\d{1,5})/report$", report.report_connector,
            name="report"),
    re_path(r"^(?P<identity>[^/]{1,48})/(?P<number>\d{1,5})/?$", scan.connector_page,
            name="connector"),
    re_path(r"^(?P<identity>[^/]{1,48})/?$", scan.charger_page, name="charger"),
]  # fmt: skip
