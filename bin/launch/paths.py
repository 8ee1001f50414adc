"""Where things lie: the clone itself, and the folder of one stack."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
VAR = REPOSITORY / "var"
VENV = VAR / "venv"
PYTHON = VENV / "bin" / "python"
TOOLS = VAR / "tools"
STAMPS = VAR / "stamps"
PWA = REPOSITORY / "pwa"


def short_hash(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:16]


#: Where data and binaries of PostgreSQL go when `nobody` cannot reach the clone.
SYSTEM_HOME = Path("/var/lib/gridkeeper") / short_hash(REPOSITORY)


@dataclass(frozen=True)
class Folder:
    """One stack's folder. The demo's is `var/` itself; tests and the simulated day have their own below it."""

    root: Path

    @property
    def run(self) -> Path:
        """Process records, ports, locks, the schedule's memory."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def valkey(self) -> Path:
        return self.root / "valkey"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def system_home(self) -> Path:
        """Stand-in for `postgres` when `nobody` cannot reach this folder; the binaries beside it serve all stacks."""
        return SYSTEM_HOME / ("site" if self.root == VAR else f"stack-{short_hash(self.root)}")

    def make(self) -> None:
        for path in (self.root, self.run, self.logs, self.secrets, self.valkey):
            path.mkdir(parents=True, exist_ok=True)
        for path in (self.run, self.secrets, self.valkey, self.logs):
            path.chmod(0o700)
