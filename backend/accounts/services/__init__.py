"""The only writers of users, duties, devices and sessions. Duty A2. See docs/accounts.md."""

from backend.accounts.services.devices import device_revoke
from backend.accounts.services.duties import duties_follow_cell, duty_grant, duty_revocable, duty_revoke
from backend.accounts.services.passwords import password_change, password_redeem, password_reset
from backend.accounts.services.sessions import DeviceClaim, session_close, session_open, sessions_end
from backend.accounts.services.users import user_create, user_suspend, user_update

__all__ = [
    "DeviceClaim",
    "device_revoke",
    "duties_follow_cell",
    "duty_grant",
    "duty_revocable",
    "duty_revoke",
    "password_change",
    "password_redeem",
    "password_reset",
    "session_close",
    "session_open",
    "sessions_end",
    "user_create",
    "user_suspend",
    "user_update",
]
