"""The operator's own way to make the first account, and to help who has nobody above him."""

import re
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from backend.accounts.choices import Role
from backend.accounts.models import User
from backend.accounts.services import password_redeem
from backend.audit.models import AuditEntry
from backend.audit.services import SYSTEM


def test_the_first_account(tree: object, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_account", "province", "省疫情防控办", "province", "22")
    found = re.search(r"初始密码 (\S+)（", capsys.readouterr().out)
    user = User.objects.get(username="province")
    assert found
    assert user.check_password(found[1])
    assert user.must_change_password
    assert AuditEntry.objects.get(action="user_created").actor_name == SYSTEM
    for wrong in (("province", "重名", "province", "22"), ("x1", "级别不对", "province", "2205"), ("only",)):
        with pytest.raises(CommandError):
            call_command("create_account", *wrong)


def test_a_code_for_who_has_nobody_above(
    tree: object, user_with: Callable[..., User], capsys: pytest.CaptureFixture[str]
) -> None:
    user = user_with(Role.PROVINCE, "22", "top")
    call_command("create_account", "top", "--reset")
    found = re.search(r"重置码 (\d{8})（", capsys.readouterr().out)
    assert found
    password_redeem(username="top", code=found[1], new="another-good-one")
    assert User.objects.get(pk=user.pk).check_password("another-good-one")
    with pytest.raises(CommandError, match="没有这个用户名"):
        call_command("create_account", "nobody", "--reset")
