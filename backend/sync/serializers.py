"""Wire shape of the day's closing; push has its own compiled shapes in `shapes`."""

from rest_framework import serializers

from backend.core.body import StrictSerializer
from backend.sync.closing import MAX_MADE

#: Bytes of a closing that names `MAX_MADE` ids.
CLOSING_LIMIT = 256 * 1024


class ClosingSerializer(StrictSerializer):
    """A phone, a day of its own, and the ids it made on it."""

    device = serializers.UUIDField()
    day = serializers.DateField(input_formats=["%Y-%m-%d"])
    made = serializers.ListField(child=serializers.UUIDField(), max_length=MAX_MADE, allow_empty=True)
