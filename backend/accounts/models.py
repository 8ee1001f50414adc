"""Users, their duties, their devices. Duty A2. See docs/scope.md."""

import datetime as dt
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from backend.accounts.choices import CAPABILITIES_OF, Capability, Role
from backend.core import clock
from backend.core.fields import RegionCodeField
from backend.core.scope import Scope, ScopedQuerySet

#: Days for which a duty that has ended still lets its records in.
RECENT_DAYS = 31


@lru_cache(maxsize=4096)
def _auth_hash(password: str, sign_in_version: int, secret: str) -> str:
    """What the session of an account with this (hashed) password must match; computing it costs what a query does."""
    salt = "backend.accounts.models.User.get_session_auth_hash"
    return salted_hmac(salt, f"{password}|{sign_in_version}", secret=secret, algorithm="sha256").hexdigest()


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: Any, capability: str | None = None) -> "UserQuerySet":
        """Users who hold or held a duty where `user` holds `capability` today (any duty when None)."""
        scope = user.scope(capability) if user.is_authenticated else Scope.nothing()
        return self.filter(models.Exists(Duty.objects.within(scope).filter(user_id=models.OuterRef("pk"))))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds users by name; accounts are made by `accounts.services.user_create`."""


class User(AbstractBaseUser):
    """Somebody who signs in. What he may do follows from his duties of today alone; there is no superuser."""

    username = models.CharField("用户名", max_length=40, unique=True)
    display_name = models.CharField("姓名", max_length=40)
    phone_hint = models.CharField("联系电话尾号", max_length=4, blank=True)
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("须修改密码", default=False)
    reset_code_hash = models.CharField(max_length=128, blank=True)
    reset_code_until = models.DateTimeField(null=True, blank=True)
    #: Wrong codes tried since the last one was issued; a few make it void.
    reset_code_tries = models.PositiveSmallIntegerField(default=0)
    #: Bumped by "sign out everywhere", a reset and an account's suspension: part of what every session must match.
    sign_in_version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)

    USERNAME_FIELD = "username"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "用户"
        verbose_name_plural = "用户"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.display_name or self.username

    is_superuser = False

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must match to stay valid: the password and `sign_in_version`."""
        return _auth_hash(self.password, self.sign_in_version, secret or settings.SECRET_KEY)

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @cached_property
    def current_duties(self) -> tuple["Duty", ...]:
        """Duties in force today; one query per request."""
        return tuple(Duty.objects.in_force().filter(user_id=self.pk))

    @cached_property
    def capabilities(self) -> frozenset[str]:
        return frozenset().union(*[duty.capabilities for duty in self.current_duties])

    def has_capability(self, capability: str, region: str | None = None) -> bool:
        """Whether a duty of today holds `capability` (in `region`, when given)."""
        if region is None:
            return capability in self.capabilities
        return self.scope(capability).covers(region)

    def scope(self, capability: str | None = None) -> Scope:
        """The regions of today's duties, or of those whose role holds `capability`; predecessors included."""
        duties = [d for d in self.current_duties if capability is None or capability in d.capabilities]
        return Scope.of([code for d in duties for code in (d.region_code, *d.predecessor_codes)])

    @cached_property
    def recent_duties(self) -> tuple["Duty", ...]:
        """Duties in force on some day of the last month; one query, only asked when a record came late."""
        return tuple(Duty.objects.filter(user_id=self.pk).since(clock.today() - dt.timedelta(days=RECENT_DAYS)))

    def scope_on(self, capability: str, day: dt.date) -> Scope:
        """The regions in which this user held `capability` on `day`, at most a month ago."""
        duties = [d for d in self.recent_duties if d.covers_day(day) and capability in d.capabilities]
        return Scope.of([code for d in duties for code in (d.region_code, *d.predecessor_codes)])

    # What Django's admin asks of a user; the answers come from capabilities.
    @property
    def is_staff(self) -> bool:
        return self.is_active and self.has_capability(Capability.OFFICE)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """No Django permission is ever held: admin pages ask for capabilities."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class DutyQuerySet(ScopedQuerySet["Duty"]):
    def in_force(self) -> "DutyQuerySet":
        today = clock.today()
        return self.filter(Q(valid_to=None) | Q(valid_to__gte=today), valid_from__lte=today, revoked_at=None)

    def since(self, day: dt.date) -> "DutyQuerySet":
        """Duties that were in force on `day` or later, ended and revoked ones too."""
        return self.filter(
            Q(valid_to=None) | Q(valid_to__gte=day),
            Q(revoked_at=None) | Q(revoked_at__gte=clock.at(day, dt.time())),
            valid_from__lte=clock.today(),
        )


class Duty(models.Model):
    """A posting (职责): this user, in this role, in this region, from a day to a day."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="duties", verbose_name="用户")
    role = models.CharField("角色", max_length=20, choices=Role.choices)
    region_code = RegionCodeField("区划")
    #: Codes that `region_code` succeeded: their history stays in this duty's scope.
    predecessor_codes = models.JSONField("前身区划", default=list, blank=True)
    valid_from = models.DateField("起始日期")
    valid_to = models.DateField("终止日期", null=True, blank=True)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="授予人")
    granted_at = models.DateTimeField("授予时间", auto_now_add=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)

    objects: ClassVar[DutyQuerySet] = DutyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "职责"
        verbose_name_plural = "职责"
        indexes = [models.Index(fields=["region_code"], name="duty_region")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=models.F("valid_from")), name="duty_days_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.region_code}"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this duty's role may do."""
        return CAPABILITIES_OF[Role(self.role)]

    def covers_day(self, day: dt.date) -> bool:
        """Whether the duty was in force on `day`; the day on which it was revoked counts."""
        if self.revoked_at is not None and clock.business_day(self.revoked_at) < day:
            return False
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class DeviceQuerySet(models.QuerySet["Device"]):
    def visible_to(self, user: Any, capability: str | None = None) -> "DeviceQuerySet":
        """Devices of users visible to `user`."""
        return self.filter(user__in=User.objects.visible_to(user, capability))


class Device(models.Model):
    """A phone or browser that signed in (设备), in the hands of who signed in last. Its id is made by the app."""

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices", verbose_name="用户")
    name = models.CharField("名称", max_length=60, blank=True)
    first_seen = models.DateTimeField("首次登录", auto_now_add=True)
    last_seen = models.DateTimeField("最近联系")
    session_key = models.CharField(max_length=40, blank=True)
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)

    objects: ClassVar[DeviceQuerySet] = DeviceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "设备"
        verbose_name_plural = "设备"
        indexes = [models.Index(fields=["user", "-last_seen"], name="device_user")]

    def __str__(self) -> str:
        return self.name or str(self.id)[:8]


class Session(AbstractBaseSession):
    """A session (会话), as Django keeps it; with its user and his device, so that one statement reads all three.

    `auth_hash` is what Django keeps among the session's data to notice a changed password.
    """

    user_id = models.BigIntegerField(null=True)
    auth_hash = models.CharField(max_length=64, blank=True)
    device_id = models.UUIDField(null=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = "会话"
        verbose_name_plural = "会话"

    @classmethod
    def get_session_store_class(cls) -> Any:
        return import_module(settings.SESSION_ENGINE).SessionStore
