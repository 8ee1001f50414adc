"""The short way of an upload (上报的短路径): past addresses, other middleware and DRF. See docs/sync.md.

What a request costs before its first record is looked at is most of what it costs. So the one address that every phone
calls all day is answered here, with the same services as its view. Who may come in is judged by the same rules, only
more narrowly: wherever anything is missing, unusual or refused, the request goes the ordinary way, and is refused
there. Who sends it is asked together with what the ledger and the registers know of it; nothing of that is used before
he is known.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import CSRFCheck

from backend.accounts.at_hand import Account
from backend.accounts.session_store import signed_in_asked
from backend.core.api import refusal_for
from backend.core.errors import ApiError
from backend.core.rendering import json_response
from backend.core.sql import answers
from backend.sync.devices import device_seen
from backend.sync.services import batch_open, batch_store
from backend.sync.uploads import MAX_BODY, announced, envelope_of, verdicts
from backend.sync.views import PushView

PUSH_PATH = "/api/v1/sync/push/"


class UploadShortcutMiddleware:
    """Stands behind what sets headers on every answer, and before everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._csrf = CSRFCheck(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PUSH_PATH or request.method != "POST":
            return self.get_response(request)
        try:
            response = self._answer(request)
        except ApiError as error:
            response = _refusal(error)
        except Exception as error:  # noqa: BLE001 - as DRF's handler, which this stands in for
            response = _refusal(refusal_for(error, where=type(self).__name__))
        if response is None:
            return self.get_response(request)
        response.headers["Vary"] = "Cookie"
        response.headers["Content-Length"] = str(len(response.content))
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse | None:
        """What this upload is told; None sends it the ordinary way."""
        session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if not session_key or not self._from_our_page(request):
            return None
        try:
            if not 0 < announced(request) <= MAX_BODY:
                return None
            envelope = envelope_of(request.body, encoding=request.META.get("HTTP_CONTENT_ENCODING", "identity"))
        except ApiError:
            return None
        opened = batch_open(envelope)
        account, entries, households = answers(signed_in_asked(session_key), *opened.questions)
        if account is None or not _may_upload(account):
            return None
        device_seen(device_id=envelope.device, user=account.user, known=account.device)
        return verdicts(batch_store(user=account.user, opened=opened, found=(entries, households)))

    def _from_our_page(self, request: HttpRequest) -> bool:
        """Whether it came to a host of ours, as JSON, with the token of the page's cookie."""
        if request.content_type != "application/json":
            return False
        try:
            request.get_host()
        except DisallowedHost:
            return False
        self._csrf.process_request(request)
        # None for the view, as DRF asks: the stubs know only of views, and none may exempt this.
        return self._csrf.process_view(request, None, (), {}) is None  # type: ignore[arg-type]


def _may_upload(account: Account) -> bool:
    """Whether he holds what the view declares, and has changed his first password."""
    return not account.user.must_change_password and account.user.has_capability(PushView.capabilities["POST"])


def _refusal(refused: ApiError) -> HttpResponse:
    response = json_response(refused.body())
    response.status_code = refused.status
    return response
