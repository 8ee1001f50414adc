"""Wire shape of a policy value."""

from rest_framework import serializers


class PolicyValueSerializer(serializers.Serializer):
    """One rule in force. `value` is a number, a list or an object, as the key's shape says (docs/policies.md)."""

    key = serializers.CharField()
    title = serializers.CharField()
    value = serializers.JSONField()
    unit = serializers.CharField(allow_blank=True)
    version = serializers.CharField()
    clause = serializers.CharField()
    document = serializers.CharField()
    duty = serializers.CharField()
    region = serializers.CharField(allow_blank=True, help_text="whose rule it is; empty for the national base")


class PoliciesSerializer(serializers.Serializer):
    """What is in force in one region on one day."""

    region = serializers.CharField(allow_blank=True)
    on = serializers.DateField()
    rules = PolicyValueSerializer(many=True)
