"""Puts the office in the place of Django's admin site."""

from django.contrib.admin.apps import AdminConfig


class OfficeAdminConfig(AdminConfig):
    default_site = "backend.ops.office.site.OfficeSite"
