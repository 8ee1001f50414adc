"""The three processes of the application: web, worker, schedule. Each is a command line and what it finds set."""

import errno
from dataclasses import dataclass, field
from pathlib import Path

from launch.paths import PYTHON, Folder
from launch.ports import why_taken
from launch.steps import LaunchError


@dataclass(frozen=True)
class Address:
    """Where the web process listens; with a certificate it speaks TLS."""

    port: int = 8000
    host: str = "127.0.0.1"
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise LaunchError("--tls-cert 与 --tls-key 必须一起给出。")
        for file in (self.certificate, self.key):
            if file is not None and not file.is_file():
                raise LaunchError(f"找不到证书文件：{file}")

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    @property
    def is_everywhere(self) -> bool:
        return self.host in {"0.0.0.0", "::", ""}

    @property
    def local_host(self) -> str:
        """A name by which this machine reaches it."""
        if self.is_everywhere or self.host == "localhost":
            return "127.0.0.1"
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.local_host}:{self.port}"

    def check(self) -> None:
        """LaunchError when nothing could listen there now, with what to do about it."""
        problem = why_taken(self.port, self.host)
        if problem is None:
            return
        known = {
            errno.EADDRINUSE: f"端口 {self.port} 已被别的程序占用。请用 --port 换一个端口，或先停掉那个程序。",
            errno.EACCES: f"普通用户不能使用端口 {self.port}。请用 --port 换一个 1024 以上的端口。",
            errno.EADDRNOTAVAIL: f"这台机器没有地址 {self.host}。请检查 --host。",
        }
        raise LaunchError(known.get(problem.errno or 0, f"无法在 {self.host}:{self.port} 监听：{problem}"))


@dataclass(frozen=True)
class Service:
    name: str
    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    #: Seconds between the request to end and the insistence.
    grace: float = 8.0


def web(address: Address) -> Service:
    """One ASGI process for pages, API and sockets. No access log: paths with their parameters stay out of files."""
    argv = [
        *(str(PYTHON), "-m", "uvicorn", "backend.config.asgi:application"),
        *("--host", address.host, "--port", str(address.port), "--http", "httptools", "--loop", "uvloop"),
        *("--no-access-log", "--no-server-header", "--log-level", "warning"),
        *("--timeout-graceful-shutdown", "3", "--ws-max-size", "65536"),
        # On a slow line a pong may take its time: who misses one is not yet gone.
        *("--ws-ping-interval", "25", "--ws-ping-timeout", "60"),
        # Deflate would compress each frame anew for each socket, and keep a window of memory per socket.
        *("--ws-per-message-deflate", "false"),
    ]
    if address.certificate and address.key:
        argv += ["--ssl-certfile", str(address.certificate), "--ssl-keyfile", str(address.key)]
    return Service("web", argv, {"GRIDKEEPER_DB_POOL": "12"})


def worker() -> Service:
    """Threads, not forks: tasks wait for the database, and one process holds the libraries once."""
    argv = [
        *(str(PYTHON), "-m", "celery", "-A", "celery_tasks.app:app", "worker"),
        *("--pool", "threads", "--concurrency", "2", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", "gridkeeper@%h"),
    ]
    return Service("worker", argv, {"GRIDKEEPER_DB_POOL": "4"}, grace=10.0)


def beat(folder: Folder) -> Service:
    """A process of its own rather than a passenger of the worker: what asks what is due must come back alone."""
    argv = [
        *(str(PYTHON), "-m", "celery", "-A", "celery_tasks.app:app", "beat"),
        *("--schedule", str(folder.run / "schedule"), "--pidfile=", "--loglevel", "WARNING"),
    ]
    return Service("beat", argv)
