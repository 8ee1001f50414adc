"""Servers of somebody else's that DATABASE_URL and REDIS_URL name: looked at before anything is started on them."""

import os
import subprocess
from dataclasses import dataclass

from launch.paths import PYTHON, REPOSITORY
from launch.steps import LaunchError, say


@dataclass(frozen=True)
class Outside:
    """Addresses of servers in place of the embedded ones; "" where the embedded one serves."""

    database_url: str = ""
    #: The same database for the tables' owner.
    owner_url: str = ""
    redis_url: str = ""

    def check(self) -> None:
        """LaunchError with one sentence when one cannot be used; says what the operator should know."""
        named = [name for name, url in (("postgres", self.database_url), ("valkey", self.redis_url)) if url]
        if not named:
            return
        environment = dict(os.environ) | {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "REDIS_URL": self.redis_url,
            "GRIDKEEPER_OUTSIDE": ",".join(named),
            "PYTHONPATH": str(REPOSITORY / "bin"),
            "PYTHONUTF8": "1",
        }
        done = subprocess.run(
            [str(PYTHON), "-m", "launch.installed.outside_servers"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise LaunchError(done.stdout.strip() or f"没能检查外部的数据库和消息服务：{done.stderr.strip()[-300:]}")
        if done.stdout.strip():
            say(f"  {done.stdout.strip()}")
