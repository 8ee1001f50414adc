"""Who PostgreSQL runs as, and what that user can reach.

PostgreSQL refuses to run as root. As root it therefore runs as `nobody`; no account is created. `nobody` cannot pass a
0700 folder, so a clone below one keeps data and binaries in `/var/lib/gridkeeper/<hash of its path>` instead.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launch.steps import LaunchError


@dataclass(frozen=True)
class Account:
    """Whom to start PostgreSQL as; None means whoever we are."""

    uid: int | None = None
    gid: int | None = None

    def run(self, argv: list[str], **options: object) -> "subprocess.CompletedProcess[str]":
        """Run to the end as that user, in `/`: our own working directory may be out of its reach."""
        return subprocess.run(  # type: ignore[call-overload, no-any-return]
            argv,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **options,
        )

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_work_in(self, folder: Path) -> bool:
        script = 'cd "$0" && : > .reach && rm .reach'
        return self.run(["/bin/sh", "-c", script, str(folder)]).returncode == 0

    def can_start(self, program: Path) -> bool:
        try:
            return self.run([str(program), "--version"]).returncode == 0
        except OSError:
            return False


def account_for(data: Path) -> Account:
    """An ordinary user is himself. Root uses whoever owns existing data, else `nobody`."""
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise LaunchError(
                f"数据库目录 {data} 属于另一个用户（可能曾以 root 启动）。请用同一个用户启动，或用 --reset 重新开始。"
            )
        return Account()
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise LaunchError("以 root 启动需要系统里有 nobody 用户，这台机器没有。请改用普通用户运行。") from None
    return Account(nobody.pw_uid, nobody.pw_gid)
