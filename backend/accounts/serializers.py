"""Wire shapes of sign-in, passwords and devices."""

from rest_framework import serializers

from backend.core.body import StrictSerializer


class DeviceClaimShape(StrictSerializer):
    """`{id: uuid, name?}`: which phone this is."""

    id = serializers.UUIDField()
    name = serializers.CharField(max_length=60, allow_blank=True, default="")


class SignInShape(StrictSerializer):
    """`{username, password, device?}`."""

    username = serializers.CharField(max_length=40)
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    device = DeviceClaimShape(required=False)


class PasswordShape(StrictSerializer):
    """`{old, new}`."""

    old = serializers.CharField(max_length=128, trim_whitespace=False)
    new = serializers.CharField(max_length=128, trim_whitespace=False)


class RedeemShape(StrictSerializer):
    """`{username, code, new}`: the code that the township read out."""

    username = serializers.CharField(max_length=40)
    code = serializers.CharField(max_length=12)
    new = serializers.CharField(max_length=128, trim_whitespace=False)


class DeviceAnswer(serializers.Serializer[object]):
    """A device of the person signed in."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    current = serializers.BooleanField()


class DeviceListAnswer(serializers.Serializer[object]):
    """`{devices: […]}`."""

    devices = DeviceAnswer(many=True)


class SessionUserAnswer(serializers.Serializer[object]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()


class SessionRoleAnswer(serializers.Serializer[object]):
    role = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]


class SessionDutyAnswer(serializers.Serializer[object]):
    """One duty in force today. `from`, `to`: dates, `to` may be null."""

    role = serializers.CharField()
    role_label = serializers.CharField()
    region = serializers.CharField()
    region_name = serializers.CharField()
    level = serializers.CharField(allow_null=True)
    to = serializers.DateField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is a keyword in Python, so it cannot be declared above.
        return {**super().get_fields(), "from": serializers.DateField()}


class SessionAnswer(serializers.Serializer[object]):
    """What a signed-in client is told about itself."""

    user = SessionUserAnswer()
    roles = SessionRoleAnswer(many=True)
    duties = SessionDutyAnswer(many=True)
    capabilities = serializers.ListField(child=serializers.CharField())
    api_level = serializers.IntegerField()
    csrf = serializers.CharField()
    server_time = serializers.DateTimeField()
    must_change_password = serializers.BooleanField()


class ErrorAnswer(serializers.Serializer[object]):
    """The one error shape."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False)
    detail = serializers.DictField(required=False)
