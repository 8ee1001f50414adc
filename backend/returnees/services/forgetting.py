"""What somebody told of his journey is kept for the term that followed from it, and no longer."""

import datetime as dt

from django.db.models import Q

from backend.returnees.models import Returnee


def returnees_forget_travel(*, day: dt.date) -> int:
    """Empty number and stops of every return whose term ended before `day`; without a term, of those of earlier days.

    The way of coming stays: it names nobody and no place. Returns how many were emptied.
    """
    told = ~Q(transport_number="") | ~Q(via="")
    over = Q(monitor_to__lt=day) | Q(monitor_to=None, registered_day__lt=day)
    return Returnee.objects.filter(told & over).update(transport_number="", via="")
