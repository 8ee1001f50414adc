"""The short way of an upload (上报的短路径): past addresses, other middleware and DRF. See docs/sync.md.

What a request costs before its first record is looked at is most of what it costs. So the one address that every phone
calls all day is answered here, by the same function as its view. Who may come in is judged by the same rules, only more
narrowly: wherever anything is missing, unusual or refused, the request goes the ordinary way, and is refused there.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import DisallowedHost
from rest_framework.authentication import CSRFCheck

from backend.accounts.at_hand import Account
from backend.accounts.choices import Capability
from backend.accounts.session_store import account_signed_in
from backend.core.api import refusal_for
from backend.core.rendering import json_response
from backend.sync.uploads import upload_answer

PUSH_PATH = "/api/v1/sync/push/"


class UploadShortcutMiddleware:
    """Stands behind what sets headers on every answer, and before everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._csrf = CSRFCheck(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        account = self._admitted(request)
        if account is None:
            return self.get_response(request)
        try:
            response = upload_answer(request, user=account.user, known=account.device)
        except Exception as error:  # noqa: BLE001 - as DRF's handler, which this stands in for
            refused = refusal_for(error, where=type(self).__name__)
            response = json_response(refused.body())
            response.status_code = refused.status
        response.headers["Vary"] = "Cookie"
        response.headers["Content-Length"] = str(len(response.content))
        return response

    def _admitted(self, request: HttpRequest) -> Account | None:
        """Who sends this upload, if beyond doubt he may; None sends the request the ordinary way."""
        if request.path_info != PUSH_PATH or request.method != "POST" or request.content_type != "application/json":
            return None
        session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if not session_key:
            return None
        try:
            request.get_host()
        except DisallowedHost:
            return None
        self._csrf.process_request(request)
        if self._csrf.process_view(request, None, (), {}) is not None:  # type: ignore[arg-type]
            return None
        account = account_signed_in(session_key)
        if account is None or account.user.must_change_password or not account.user.has_capability(Capability.SYNC):
            return None
        return account
