"""New people: an account for an address whose mail they were seen to read."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from cpo.models import User
from unievp.lib.errors import InvalidError


def find_person(email: str) -> User | None:
    return User.objects.filter(email__iexact=email).first()


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
