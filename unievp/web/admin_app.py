"""Django's admin with our site. Apart from `apps.py`: a module has one default configuration."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    default_site = "unievp.lib.admin.site.DeskSite"
