"""Deeds (操作): everything the office writes is a page with a form that calls one service. See docs/office.md.

A deed belongs to a list (登记返乡人员) or to one object (签收). Who may do it is said by its capability, where by the
scoped queryset; a refusal of the service comes back on the form, at its field, in the service's own Chinese sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminDateWidget

from backend.core import clock
from backend.core.errors import ApiError


class DeedForm(forms.Form):
    """Base of the forms of deeds. `for_user` and `target` let a form narrow its choices to the user's scope."""

    required_css_class = "required"
    use_required_attribute = False

    def __init__(self, *args: Any, for_user: Any = None, target: Any = None, **kwargs: Any) -> None:
        self.for_user, self.target = for_user, target
        super().__init__(*args, **kwargs)
        for item in self.fields.values():
            item.error_messages["required"] = "请填写此项。"

    def refuse(self, error: ApiError) -> None:
        """Show a service's refusal: at its field when the form has it, else above the form."""
        name = (error.field or "").split(".")[0]
        self.add_error(name if name in self.fields else None, error.message)


class PurposeForm(DeedForm):
    """Asks what something is to be seen for (用途), which is audited; `example` is one purpose of this page."""

    example: str
    purpose = forms.CharField(label="用途", max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["purpose"].help_text = f"写明为什么要看，如：{self.example}。会记入审计，不要写姓名和号码。"


class DayWidget(UnfoldAdminDateWidget):
    """A day as text, year/month/day, beside the admin's calendar, its week in Chinese, its 今天 the business day."""

    class Media:
        # Named together, since merging keeps only the order of a list.
        js = ("admin/js/calendar.js", "office/dates.js", "admin/js/admin/DateTimeShortcuts.js")

    def __init__(self) -> None:
        super().__init__(attrs={"placeholder": "年/月/日", "autocomplete": "off"})

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        return super().build_attrs(base_attrs, extra_attrs) | {"data-today": clock.today().isoformat()}


def day_field(label: str, **kwargs: Any) -> forms.DateField:
    """A day, typed or picked from the admin's calendar: the browser's own writes it in the browser's language."""
    return forms.DateField(label=label, widget=DayWidget(), **kwargs)


class PlainConfirm(DeedForm):
    """A deed that asks nothing but "do you mean it"."""


@dataclass(frozen=True)
class DeedDone:
    """What follows a deed: a message and a page to go to; or, with `shown`, values that are shown this once.

    `onward`: the word on the button that leads back to the page.
    """

    message: str
    to: str = ""
    shown: list[tuple[str, str]] = field(default_factory=list)
    note: str = ""
    lines: list[str] = field(default_factory=list)
    onward: str = "完成"


@dataclass(frozen=True)
class Deed:
    """`run` names the method `(request, target, data) -> DeedDone`; `target` is None for a deed of the list.

    A deed that a higher app adds (`deeds_add`) brings a function, whose first argument is the page.
    """

    name: str
    title: str
    capability: str
    run: str | Callable[..., DeedDone]
    form: type[DeedForm] = PlainConfirm
    explain: str = ""
    icon: str = "edit"
    tone: str = "plain"
    on_list: bool = False
    applies: Callable[[Any], bool] = lambda target: True
    #: The name of a method `(request, target) -> initial values`.
    initial: str = ""


class DeedsMixin:
    """Gives a ModelAdmin its deeds: addresses, buttons, pages."""

    deeds: tuple[Deed, ...] = ()
    model: Any
    admin_site: Any
    opts: Any
    page_title: Callable[[Any], str]

    @classmethod
    def deeds_add(cls, *deeds: Deed) -> None:
        """Have deeds of a higher app on these pages. Idempotent."""
        known = {deed.name for deed in cls.deeds}
        cls.deeds = (*cls.deeds, *(deed for deed in deeds if deed.name not in known))

    def deed_urls(self) -> list[URLPattern]:
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        made = []
        for deed in self.deeds:
            view = self.admin_site.admin_view(self._view_of(deed))
            route = f"do/{deed.name}/" if deed.on_list else f"<path:object_id>/do/{deed.name}/"
            made.append(path(route, view, name=f"{info}_do_{deed.name}"))
        return made

    def deed_buttons(self, request: HttpRequest, target: Any = None) -> list[dict[str, str]]:
        """The deeds that this user may do to `target` (or on the list) now."""
        return [
            {"title": deed.title, "icon": deed.icon, "tone": deed.tone, "url": self._address(deed, target)}
            for deed in self.deeds
            if deed.on_list is (target is None) and self._may(request, deed, target)
        ]

    def _address(self, deed: Deed, target: Any) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_do_{deed.name}"
        return reverse(name, args=[] if target is None else [target.pk])

    def _may(self, request: HttpRequest, deed: Deed, target: Any) -> bool:
        if not request.user.has_capability(deed.capability):  # type: ignore[union-attr]
            return False
        if target is None:
            return True
        return self.reaches(request, target, deed.capability) and deed.applies(target)

    def reaches(self, request: HttpRequest, target: Any, capability: str) -> bool:
        """Whether `capability` is held where `target` is."""
        region = getattr(target, "region_code", None)
        return region is None or request.user.has_capability(capability, region)  # type: ignore[union-attr]

    def _view_of(self, deed: Deed) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str | None = None) -> HttpResponse:
            return self._deed_view(request, deed, object_id)

        return view

    def _deed_view(self, request: HttpRequest, deed: Deed, object_id: str | None) -> HttpResponse:
        target = None
        may_look = self.has_view_permission(request)  # type: ignore[attr-defined]
        if not (may_look and request.user.has_capability(deed.capability)):  # type: ignore[union-attr]
            raise PermissionDenied
        if object_id is not None:
            target = self.get_object(request, object_id)  # type: ignore[attr-defined]
            if target is None:
                raise Http404
        if not self._may(request, deed, target):
            raise PermissionDenied
        made: Mapping[str, Any] = {"for_user": request.user, "target": target}
        if request.method == "POST":
            form = deed.form(request.POST, request.FILES, **made)
            if form.is_valid():
                try:
                    with transaction.atomic():
                        done = self._run(deed, request, target, form.cleaned_data)
                except ApiError as error:
                    form.refuse(error)
                else:
                    return self._after(request, deed, target, done)
        else:
            initial = getattr(self, deed.initial)(request, target) if deed.initial else {}
            form = deed.form(initial=initial, **made)
        status = 422 if form.is_bound else 200
        return self._page(request, deed, target, {"form": form}, status=status)

    def _run(self, deed: Deed, request: HttpRequest, target: Any, data: dict[str, Any]) -> DeedDone:
        if callable(deed.run):
            return deed.run(self, request, target, data)
        done: DeedDone = getattr(self, deed.run)(request, target, data)
        return done

    def _after(self, request: HttpRequest, deed: Deed, target: Any, done: DeedDone) -> HttpResponse:
        if done.shown or done.lines:
            response = self._page(request, deed, target, {"done": done, "back": self._back(target, done)})
            response["Cache-Control"] = "no-store"
            return response
        messages.success(request, done.message)
        return HttpResponseRedirect(self._back(target, done))

    def _back(self, target: Any, done: DeedDone | None = None) -> str:
        if done is not None and done.to:
            return done.to
        base = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{base}_changelist") if target is None else reverse(f"{base}_change", args=[target.pk])

    def _page(
        self, request: HttpRequest, deed: Deed, target: Any, context: dict[str, Any], *, status: int = 200
    ) -> HttpResponse:
        frame = self.admin_site.each_context(request)
        if target is not None:
            frame["trail"] = [*frame["trail"], {"title": self.page_title(target), "url": self._back(target)}]
        context = {
            **frame,
            "opts": self.opts,
            "title": deed.title,
            "subtitle": str(target) if target is not None else str(self.opts.verbose_name_plural),
            "deed": deed,
            "target": target,
            "back": self._back(target),
            **context,
        }
        return TemplateResponse(request, "office/deed.html", context, status=status)
