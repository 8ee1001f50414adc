"""The Redis connection of a process, with short timeouts: Redis carries hints, never the only copy of anything."""

from functools import lru_cache

import redis
from django.conf import settings


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """One pooled client per process."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT,
        socket_connect_timeout=settings.REDIS_TIMEOUT,
        max_connections=50,
    )


def redis_answers() -> bool:
    """Whether Redis answers right now."""
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False
