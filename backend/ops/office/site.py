"""The office's admin site: sign-in by duty, password before anything else, our pages beside the lists."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from unfold.sites import UnfoldAdminSite

from backend.accounts.choices import Role
from backend.core.admin import ServiceModelAdmin
from backend.core.office.directory import directory
from backend.ops.office.day_tree import day_tree_view
from backend.ops.office.find import find_view
from backend.ops.office.forms import OwnPasswordForm
from backend.ops.office.landing import landing_context
from backend.ops.office.navigation import steps_to
from backend.ops.office.open_work import open_work
from backend.ops.office.phones import phones_view


class OfficeSite(UnfoldAdminSite):
    """See docs/office.md."""

    index_title = "今日工作"
    index_template = "office/landing.html"
    enable_nav_sidebar = True

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only pages of our own base: what other packages would register knows neither scope nor capability."""
        if admin_class is not None and issubclass(admin_class, ServiceModelAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path("day/", self.admin_view(self._with_frame(day_tree_view)), name="day_tree"),
            path("phones/", self.admin_view(self._with_frame(phones_view)), name="phones"),
            path("find/", self.admin_view(self._with_frame(find_view)), name="find"),
        ]
        return own + [entry for entry in super().get_urls() if getattr(entry, "name", "") not in _LEFT_OUT]

    def _with_frame(self, view: Callable[..., HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
        def framed(request: HttpRequest) -> HttpResponse:
            return view(request, frame=self.each_context)

        return framed

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            # PostgreSQL's text has no NUL: an address that holds one names nothing.
            if "\0" in request.path or any("\0" in value for _, values in request.GET.lists() for value in values):
                raise Http404
            own = {reverse("admin:password_change"), reverse("admin:logout")}
            if getattr(request.user, "must_change_password", False) and request.path not in own:
                return HttpResponseRedirect(reverse("admin:password_change"))
            return inner(request, *args, **kwargs)

        return guarded

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        user: Any = request.user
        if user.is_authenticated:
            duties = user.current_duties
            names = directory().names({duty.region_code for duty in duties})
            context["acting_for"] = [
                {"role": Role(duty.role).label, "region": names.get(duty.region_code, duty.region_code)}
                for duty in duties
            ]
            context["open_work"] = open_work(user)
            context["trail"] = steps_to(request.path)
        return context

    def get_log_entries(self, request: HttpRequest) -> Any:
        """The audit trail is a list of its own."""
        return AdminSite.get_log_entries(self, request).none()

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Unfold's search keeps the words in the address; ours takes them by POST, since they may be a phone number."""
        return HttpResponseRedirect(reverse("admin:find"))

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:  # type: ignore[override]
        """Sections follow the work, not the applications."""
        return HttpResponseRedirect(reverse("admin:index"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {**landing_context(request), **(extra_context or {})})

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        form = OwnPasswordForm(request.user, request.POST or None, request=request)
        if request.method == "POST" and form.is_valid() and form.submit():
            messages.success(request, "密码已修改，其他设备上的登录已退出。")
            return HttpResponseRedirect(reverse("admin:index"))
        context = {**self.each_context(request), "title": "修改密码", "form": form, **(extra_context or {})}
        return TemplateResponse(request, "office/password.html", context)


#: Pages of Django and Unfold that this office does not have.
_LEFT_OUT = frozenset({"password_change_done", "view_on_site"})
