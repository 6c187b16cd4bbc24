"""New people: an account for an address whose mail they were seen to read."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from cpo.models import User
from unievp.lib.errors import InvalidError


def find_person(email: str) -> User | None:
    return User.objects.filter(email__iexact=email).first()


def person_who_read(email: str, *, password: str) -> User:
    """Who has an account with this address, or a new one with `password`; the address is proven.

    For those who followed a link of a mail to `email`: they need no further mail to prove it before
    they set up a second factor. Raises InvalidError (field `password`) for a weak one.
    """
    user = find_person(email) or create_person(email, password=password)
    has_primary = EmailAddress.objects.filter(user=user, primary=True).exists()
    EmailAddress.objects.update_or_create(
        user=user,
        email=user.email.lower(),
        defaults={"verified": True},
        create_defaults={"verified": True, "primary": not has_primary},
    )
    return user


def create_person(email: str, *, password: str) -> User:
    """Raises InvalidError (field `password`) for a weak one."""
    user = User(username=email[:150].lower(), email=email)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidError(" ".join(error.messages), field="password") from None
    user.set_password(password)
    user.save(force_insert=True)
    return user
