"""Who is signed in: Django's judgement of a session, on the account that was read with it."""

from django.contrib.auth import SESSION_KEY, get_user, middleware
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from backend.accounts.at_hand import at_hand


class AuthenticationMiddleware(middleware.AuthenticationMiddleware):
    """Sets `request.user`, found when first asked for."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _user_of(request))  # type: ignore[assignment]


def _user_of(request: HttpRequest) -> object:
    request.session.get(SESSION_KEY)  # reads the session, and the account with it
    with at_hand(request.session.account):  # type: ignore[attr-defined]
        return get_user(request)
