"""WSGI entry: HTTP only, for the lay-out with separate socket processes (docs/deploy.md)."""

import os

from django.core.wsgi import get_wsgi_application

from backend.config.heap import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
application = get_wsgi_application()
settle()
