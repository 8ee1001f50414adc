"""The base of every admin page: scoped, by capability, reading only; writing is done by deeds. See docs/office.md.

`has_perm` is never asked. A list holds what `visible_to` gives for the page's capability; so do its filters, its
autocompletes, its bulk actions and its object pages. There is no superuser, no delete, and no form that saves a model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList as DjangoChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from backend.core.office.deeds import Deed, DeedDone, DeedForm, DeedsMixin, PlainConfirm, PurposeForm, day_field
from backend.core.office.directory import directory
from backend.core.office.filters import filter_words
from backend.core.office.words import link
from backend.core.scope import ancestors

__all__ = [
    "Deed",
    "DeedDone",
    "DeedForm",
    "Fact",
    "PlainConfirm",
    "PurposeForm",
    "Section",
    "ServiceModelAdmin",
    "Table",
    "day_field",
    "name_places",
    "object_link",
]


@dataclass(frozen=True)
class Fact:
    """One line of an object page: a label and a value (text or safe HTML)."""

    label: str
    value: Any
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A titled group of facts."""

    title: str
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Table:
    """A list beside an object: what happened to it, what belongs to it. `more` links to the whole list."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str = "暂无记录。"
    more: str = ""
    note: str = field(default="")


class ScopedChangeList(ChangeList):
    """A page of rows, each told the name of its place in one query."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        self.model_admin.decorate(request, rows)
        self.result_list = rows


class ServiceModelAdmin(DeedsMixin, ModelAdmin):
    """See the module's docstring. A page must name its `view_capability`."""

    view_capability: ClassVar[str] = ""
    #: The list's title, where it is not the model's plural name.
    list_title: ClassVar[str] = ""
    #: Whom a list without rows is for, and what to do next.
    empty_text: ClassVar[str] = "还没有记录。"
    #: Shown above the list.
    list_note: ClassVar[str] = ""
    change_list_template = "office/change_list.html"
    actions_selection_counter = True
    list_fullwidth = True
    #: Nothing at all: a dash could be a zero, a gap or an error.
    empty_value_display = ""
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    list_display_links: Any = None

    # -- who -----------------------------------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        if not (user.is_active and user.is_staff and self.view_capability):
            return False
        if obj is None:
            return bool(user.has_capability(self.view_capability))
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: records are made by deeds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: records are changed by deeds."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    # -- what ----------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        manager: Any = self.model._default_manager
        rows = manager.get_queryset().visible_to(request.user, self.view_capability)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Choices of a related field: only what the user may see."""
        rows: Any = db_field.remote_field.model._default_manager.get_queryset()
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows.none()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only declared filters: a free `?column__startswith=` would read columns letter by letter."""
        return lookup in {getattr(listed, "parameter_name", None) for listed in self.list_filter}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DjangoChangeList]:
        return ScopedChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self.decorate(request, [found])
        return found

    def decorate(self, request: HttpRequest, rows: list[Any]) -> None:
        """Tell every row the names along its region code (`office_path`), in one query for the page."""
        name_places(rows)

    def get_list_display_links(self, request: HttpRequest, list_display: Sequence[Any]) -> Sequence[Any]:
        return [list_display[0]]

    # -- pages ---------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Lists, objects, what was done to them, and deeds: no page adds, edits or deletes a model by itself."""
        kept = ("_changelist", "_change", "_history")
        return self.deed_urls() + [entry for entry in super().get_urls() if str(entry.name or "").endswith(kept)]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "title": self.list_title or str(self.opts.verbose_name_plural),
            "deed_buttons": self.deed_buttons(request),
            "list_note": self.list_note,
            **(extra_context or {}),
        }
        response = super().changelist_view(request, context)
        data = getattr(response, "context_data", None)
        if data is not None and "cl" in data:
            data["filter_words"] = list(filter_words(data["cl"].filter_specs, data["cl"]))
        return response

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """A bulk action; keys that are none are refused in words."""
        try:
            return super().response_action(request, queryset)
        except (ValidationError, ValueError):
            messages.error(request, "所选内容有误，请重新选择。")
            return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The object's page, to be read; its deeds are buttons."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.page_title(target),
            "subtitle": None,
            "target": target,
            "sections": self.sections(request, target),
            "tables": self.tables(request, target),
            "deed_buttons": self.deed_buttons(request, target),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "office/object.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done to it is in the audit trail."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if self.get_object(request, object_id) is None:
            raise Http404
        return HttpResponseRedirect(f"{reverse('admin:audit_auditentry_changelist')}?target={object_id}")

    def page_title(self, target: Any) -> str:
        return f"{self.opts.verbose_name} {target}"

    def sections(self, request: HttpRequest, target: Any) -> list[Section]:
        """What the page says about the object."""
        return []

    def tables(self, request: HttpRequest, target: Any) -> list[Table]:
        """What belongs to the object."""
        return []

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Services write the audit trail."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Services write the audit trail."""


def name_places(rows: Iterable[Any]) -> None:
    """Set `office_path` (names from the township down) and `office_place` on rows that carry a `region_code`."""
    listed = [row for row in rows if getattr(row, "region_code", None)]
    codes = {code for row in listed for code in ancestors(row.region_code)}
    names = directory().names(codes) if codes else {}
    for row in listed:
        path = ancestors(row.region_code)
        shown = path[3:] or path[-1:]
        row.office_path = [names.get(code, code) for code in shown if code in names or code == path[-1]]
        row.office_place = " › ".join(row.office_path)


def object_link(target: Model, text: object = "") -> Any:
    """A link to the object's page."""
    info = target._meta
    return link(reverse(f"admin:{info.app_label}_{info.model_name}_change", args=[target.pk]), text or str(target))
