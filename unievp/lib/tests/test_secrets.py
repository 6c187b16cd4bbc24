from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection, models
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from unievp.lib import secrets
from unievp.lib.secrets import EncryptedTextField, decrypt, encrypt, mask

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


class Vault(models.Model):
    # The stub wants a generic that the class does not have at run time.
    secret = EncryptedTextField(null=True, blank=True)  # type: ignore[misc]

    class Meta:
        app_label = "lib_tests"
        managed = False
        db_table = "lib_scratch_vault"

    def __str__(self):
        return f"vault {self.pk}"


@pytest.fixture
def vault(db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE lib_scratch_vault (id bigserial PRIMARY KEY, secret text)")


def raw(row):
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM lib_scratch_vault WHERE id = %s", [row.pk])
        return cursor.fetchone()[0]


def test_the_database_holds_only_a_token(vault):
    row = Vault.objects.create(secret="sk_live_abcdef")
    assert "sk_live" not in raw(row)
    assert decrypt(raw(row)) == "sk_live_abcdef"
    assert Vault.objects.get(pk=row.pk).secret == "sk_live_abcdef"


def test_an_update_encrypts_as_well(vault):
    row = Vault.objects.create(secret="one")
    Vault.objects.filter(pk=row.pk).update(secret="two")
    assert decrypt(raw(row)) == "two"
    row.secret = "three"
    Vault.objects.bulk_update([row], ["secret"])
    assert decrypt(raw(row)) == "three"


@pytest.mark.parametrize("value", ["", None])
def test_nothing_stays_nothing(vault, value):
    row = Vault.objects.create(secret=value)
    assert raw(row) == value
    assert Vault.objects.get(pk=row.pk).secret == value


def test_only_isnull_can_be_looked_up(vault):
    Vault.objects.create(secret="one")
    assert Vault.objects.filter(secret__isnull=False).count() == 1
    with pytest.raises(FieldError, match="encrypted"):
        Vault.objects.filter(secret="one")
    with pytest.raises(FieldError, match="encrypted"):
        Vault.objects.filter(secret__contains="o")


def test_a_fixture_carries_the_mask():
    field = Vault._meta.get_field("secret")
    assert field.value_to_string(Vault(secret="sk_live_abcdef")) == "••••cdef"


def test_a_new_key_in_front_encrypts_and_the_old_one_still_opens():
    with override_settings(FIELD_ENCRYPTION_KEYS=[OLD]):
        token = encrypt("one")
    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW, OLD]):
        assert decrypt(token) == "one"
        renewed = encrypt("one")
    with override_settings(FIELD_ENCRYPTION_KEYS=[NEW]):
        assert decrypt(renewed) == "one"
        with pytest.raises(secrets.UnreadableSecretError, match="Put the old key back"):
            decrypt(token)


def test_a_missing_key_says_so():
    with (
        override_settings(FIELD_ENCRYPTION_KEYS=[]),
        pytest.raises(ImproperlyConfigured, match="at least one key"),
    ):
        encrypt("one")


def test_a_malformed_key_is_refused_without_being_shown():
    with (
        override_settings(FIELD_ENCRYPTION_KEYS=["my-short-key"]),
        pytest.raises(ImproperlyConfigured) as caught,
    ):
        encrypt("one")
    assert "my-short-key" not in str(caught.value)
    assert caught.value.__suppress_context__


@given(st.text(max_size=200))
def test_what_is_encrypted_comes_back(text):
    assert decrypt(encrypt(text)) == text


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("sk_live_abcdef", "••••cdef"),
        ("abcdefghijkl", "••••ijkl"),
        ("abcdefghijk", "••••"),
        ("a", "••••"),
        ("", ""),
    ],
)
def test_a_mask_shows_four_characters_at_most(secret, shown):
    assert mask(secret) == shown


def test_tokens_differ_and_have_the_asked_strength():
    assert len({secrets.new_token() for _ in range(100)}) == 100
    assert len(secrets.new_token(16)) == 22


def test_a_digest_depends_on_value_and_secret_key():
    digest = secrets.keyed_digest(b"password")
    assert len(digest) == 32
    assert secrets.matches_digest(b"password", digest)
    assert not secrets.matches_digest(b"Password", digest)
    with override_settings(SECRET_KEY="another"):
        assert secrets.keyed_digest(b"password") != digest


def test_a_rotated_secret_key_keeps_the_chargers_passwords():
    with override_settings(SECRET_KEY="old"):
        digest = secrets.keyed_digest(b"password")
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
        assert secrets.matches_digest(b"password", digest)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[]):
        assert not secrets.matches_digest(b"password", digest)


def test_comparison_is_by_value():
    assert secrets.constant_time_equal(b"a", b"a")
    assert not secrets.constant_time_equal(b"a", b"ab")


def test_whether_a_secret_is_empty_may_be_asked_and_nothing_else():
    sql, parameters = Vault.objects.filter(secret="").query.sql_with_params()
    assert sql.endswith('"secret" = %s')
    assert parameters == ("",)
    with pytest.raises(FieldError, match="can never match"):
        Vault.objects.filter(secret="1")
