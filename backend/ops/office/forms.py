"""Signing in to the office, and changing one's password there."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminPasswordWidget

from backend.accounts.services import password_change
from backend.core.errors import ApiError, ErrorCode


class SignInForm(AuthenticationForm):
    """The rules of the session API: one sentence for a wrong name or password, lockout by account and address."""

    error_messages = {
        "invalid_login": ErrorCode.BAD_CREDENTIALS.message,
        "inactive": ErrorCode.BAD_CREDENTIALS.message,
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].max_length = 40
        self.fields["username"].label = "用户名"
        self.fields["password"].label = "密码"

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_staff:
            raise ValidationError("您的职责不包含管理后台，请使用手机应用登录。", code="no_office")


class OwnPasswordForm(forms.Form):
    """Old and new password; the service decides, the form shows what it says."""

    old_password = forms.CharField(label="原密码", max_length=128, strip=False, widget=UnfoldAdminPasswordWidget)
    new_password1 = forms.CharField(
        label="新密码", max_length=128, strip=False, widget=UnfoldAdminPasswordWidget,
        help_text="至少八位，不能全是数字，也不能是常见密码。",
    )  # fmt: skip
    new_password2 = forms.CharField(label="再输一次", max_length=128, strip=False, widget=UnfoldAdminPasswordWidget)

    def __init__(self, user: Any, *args: Any, request: Any = None, **kwargs: Any) -> None:
        self.user, self.request = user, request
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and data["new_password1"] != data["new_password2"]:
            self.add_error("new_password2", "两次输入的新密码不一致。")
        return data

    def submit(self) -> bool:
        """Change it; False when the service refused, with its sentence on the form."""
        data = self.cleaned_data
        try:
            password_change(user=self.user, old=data["old_password"], new=data["new_password1"], request=self.request)
        except ApiError as error:
            self.add_error("old_password" if error.field == "old" else "new_password1", error.message)
            return False
        return True
