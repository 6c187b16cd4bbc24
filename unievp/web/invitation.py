"""Where the link of an invitation leads: a button, and a password for a new person."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from cpo.services.invitations import accept_invitation, invitation_of_link
from cpo.services.people import find_person
from unievp.lib.errors import DomainError
from unievp.web.welcome import PasswordForm


@never_cache
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows and changes nothing: programs that read mail follow links, too."""
    found = invitation_of_link(token)
    if found is None:
        return render(request, "account/invitation_over.html", status=410)
    is_new = find_person(found.email) is None
    form = PasswordForm(request.POST or None) if is_new else None
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            accept_invitation(token, password=form.cleaned_data["password"] if form else "")
        except DomainError as error:
            if form is None:
                return render(request, "account/invitation_over.html", status=410)
            form.add_error("password" if error.field == "password" else None, str(error))
        else:
            messages.success(request, _("You are in the team. Sign in to go on."))
            return redirect("account_login")
    context = {"invitation": found, "form": form, "is_new": is_new}
    return render(request, "account/invitation.html", context)
