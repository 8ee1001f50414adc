"""One address and method of the matrix, and who may pass."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backend.accounts.choices import CAPABILITIES_OF, Capability, Role
from backend.core.api import ANYONE, SIGNED_IN
from tests.conftest import CELL
from tests.office.world import Corner

#: Where the subject of each role serves.
HOME = {
    Role.GRID_WORKER: CELL, Role.GRID_LEADER: CELL, Role.VILLAGE: CELL[:12], Role.CLINIC: CELL[:12],
    Role.TOWNSHIP: CELL[:9], Role.COUNTY: CELL[:6], Role.PREFECTURE: CELL[:4], Role.PROVINCE: CELL[:2],
    Role.HEALTH: CELL[:6], Role.SYSTEM_ADMIN: CELL[:6], Role.AUDITOR: CELL[:6],
}  # fmt: skip
#: Who stands above a grid worker and holds all that he holds.
ABOVE = {Role.TOWNSHIP, Role.COUNTY, Role.PREFECTURE, Role.PROVINCE}


@dataclass(frozen=True)
class Row:
    """One address and method. `need`: capability, `SIGNED_IN` or `ANYONE`. `who` narrows the roles further."""

    route: str
    method: str
    need: str
    url: Callable[[Corner], str]
    body: Callable[[Corner], dict[str, Any]] = field(default=lambda corner: {})
    #: Names an object or region of the corner: elsewhere's is not found.
    scoped: bool = True
    who: frozenset[Role] | None = None
    given: Callable[[Corner], None] = field(default=lambda corner: None)
    #: What a refusal may look like beside 403.
    refusals: frozenset[int] = frozenset({403})

    @property
    def office(self) -> bool:
        return self.route.startswith("admin/")

    def allows(self, role: Role) -> bool:
        held = CAPABILITIES_OF[role]
        if self.office and Capability.OFFICE not in held:
            return False
        return (self.need in {SIGNED_IN, ANYONE} or self.need in held) and (self.who is None or role in self.who)
