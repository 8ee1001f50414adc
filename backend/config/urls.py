"""Every address of the system. One origin serves the phone app, the API, the admin and the sockets."""

from django.contrib import admin
from django.urls import include, path, re_path

from backend.ops.views import healthz, phone_app, unknown_api_path

handler400 = "backend.ops.views.bad_request"
handler404 = "backend.ops.views.not_found"
handler500 = "backend.ops.views.server_error"

# Addresses are tried in this order: what every phone asks for all day stands first.
api = [
    path("", include("backend.sync.urls")),
    path("", include("backend.accounts.urls")),
    path("", include("backend.regions.urls")),
    path("", include("backend.policies.urls")),
    path("", include("backend.residents.urls")),
    path("", include("backend.alerts.urls")),
    path("", include("backend.health.urls")),
    path("", include("backend.returnees.urls")),
    path("", include("backend.visits.urls")),
    path("", include("backend.reports.urls")),
    path("", include("backend.ops.urls")),
]

urlpatterns = [
    path("healthz", healthz),
    path("api/v1/", include(api)),
    path("admin/", admin.site.urls),
    re_path(r"^api/", unknown_api_path),
    re_path(r"^(?!static/|assets/|ws/)(?P<path>.*)$", phone_app),
]
