"""Who is in the demo: companies, staff, drivers with their tokens."""

from __future__ import annotations

from typing import NamedTuple

from cpo.models import CPOStatus, Role


class DemoCompany(NamedTuple):
    name: str
    legal_name: str
    party_id: str
    status: CPOStatus
    tax_number: str
    contact_name: str
    contact_email: str
    contact_phone: str
    address: str
    bank_code: str
    bank_account_number: str
    members: tuple[tuple[str, Role], ...]
    commission_percent: str


COMPANIES: tuple[DemoCompany, ...] = (
    DemoCompany(
        name="Nusantara Charge",
        legal_name="PT Nusantara Daya Kendaraan",
        party_id="NSC",
        status=CPOStatus.VERIFIED,
        tax_number="01.234.567.8-011.000",
        contact_name="Sri Wahyuni",
        contact_email="owner@nusantara.example",
        contact_phone="+62 21 5550 1100",
        address="Jl. Jenderal Sudirman Kav. 52, Jakarta Selatan",
        bank_code="BCA",
        bank_account_number="0123456789",
        members=(("owner@nusantara.example", Role.OWNER),),
        commission_percent="10",
    ),
    DemoCompany(
        name="Bali EV Hub",
        legal_name="PT Bali Energi Hijau",
        party_id="BEH",
        status=CPOStatus.VERIFIED,
        tax_number="02.345.678.9-907.000",
        contact_name="I Wayan Sudana",
        contact_email="owner@bali.example",
        contact_phone="+62 361 555 220",
        address="Jl. Sunset Road No. 88, Kuta, Badung",
        bank_code="MANDIRI",
        bank_account_number="1450098765432",
        members=(("owner@bali.example", Role.OWNER),),
        commission_percent="8.5",
    ),
    DemoCompany(
        name="Cenderawasih Energi",
        legal_name="CV Cenderawasih Energi",
        party_id="CWE",
        status=CPOStatus.PENDING,
        tax_number="03.456.789.0-952.000",
        contact_name="Yohanes Wenda",
        contact_email="hello@cenderawasih.example",
        contact_phone="+62 967 555 330",
        address="Jl. Raya Abepura No. 12, Jayapura",
        bank_code="BRI",
        bank_account_number="003301001234567",
        members=(),
        commission_percent="",
    ),
)


class DemoDriver(NamedTuple):
    name: str
    email: str
    phone: str
    token: str
    label: str


DRIVERS: tuple[DemoDriver, ...] = (
    DemoDriver("Budi Santoso", "budi@driver.example", "+62 812 5550 001", "DEMO0001", "Ioniq 5"),
    DemoDriver("Dewi Lestari", "dewi@driver.example", "+62 812 5550 002", "DEMO0002", "Air EV"),
    DemoDriver("Made Artha", "made@driver.example", "+62 812 5550 003", "DEMO0003", "Seal"),
    DemoDriver("Siti Rahma", "siti@driver.example", "+62 812 5550 004", "DEMO0004", "BinguoEV"),
    DemoDriver("Agus Pratama", "agus@driver.example", "+62 812 5550 005", "DEMO0005", "MG4 EV"),
    DemoDriver("Maria Kambu", "maria@driver.example", "+62 812 5550 006", "DEMO0006", "Dolphin"),
    DemoDriver("Rizky Hidayat", "rizky@driver.example", "+62 812 5550 007", "DEMO0007", "EV6"),
    DemoDriver("Putu Ayu", "putu@driver.example", "+62 812 5550 008", "DEMO0008", "Atto 3"),
)
