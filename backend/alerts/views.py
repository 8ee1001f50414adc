"""HTTP API of alerts: list, acknowledge, close, reopen. See docs/alerts.md."""

import uuid
from typing import Any, ClassVar, cast

import msgspec
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.choices import Capability
from backend.accounts.models import User
from backend.alerts import selectors, services
from backend.alerts.choices import CloseReason, State
from backend.alerts.models import Alert
from backend.alerts.serializers import (
    AlertListSchema,
    AlertSchema,
    CloseShape,
    ErrorSchema,
    alert_body,
    list_request,
)
from backend.core.api import ScopedAPIView
from backend.core.body import NothingShape, read_body

_REFUSALS = dict.fromkeys((400, 401, 403), ErrorSchema)
_ACT_REFUSALS = dict.fromkeys((400, 401, 403, 404, 409, 413, 415), ErrorSchema)


def _user(request: Request) -> User:
    """Who asks; the declared capability has let nobody else through."""
    return cast(User, request.user)


def _bodies(request: Request, alerts: list[Alert]) -> list[dict[str, Any]]:
    labels = selectors.region_labels(alert.region_code for alert in alerts)
    handles = _user(request).scope(Capability.ALERT_HANDLE)
    return [alert_body(alert, labels=labels, handles=handles) for alert in alerts]


class AlertListView(ScopedAPIView):
    """Alerts of the reader's regions, and what happened after a number."""

    capabilities: ClassVar[dict[str, str]] = {"GET": Capability.ALERT_VIEW}

    @extend_schema(
        operation_id="alerts_list",
        parameters=[
            OpenApiParameter("after", int, description="Events with a greater seq are returned."),
            OpenApiParameter("state", str, enum=State.values, description="Default: those that are not closed."),
            OpenApiParameter("limit", int, description="Most alerts, and most events, to return: 1 to 500."),
        ],
        responses={200: AlertListSchema, **_REFUSALS},
    )
    def get(self, request: Request) -> Response:
        after, state, limit = list_request(request.query_params)
        answer = selectors.alert_page(user=_user(request), after=after, state=state, limit=limit)
        return Response(
            {
                "alerts": _bodies(request, answer.alerts),
                "events": [msgspec.to_builtins(event) for event in answer.events],
                "last_seq": answer.last_seq,
                "more": answer.more,
            }
        )


class AcknowledgeView(ScopedAPIView):
    """签收."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.ALERT_HANDLE}

    @extend_schema(
        operation_id="alerts_acknowledge", request=NothingShape,
        responses={200: AlertSchema, **_ACT_REFUSALS},
    )  # fmt: skip
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        read_body(request, NothingShape)
        alert = services.alert_acknowledge(actor=_user(request), alert_id=alert_id)
        return Response(_bodies(request, [alert])[0])


class CloseView(ScopedAPIView):
    """办结."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.ALERT_HANDLE}

    @extend_schema(operation_id="alerts_close", request=CloseShape, responses={200: AlertSchema, **_ACT_REFUSALS})
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        body = read_body(request, CloseShape)
        alert = services.alert_close(
            actor=_user(request), alert_id=alert_id, reason=CloseReason(body["reason"]), note=body["note"]
        )
        return Response(_bodies(request, [alert])[0])


class ReopenView(ScopedAPIView):
    """重新打开: it was closed by mistake."""

    capabilities: ClassVar[dict[str, str]] = {"POST": Capability.ALERT_HANDLE}

    @extend_schema(
        operation_id="alerts_reopen", request=NothingShape,
        responses={200: AlertSchema, **_ACT_REFUSALS},
    )  # fmt: skip
    def post(self, request: Request, alert_id: uuid.UUID) -> Response:
        read_body(request, NothingShape)
        alert = services.alert_reopen(actor=_user(request), alert_id=alert_id)
        return Response(_bodies(request, [alert])[0])
