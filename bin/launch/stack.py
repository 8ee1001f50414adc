"""One whole Gridkeeper in one folder: servers, database, web, worker, schedule.

`bin/run` runs the stack in `var/`; tests and `bin/manage simulate_day` run private ones below it, beside each other and
beside the demo, each with its own cluster, ports, passwords and keys:

    with Stack(folder, demo=True) as stack:      # start() … stop()
        stack.url, stack.owner_url, stack.redis_url
        stack.kill("web"); stack.restart("web")
        stack.kill("valkey"); stack.restart("valkey")

Part names: postgres, valkey, web, worker, beat. Whatever an earlier run left in the folder is stopped or adopted first.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from launch.application import Address, Service, beat, web, worker
from launch.environment import damage_in
from launch.health import wait_healthy
from launch.locks import Claim, exclusive
from launch.outside import Outside
from launch.paths import PYTHON, REPOSITORY, Folder
from launch.ports import free_port
from launch.postgres import APPLICATION, DATABASE, OWNER, Postgres
from launch.processes import MARK, Process, marked, read_record, spawn, stop_all, write_record
from launch.reset import reset
from launch.steps import LaunchError, tail
from launch.valkey import Valkey

ALL_SERVICES = ("web", "worker", "beat")
#: Signals by which tests break things on purpose.
KILL = signal.SIGKILL


class Stack:
    """`database_url`/`redis_url` replace the embedded servers; what is replaced is never started, stopped or reset."""

    def __init__(
        self,
        folder: Path,
        *,
        address: Address | None = None,
        demo: bool = False,
        services: Sequence[str] = ALL_SERVICES,
        database_url: str | None = None,
        owner_url: str | None = None,
        redis_url: str | None = None,
        durable: bool = True,
        create_databases: bool = False,
        postgres_settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ):
        self.folder = Folder(Path(folder).resolve())
        self.address = address or Address(port=free_port())
        self.demo = demo
        self.extra = dict(environment or {})
        self.postgres = (
            None
            if database_url
            else Postgres(self.folder, durable=durable, create_databases=create_databases, settings=postgres_settings)
        )
        self.valkey = None if redis_url else Valkey(self.folder)
        self.outside = Outside(database_url or "", owner_url or database_url or "", redis_url or "")
        made = (web(self.address), worker(), beat(self.folder))
        self.services: dict[str, Service] = {s.name: s for s in made if s.name in services}
        self.running: dict[str, Process] = {}
        self._claim: Claim | None = None

    # --- addresses ------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return self.address.url

    @property
    def database_url(self) -> str:
        return self.outside.database_url or self._postgres_url(APPLICATION)

    @property
    def owner_url(self) -> str:
        return self.outside.owner_url or self._postgres_url(OWNER)

    @property
    def redis_url(self) -> str:
        return self.outside.redis_url or (self.valkey.url if self.valkey else "")

    def _postgres_url(self, role: str, database: str = DATABASE) -> str:
        return self.postgres.url(role, database) if self.postgres else ""

    def environment(self, *, owner: bool = False) -> dict[str, str]:
        """What Django reads (docs/running.md lists it), on top of our own environment."""
        result = dict(os.environ)
        # A stack started from inside another one must not pass for it.
        for name in (MARK, "GRIDKEEPER_DB_ROLE", "DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV"):
            result.pop(name, None)
        result |= {
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "REDIS_URL": self.redis_url,
            "GRIDKEEPER_VAR": str(self.folder.root),
            "GRIDKEEPER_DEMO": "1" if self.demo else "0",
            "GRIDKEEPER_SECURE": "1" if self.address.certificate else "0",
            "GRIDKEEPER_ALLOWED_HOSTS": ",".join(self._host_names()),
            "DJANGO_SETTINGS_MODULE": "backend.config.settings",
            "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "bin"))),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }
        if self.postgres:
            # pg_dump and pg_restore for backups: the ones that fit the server.
            result["GRIDKEEPER_PG_BIN"] = str(self.postgres.binaries)
        if owner:
            result["GRIDKEEPER_DB_ROLE"] = "owner"
        return result | self.extra

    def _host_names(self) -> list[str]:
        names = ["localhost", "127.0.0.1", "[::1]"]
        if self.address.is_everywhere:
            names += [socket.gethostname(), *lan_addresses()]
        elif self.address.local_host not in names:
            names.append(self.address.local_host)
        names += [n for n in os.environ.get("GRIDKEEPER_ALLOWED_HOSTS", "").split(",") if n and n not in names]
        return names

    # --- whole ----------------------------------------------------------------------------------------------------

    def start(self, *, seed: Sequence[str] = ()) -> Self:
        """Servers, database, optional seed command (`("seed_demo",)`), services, health."""
        self.start_servers()
        self.prepare()
        if seed:
            self.manage(*seed)
        self.start_services()
        return self

    def reset(self) -> Self:
        """Stop what an earlier run left in the folder, delete its data, and say so back: `Stack(…).reset().start()`."""
        self.folder.make()
        reset(self.folder)
        return self

    def stop(self) -> None:
        self.stop_services()
        self.stop_servers()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- servers --------------------------------------------------------------------------------------------------

    def start_servers(self) -> None:
        """Start or adopt; hold the claim that keeps others of this folder from stopping them under us."""
        self.folder.make()
        self.outside.check()
        with exclusive(self.folder.run / "start.lock"):
            claim = Claim(self.folder.run / "servers.lock")
            claim.share()
            self._claim = claim
            if self.postgres:
                self.postgres.start()
            if self.valkey:
                self.valkey.start()

    def stop_servers(self) -> None:
        """The last user out stops them; with another user still there they stay."""
        if self._claim is None:
            return
        with exclusive(self.folder.run / "start.lock"):
            alone = self._claim.take()
            if alone:
                for server in (self.valkey, self.postgres):
                    if server:
                        server.stop()
            self._claim.release()
            self._claim = None

    def prepare(self) -> None:
        """Migrations, grants, partitions, reference data: everything that needs the owner of the tables."""
        self.manage("prepare", owner=True)

    def manage(self, *arguments: str, owner: bool = False, environment: Mapping[str, str] | None = None) -> str:
        """Run a Django command to its end; its output, or LaunchError with where to read on."""
        log = self.folder.logs / f"{arguments[0]}.log"
        done = subprocess.run(
            [str(PYTHON), "-m", "django", *arguments],
            cwd=REPOSITORY,
            env=self.environment(owner=owner) | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        log.write_text(done.stdout)
        if done.returncode != 0:
            failed = LaunchError(f"命令 {arguments[0]} 没有成功（退出码 {done.returncode}）。", log=log)
            raise damage_in(done.stdout) or failed
        return done.stdout

    # --- services -------------------------------------------------------------------------------------------------

    def start_services(self, *, seconds: float = 60) -> None:
        """Start all, answer when the web process is healthy."""
        self.clear_services()
        if "web" in self.services:
            self.address.check()
        # The web process first and alone: three starts at once on two cores keep people waiting for the page.
        if "web" in self.services:
            self._spawn("web")
            self.wait_healthy(seconds=seconds)
        for name in self.services:
            if name != "web":
                self._spawn(name)

    def stop_services(self) -> None:
        for process in self.running.values():
            process.send(signal.SIGCONT)
            process.send(signal.SIGTERM)
        for name, process in self.running.items():
            process.stop(grace=self.services[name].grace)
            self._record(name).unlink(missing_ok=True)
        self.running.clear()

    def clear_services(self) -> None:
        """Stop what an earlier run left: by its record, and by the folder that its environment names."""
        recorded = (read_record(self._record(name)) for name in ALL_SERVICES)
        ours = {process.pid for process in self.running.values()}
        marks = list(marked(self.folder.root))
        left = [process for process in marks if process.pid not in ours]
        # A record alone is not enough to kill by, even though the start time matched.
        left += [r for r in recorded if r and r.pid not in ours and any(m.pid == r.pid for m in marks)]
        stop_all(left)

    def wait_healthy(self, *, seconds: float = 60) -> None:
        try:
            wait_healthy(self.url, seconds=seconds, is_alive=lambda: self.is_alive("web"))
        except LaunchError as failure:
            log = self.folder.logs / "web.log"
            raise damage_in("\n".join(tail(log))) or LaunchError(failure.sentence, log=log) from None

    # --- single parts ---------------------------------------------------------------------------------------------

    @property
    def parts(self) -> list[str]:
        servers = [server.name for server in (self.postgres, self.valkey) if server]
        return [*servers, *self.services]

    def process(self, name: str) -> Process | None:
        if server := self._server(name):
            return server.process
        return self.running.get(name)

    def is_alive(self, name: str) -> bool:
        process = self.process(name)
        return process is not None and process.is_alive()

    def kill(self, name: str, number: int = KILL) -> None:
        """Break a part on purpose: -9 by default, to its whole group."""
        if process := self.process(name):
            process.send(number, group=True)
            if number == KILL:
                process.wait(10)

    def halt(self, name: str) -> None:
        """Stop a part in order and leave it down."""
        if server := self._server(name):
            server.stop()
        elif process := self.running.pop(name, None):
            process.stop(grace=self.services[name].grace)

    def restart(self, name: str) -> None:
        """Bring a part back on its address, stopping it first when it is still up."""
        if server := self._server(name):
            server.stop()
            server.restart()
            return
        self.halt(name)
        self._spawn(name)
        if name == "web":
            self.wait_healthy()

    def tend(self) -> None:
        """Bring back every part that is not running, servers first: a worker gives up on a Redis that is away long."""
        for name in self.parts:
            if not self.is_alive(name):
                self.restart(name)

    def revive(self, name: str) -> None:
        """As `restart` for a part found dead, without waiting for the web process to be healthy."""
        if server := self._server(name):
            server.restart()
        else:
            self._spawn(name)

    def _server(self, name: str) -> Postgres | Valkey | None:
        return {"postgres": self.postgres, "valkey": self.valkey}.get(name)

    def _spawn(self, name: str) -> None:
        service = self.services[name]
        environment = {**self.environment(), **service.environment, MARK: str(self.folder.root)}
        # Who takes over a running service must not find the password of the tables' owner in it.
        del environment["DATABASE_OWNER_URL"]
        process = spawn(
            service.argv,
            log=self.folder.logs / f"{name}.log",
            environment=environment,
            cwd=REPOSITORY,
        )
        self.running[name] = process
        write_record(self._record(name), process)

    def _record(self, name: str) -> Path:
        return self.folder.run / f"{name}.json"


def lan_addresses() -> list[str]:
    """Addresses under which others on the network reach this machine; nothing is sent to find out."""
    found: list[str] = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return [a for a in dict.fromkeys(found) if not a.startswith("127.")]
