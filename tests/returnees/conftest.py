"""The fixtures of health monitoring serve returnees as well."""

from tests.health.conftest import at, returnee

__all__ = ["at", "returnee"]
