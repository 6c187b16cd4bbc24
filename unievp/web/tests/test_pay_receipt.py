"""The receipt as a page, as a paper and by mail; the explained bill behind its signed link."""

from __future__ import annotations

import re
import smtplib
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import translation

from cpo.tests.factories import make_user
from payments import tasks
from payments.documents.receipt import _line, receipt_pdf
from payments.models import BillLine, MailStatus, ReceiptMail
from payments.selectors.receipts import receipt_of
from payments.services import receipts
from payments.services.billing import bill_session
from payments.services.links import bill_page_url, bill_token, find_bill
from payments.services.prepaid.following import close_charge
from payments.services.prepaid.starting import decide_start
from payments.services.refunds.starting import request_refund
from payments.tests.fake_gateway import running_gateway
from payments.tests.payments import begin, make_provider, pay, refund_all
from payments.tests.pdf import pages_of, pdf_text
from payments.tests.prepaid import again, answer, buy, charging, make_seller, unplug
from unievp.lib import clock
from unievp.lib.throttle import Rate
from unievp.web.pay import payment
from unievp.web.pay.receipt import _why
from unievp.web.tests.paying import driver

pytestmark = pytest.mark.django_db
TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture(scope="module")
def running():
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def fake(running):
    running.reset()
    make_provider(running)
    return running


@pytest.fixture
def charger():
    charger = make_seller(identity="SIM-0001", per_kwh=2_000, session_fee=5_000)
    charger.location.name, charger.location.time_zone = "Sanur Beach Walk", "Asia/Makassar"
    charger.location.save()
    cpo = charger.cpo
    cpo.name, cpo.legal_name, cpo.tax_number = "Bali EV Hub", "PT Bali Energi Hijau", "02.345"
    cpo.save()
    return charger


@pytest.fixture
def done(fake, charger):
    """Rp50,000 paid, 10 kWh and a session fee used: Rp25,000 come back."""
    intent = charging(fake, charger, amount=50_000, email="budi@driver.example", language="en")
    bill_session(unplug(intent, 10_000).pk)
    return again(intent)


@pytest.fixture
def returned(fake, charger):
    intent = buy(fake, charger, email="budi@driver.example")
    answer(intent, "Rejected")
    decide_start(intent.pk)
    return again(intent)


def here(intent, what):
    return f"/pay/p/{intent.secret}/{what}"


def see(address, language="en"):
    answer_ = driver(language).get(address)
    assert answer_.status_code == 200, answer_
    return answer_.content.decode().replace("\xa0", " ")


def paper(intent, language):
    return pdf_text(receipt_pdf(receipt_of(again(intent)), language=language))


# --- page and paper -----------------------------------------------------------------------------


def test_receipt_page_tells_what_was_used_paid_and_comes_back(done):
    html = see(here(done, "receipt"))
    for expected in (
        "PT Bali Energi Hijau", "NPWP 02.345", "Sanur Beach Walk", "SIM-0001/1", "10.00 kWh",
        "IDR 20,000", "IDR 5,000", "IDR 25,000", "IDR 50,000", "WITA", "On its way back to you",
        str(done),
    ):  # fmt: skip
        assert expected in html, expected
    refund_all(done)
    html = see(here(done, "receipt"))
    assert "On its way back to you" not in html
    assert "Refunded" in html


def test_paper_tells_the_same_in_either_language_by_the_clock_of_the_place(done):
    session = done.session
    english = paper(done, "en")
    for expected in (
        "Receipt", "PT Bali Energi Hijau", "10.00 kWh", "IDR 20,000",
        f"Energy: 10 kWh {TIMES} IDR 2,000", "IDR 25,000", "IDR 50,000", "SIM-0001/1",
    ):  # fmt: skip
        assert expected in english.splitlines(), expected
    local = (session.ended_at + timedelta(hours=8)).strftime("%H:%M WITA")
    assert local in english
    indonesian = paper(done, "id")
    assert "10,00 kWh" in indonesian
    assert "Rp25.000" in indonesian


def test_paper_is_one_page_and_served_for_reading(done):
    answer_ = driver().get(here(done, "receipt.pdf"))
    assert answer_["Content-Type"] == "application/pdf"
    assert answer_["Content-Disposition"] == f'inline; filename="{done}.pdf"'
    assert answer_["Cache-Control"] == "no-store, private"
    assert pages_of(answer_.content) == 1
    assert "Receipt" in pdf_text(answer_.content)
    assert "10,00 kWh" in pdf_text(driver("id").get(here(done, "receipt.pdf")).content)


def test_names_are_text_on_paper_too(done):
    evil = '<b>&<img src="x"/></para> 充電'
    done.charger.location.name = evil
    done.charger.location.save()
    done.cpo.legal_name = evil
    done.cpo.save()
    letters = "".join(paper(done, "en").split())
    assert letters.count('<b>&<imgsrc="x"/></para>??') == 2
    assert '<img src="x"' not in see(here(done, "receipt"))


def test_payment_of_which_nothing_was_used_has_a_receipt_of_its_return(returned):
    html = see(here(returned, "receipt"))
    assert "Nothing was charged." in html
    assert "/pay/b/" not in html
    assert "Nothing was charged." in paper(returned, "en")


def test_no_receipt_before_the_end(fake, charger):
    intent = charging(fake, charger)
    for what in ("receipt", "receipt.pdf"):
        answer_ = driver().get(here(intent, what))
        assert (answer_.status_code, answer_["Location"]) == (302, f"/pay/p/{intent.secret}")


def test_no_receipt_says_that_nothing_was_charged_while_something_may_be(fake, charger):
    outlet = charger.connectors.get(number=1)
    wish = {"cpo": charger.cpo, "charger": charger, "connector": outlet}
    intent = pay(fake, begin(fake, email="budi@driver.example", **wish))
    boss = make_user(is_staff=True, is_superuser=True)
    request_refund(intent, actor=boss, reason="a gift", amount=10_000)
    assert receipt_of(again(intent)) is None
    assert receipts.follow_receipts() == 0
    assert not ReceiptMail.objects.exists()


def test_session_that_is_worth_nothing_has_a_receipt_of_the_return(fake, charger):
    intent = charging(fake, charger, email="budi@driver.example")
    session = unplug(intent, 0)
    session.billing_status = "not_billable"
    session.save()
    close_charge(session.pk)
    receipt = receipt_of(again(intent))
    assert (receipt.total, receipt.refund_due) == (0, 50_000)
    assert receipts.follow_receipts() == 1


def test_receipt_of_an_unknown_payment_is_a_friendly_page():
    for what in ("receipt", "receipt.pdf"):
        answer_ = driver().get(f"/pay/p/{'x' * 22}/{what}")
        assert answer_.status_code == 404
        assert "This payment is not known" in answer_.content.decode()


# --- the explained bill -------------------------------------------------------------------------


def test_bill_explains_each_line_and_the_meter(done, settings):
    settings.PUBLIC_URL = "http://testserver"
    url = bill_page_url(done.session.bill)
    html = see(url)
    for expected in (
        "IDR 2,000 per kWh", "1.000 kWh", "11.000 kWh", f"10 kWh {TIMES} 2,000",
        "IDR 20,000", "IDR 25,000", "Element 1 of the tariff",
    ):  # fmt: skip
        assert expected in html, expected
    assert url.partition("testserver")[2] in see(here(done, "receipt"))


def test_bill_tells_nothing_of_the_driver_the_payment_or_the_books(done):
    html = see(f"/pay/b/{bill_token(done.session.bill)}")
    bill = done.session.bill
    for secret in (
        done.secret, str(done), str(done.pk), done.session.id_tag, "budi@driver.example",
        "50,000", str(done.cpo_id), f"{bill.platform_fee:,}",
    ):  # fmt: skip
        assert secret not in html, secret


def test_link_to_a_bill_cannot_be_guessed_or_changed(done):
    bill = done.session.bill
    token = bill_token(bill)
    assert find_bill(token) == bill
    number, _colon, signature = token.partition(":")
    for forged in (f"{int(number) + 1}:{signature}", f"{number}:{'A' * 43}", f"0{token}"):
        answer_ = driver().get(f"/pay/b/{forged}")
        assert answer_.status_code == 404
        assert find_bill(forged) is None


def test_reasons_of_the_engine_are_told_as_sentences():
    with translation.override("en"):
        _check_reasons()


def _check_reasons():
    assert _why("element 2, rounded up to steps of 500 Wh") == (
        "Element 2 of the tariff, rounded up to steps of 500 Wh"
    )
    assert _why("least price") == "least price"
    assert _why("anything else") == "anything else"
    assert _why("") == ""


def test_lines_without_a_count_are_shown_by_their_name():
    line = BillLine(kind="MIN_PRICE", quantity=Decimal(1), unit="", unit_price=Decimal(0))
    with translation.override("en"):
        assert _line(line, "IDR", "en") == "Up to the least price"


# --- by mail ------------------------------------------------------------------------------------


def test_receipt_goes_out_by_itself_once(done):
    bill = done.session.bill
    for _again in range(3):
        tasks.order_receipt_mail(bill.pk)
        tasks.follow_receipts()
    sent = ReceiptMail.objects.get()
    assert (sent.status, sent.by_itself, sent.email) == (
        MailStatus.SENT, True, "budi@driver.example",
    )  # fmt: skip
    [message] = mail.outbox
    assert message.to == ["budi@driver.example"]
    assert message.subject.replace("\xa0", " ") == f"Receipt {done}: IDR 25,000"
    body = message.body.replace("\xa0", " ")
    assert "Energy: 10.00 kWh" in body
    assert "On its way back to you: IDR 25,000" in body
    assert bill_page_url(bill) in body
    assert done.secret not in body
    [(name, content, kind)] = message.attachments
    assert (name, kind) == (f"{done}.pdf", "application/pdf")
    assert "10.00 kWh" in pdf_text(content)


def test_receipt_speaks_the_language_of_the_order(fake, charger):
    intent = charging(fake, charger, amount=50_000, email="a@driver.example", language="id")
    bill_session(unplug(intent, 10_000).pk)
    tasks.follow_receipts()
    assert "Rp25.000" in mail.outbox[0].subject
    assert "10,00 kWh" in mail.outbox[0].body


def test_money_that_came_back_whole_is_told_by_mail_too(returned):
    tasks.follow_receipts()
    assert "Rp0" in mail.outbox[0].subject
    assert returned.secret not in mail.outbox[0].body


def test_nobody_without_an_address_gets_a_mail(fake, charger):
    intent = charging(fake, charger)
    session = unplug(intent, 10_000)
    tasks.follow_receipts()
    bill = bill_session(session.pk)
    tasks.order_receipt_mail(bill.pk)
    tasks.follow_receipts()
    assert not ReceiptMail.objects.exists()
    assert mail.outbox == []


def test_receipt_is_asked_for_again_to_any_address(done):
    answer_ = driver().post(here(done, "mail"), {"email": "boss@work.example"}, follow=True)
    assert "on its way to your mailbox" in answer_.content.decode()
    tasks.follow_receipts()
    assert {message.to[0] for message in mail.outbox} == {
        "boss@work.example", "budi@driver.example",
    }  # fmt: skip


def test_mails_on_demand_are_few(done, monkeypatch):
    monkeypatch.setattr(payment, "_MAILS", Rate(done.secret, 1, 10**6))
    for _tap in range(3):
        last = driver().post(here(done, "mail"), {"email": "a@b.example"}, follow=True)
    assert "Enough mails for now" in last.content.decode()
    assert ReceiptMail.objects.count() == 1


def test_mail_to_nowhere_or_too_early_is_refused_in_words(done, fake, charger):
    answer_ = driver().post(here(done, "mail"), {"email": "nowhere"}, follow=True)
    assert "This is no e-mail address." in answer_.content.decode()
    charger.connectors.update(status="Available")
    early = buy(fake, charger, connector=charger.connectors.get(number=2))
    answer_ = driver().post(here(early, "mail"), {"email": "a@b.example"}, follow=True)
    assert "There is no receipt yet." in answer_.content.decode()
    assert not ReceiptMail.objects.exists()


class _Dead(EmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPServerDisconnected("gone")


def test_mail_server_that_is_away_is_tried_again_and_given_up_at_last(done, settings):
    settings.EMAIL_BACKEND = f"{__name__}._Dead"
    receipts.order_receipt(done)
    row = ReceiptMail.objects.get()
    for tries in range(1, receipts.MOST_TRIES + 1):
        receipts.send_receipt(row.pk)
        row.refresh_from_db()
        assert row.tries == tries
        assert receipts.follow_receipts() == 0  # not before a while
        past = clock.now() - receipts.TRY_AGAIN - timedelta(seconds=1)
        ReceiptMail.objects.update(tried_at=past)
    assert (row.status, row.error) == (MailStatus.FAILED, "gone")
    assert row.sent_at is None


def test_mail_that_a_dead_worker_left_is_sent_and_one_that_is_being_sent_is_not(done):
    mail_ = receipts.order_receipt(done)
    ReceiptMail.objects.update(status=MailStatus.SENDING, tried_at=clock.now())
    assert receipts.follow_receipts() == 0
    receipts.send_receipt(mail_.pk)
    assert mail.outbox == []
    past = clock.now() - receipts.ABANDONED - timedelta(seconds=1)
    ReceiptMail.objects.update(tried_at=past)
    assert receipts.follow_receipts() == 1
    assert re.match(rf"<receipt-{mail_.pk}-", mail.outbox[0].extra_headers["Message-ID"])
