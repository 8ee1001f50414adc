"""One search over what the user may see. Words come by POST: a telephone number must not reach an address."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.core.admin import name_places, object_link
from backend.regions.models import Region
from backend.residents.choices import DocumentType
from backend.residents.models import Person
from backend.residents.rules import phone_problem
from backend.residents.selectors import document_digest, households_found, phone_owners

#: Rows shown of each kind.
LIMIT = 20
Frame = Callable[[HttpRequest], dict[str, Any]]


def find_view(request: HttpRequest, *, frame: Frame) -> HttpResponse:
    """GET: an empty page. POST `q`: what was found, kind by kind."""
    words = " ".join(request.POST.get("q", "").replace("\0", "").split())[:60]
    groups = list(_found(request.user, words)) if len(words) >= 2 else []
    context = {
        **frame(request),
        "title": "查找",
        "q": words,
        "too_short": bool(words) and len(words) < 2,
        "groups": groups,
    }
    response = TemplateResponse(request, "office/find.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _found(user: Any, words: str) -> Iterator[dict[str, Any]]:
    sources: tuple[tuple[str, Capability, Callable[[Any, str], list[Any]]], ...] = (
        ("登记人员", Capability.PERSON_VIEW, _people),
        ("住户", Capability.HOUSEHOLD_VIEW, _households),
        ("区划与网格", Capability.REGION_VIEW, _regions),
        ("用户", Capability.USER_VIEW, _users),
    )
    for title, capability, source in sources:
        if not user.has_capability(capability):
            continue
        rows = source(user, words)
        if rows:
            name_places(rows)
            yield {
                "title": title,
                "rows": [(object_link(row), getattr(row, "office_place", "")) for row in rows[:LIMIT]],
                "more": len(rows) > LIMIT,
            }


def _people(user: Any, words: str) -> list[Any]:
    if _is_phone(words):
        return phone_owners(user, words)[1]
    number = words.replace(" ", "")
    if len(number) < 7 or not number.isascii() or not number.isalnum():
        return []
    digests = [document_digest(kind, number) for kind in DocumentType.values]
    rows = Person.objects.visible_to(user, Capability.PERSON_VIEW).filter(document_index__in=digests)
    return list(rows.select_related("household")[: LIMIT + 1])


def _households(user: Any, words: str) -> list[Any]:
    if _is_phone(words):
        return phone_owners(user, words)[0]
    return list(households_found(user, Capability.HOUSEHOLD_VIEW, q=words)[: LIMIT + 1])


def _is_phone(words: str) -> bool:
    return not phone_problem(words, demo=True)


def _regions(user: Any, words: str) -> list[Any]:
    rows = Region.objects.visible_to(user, Capability.REGION_VIEW).real()
    return list(rows.filter(Q(name__contains=words) | Q(code=words)).order_by("code")[: LIMIT + 1])


def _users(user: Any, words: str) -> list[Any]:
    rows = User.objects.visible_to(user, Capability.USER_VIEW)
    return list(rows.filter(Q(display_name__contains=words) | Q(username__contains=words.lower()))[: LIMIT + 1])
