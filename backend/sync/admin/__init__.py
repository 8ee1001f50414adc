"""The protocol in the office."""

from backend.sync.admin.carried import CarriedFileAdmin
from backend.sync.admin.conflicts import EditConflictAdmin
from backend.sync.admin.referrals import ReferralAdmin

__all__ = ["CarriedFileAdmin", "EditConflictAdmin", "ReferralAdmin"]
