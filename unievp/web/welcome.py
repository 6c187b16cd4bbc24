"""Where the link in a company's first mail leads: a button, and a password for a new person."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from cpo.services.welcome import company_of_link, confirm_company, needs_account
from unievp.lib.errors import DomainError


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@never_cache
@sensitive_post_parameters("password")
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows and changes nothing: programs that read mail follow links, too."""
    cpo = company_of_link(token)
    if cpo is None:
        return render(request, "account/welcome_over.html", status=410)
    is_new = needs_account(cpo)
    form = PasswordForm(request.POST or None) if is_new else None
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            confirm_company(token, password=form.cleaned_data["password"] if form else "")
        except DomainError as error:
            if form is None:
                return render(request, "account/welcome_over.html", status=410)
            form.add_error("password" if error.field == "password" else None, str(error))
        else:
            messages.success(request, _("Your company is confirmed. Sign in to go on."))
            return redirect("account_login")
    return render(request, "account/welcome.html", {"cpo": cpo, "form": form, "is_new": is_new})
