"""The short way of an upload (上报的短路径): past Django's handler, middleware, addresses and DRF. See docs/sync.md.

What a request costs before its first record is looked at is most of what it costs. So the one address that every phone
calls all day is answered here, with the same services as its view. Who may come in is judged by the same rules, only
more narrowly: wherever anything is missing, unusual or refused, the request goes the ordinary way, and is refused
there. Who sends it is asked together with what the ledger and the registers know of it; nothing of that is used before
he is known.
"""

from functools import reduce
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.module_loading import import_string
from rest_framework.authentication import CSRFCheck

from backend.accounts.at_hand import Account
from backend.accounts.session_store import signed_in_asked
from backend.core.api import refusal_for
from backend.core.errors import ApiError
from backend.core.rendering import JSONRenderer, json_bytes
from backend.core.sql import answers
from backend.sync.devices import device_seen
from backend.sync.services import batch_open, batch_store
from backend.sync.uploads import MAX_BODY, announced, envelope_of, verdicts
from backend.sync.views import PushView

PUSH_PATH = "/api/v1/sync/push/"


class Answer(NamedTuple):
    """An answer with all its headers."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def response(self) -> HttpResponse:
        """The same as Django has it."""
        return HttpResponse(self.body, status=self.status, headers=dict(self.headers))


def short_answer(request: HttpRequest) -> Answer | None:
    """What this request is told; None sends it the ordinary way. Leaves no connection with its thread."""
    if request.path_info != PUSH_PATH or request.method != "POST":
        return None
    headers = _headers(request)
    if headers is None:
        return None
    status = 200
    try:
        body = _upload(request)
    except ApiError as error:
        status, body = error.status, json_bytes(error.body())
    except Exception as error:  # noqa: BLE001 - as DRF's handler, which this stands in for
        refused = refusal_for(error, where="short way")
        status, body = refused.status, json_bytes(refused.body())
    finally:
        # As Django does at the end of a request.
        close_old_connections()
    if body is None:
        return None
    return Answer(status, [*headers, ("Content-Length", str(len(body)))], body)


def _upload(request: HttpRequest) -> bytes | None:
    session_key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not session_key or not _from_our_page(request):
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


def _view(request: HttpRequest) -> HttpResponse:
    raise AssertionError("the CSRF check calls no view")


_csrf = CSRFCheck(_view)
_NO_FORM = QueryDict()


def _from_our_page(request: HttpRequest) -> bool:
    """Whether it came to a host of ours, as JSON, with the token of the page's cookie."""
    if request.content_type != "application/json":
        return False
    try:
        request.get_host()
    except DisallowedHost:
        return False
    # Asked for a form's field, the request would look for a form in the body.
    request.POST = _NO_FORM
    _csrf.process_request(request)
    # None for the view, as DRF asks: the stubs know only of views, and none may exempt this.
    return _csrf.process_view(request, None, (), {}) is None  # type: ignore[arg-type]


def _may_upload(account: Account) -> bool:
    """Whether he holds what the view declares, and has changed his first password."""
    return not account.user.must_change_password and account.user.has_capability(PushView.capabilities["POST"])


_found_headers: dict[bool, list[tuple[str, str]]] = {}


def _headers(request: HttpRequest) -> list[tuple[str, str]] | None:
    """What `HEADER_MIDDLEWARE` puts on every answer, asked once for https and once without.

    None where it has an answer of its own, as for what must come by https.
    """
    secure = request.is_secure()
    if secure not in _found_headers:
        bare = HttpResponse(content_type=JSONRenderer.media_type, headers={"Vary": "Cookie"})
        first = reduce(
            lambda inner, name: import_string(name)(inner), reversed(settings.HEADER_MIDDLEWARE), lambda _: bare
        )
        try:
            if first(request) is not bare:
                return None
        except DisallowedHost:
            return None
        _found_headers[secure] = list(bare.items())
    return _found_headers[secure]
