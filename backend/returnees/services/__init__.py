"""The only writers of returnees. Duty A3. See docs/returnees.md."""

from backend.returnees.services.changing import (
    returnee_correct_arrival,
    returnee_leave,
    returnee_merge,
    returnee_return,
    returnee_update,
)
from backend.returnees.services.following import returnees_follow
from backend.returnees.services.forgetting import returnees_forget_travel
from backend.returnees.services.registering import returnee_register, returnee_register_at_office

__all__ = [
    "returnee_correct_arrival",
    "returnee_leave",
    "returnee_merge",
    "returnee_register",
    "returnee_register_at_office",
    "returnee_return",
    "returnee_update",
    "returnees_follow",
    "returnees_forget_travel",
]
