"""The Redis connection of a process, with short timeouts: Redis carries hints, never the only copy of anything."""

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """One pooled client per process. It does not retry: a hint that cannot be given at once is not worth a wait."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT,
        socket_connect_timeout=settings.REDIS_TIMEOUT,
        max_connections=50,
        retry=Retry(NoBackoff(), 0),
    )


def redis_answers() -> bool:
    """Whether Redis answers right now."""
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False
