"""Are the servers that the environment names fit to be used? One plain sentence for what is wrong, before a start.

`python -m launch.installed.outside_servers` looks at DATABASE_URL (with DATABASE_OWNER_URL) and REDIS_URL, whichever
`GRIDKEEPER_OUTSIDE` names. Ends with 1 and the sentence on its output, or with 0 and what the operator should know.
"""

import os
import sys
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import redis

OLDEST_POSTGRES = 15
OLDEST_REDIS = 6
PATIENCE = 5

#: What the server or the client library says → what it means. Servers may speak Chinese themselves.
REFUSALS = (
    (("password authentication failed", "密码认证失败", "密码验证失败", "no password supplied"),
     "不接受用户 {user} 的密码。请检查 {name} 里的用户名和密码。"),
    (("pg_hba.conf", "rejects connection"),
     "不允许用户 {user} 从这台机器登录。请在它的 pg_hba.conf 里放行（scram-sha-256）。"),
    (("does not exist", "不存在"), "没有名为 {database} 的库，或没有用户 {user}。请先用 deploy/postgresql.sql 建立。"),
    (("too many clients", "remaining connection slots", "too many connections"),
     "的连接已经用完。请调大 max_connections。"),
    (("not permitted to log in", "permission denied for database"),
     "不允许用户 {user} 连接库 {database}。请执行：GRANT CONNECT ON DATABASE {database} TO {user};（须有 LOGIN）"),
    (("starting up", "shutting down", "recovery mode"), "正在启动或停止。请稍等再试。"),
    (("SSL", "certificate"), "的加密连接没有建立。请检查 {name} 里的 sslmode 和证书。"),
)  # fmt: skip

OWNER_OF_ALL = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v')
  AND NOT pg_has_role(current_user, c.relowner, 'USAGE') LIMIT 1
"""


class UnfitError(Exception):
    """A server cannot be used; the message is for the operator."""


def postgres_fits(name: str, url: str) -> psycopg.Connection[tuple[object, ...]]:
    """An open connection to a database of a usable kind."""
    if urlsplit(url).scheme not in {"postgres", "postgresql"}:
        raise UnfitError(f"{name} 应写成 postgresql://用户:密码@主机:端口/库名。")
    try:
        connection = psycopg.connect(url, connect_timeout=PATIENCE, autocommit=True)
    except (psycopg.Error, ValueError) as problem:
        raise UnfitError(_refusal(name, url, str(problem))) from None
    where = f"数据库 {_place(url, 5432)}"
    if connection.info.server_version < OLDEST_POSTGRES * 10_000:
        found = connection.info.server_version / 10_000
        raise UnfitError(f"{where} 的版本是 PostgreSQL {found:.0f}，需要 {OLDEST_POSTGRES} 或更新的版本。")
    encoding = _value(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise UnfitError(
            f"库 {connection.info.dbname} 的编码是 {encoding}，需要 UTF8。"
            f"请重新建库：CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0;"
        )
    if _value(connection, "SELECT pg_is_in_recovery()"):
        raise UnfitError(f"{where} 是只读的备库。请给出主库的地址。")
    return connection


def owner_fits(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    user, database = connection.info.user, connection.info.dbname
    # Several privileges in one call would mean any of them; who may create may hardly lack the other.
    if not _value(connection, "SELECT has_schema_privilege(current_user, 'public', 'CREATE')"):
        raise UnfitError(
            f"用户 {user} 不能在库 {database} 里建表。请执行：ALTER DATABASE {database} OWNER TO {user};"
            f" 或 GRANT CREATE, USAGE ON SCHEMA public TO {user};"
        )
    if table := _value(connection, OWNER_OF_ALL):
        raise UnfitError(
            f"库 {database} 里的表 {table} 属于别的用户，{user} 不能更新结构。请在 DATABASE_OWNER_URL 给出表的拥有者。"
        )


def application_fits(
    application: psycopg.Connection[tuple[object, ...]], owner: psycopg.Connection[tuple[object, ...]]
) -> str:
    """What the operator should know, or nothing."""
    same: LiteralString = (
        "SELECT (SELECT oid::text FROM pg_database WHERE datname = current_database()) || pg_postmaster_start_time()"
    )
    if _value(application, same) != _value(owner, same):
        raise UnfitError("DATABASE_URL 和 DATABASE_OWNER_URL 指向两个不同的库。它们应是同一个库的两个用户。")
    user, database = application.info.user, application.info.dbname
    can_have = "SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()"
    may_make_temporary = "SELECT has_database_privilege(current_user, current_database(), 'TEMPORARY')"
    if not _value(application, may_make_temporary) and not _value(owner, can_have):
        raise UnfitError(f"用户 {user} 不能建临时表。请执行：GRANT TEMPORARY ON DATABASE {database} TO {user};")
    if user == owner.info.user or _value(application, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        return (
            f"注意：程序以表的拥有者或超级用户 {user} 登录，数据库本身拦不住对审计记录的改动。"
            "正式使用请给出两个用户（DATABASE_OWNER_URL，见 deploy/postgresql.sql）。"
        )
    return ""


def redis_fits(url: str) -> None:
    where = f"消息服务 {_place(url, 6379)}"
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
        info = client.info()
        client.publish("gridkeeper-check", "")
        client.set("gridkeeper-check", "", ex=1)
    except ValueError:
        raise UnfitError("REDIS_URL 应写成 redis://:密码@主机:端口/0。") from None
    except redis.exceptions.AuthenticationError:
        raise UnfitError(f"{where} 不接受密码。请检查 REDIS_URL。") from None
    except redis.exceptions.ReadOnlyError:
        raise UnfitError(f"{where} 是只读的副本。请给出主节点的地址。") from None
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
        raise UnfitError(f"连不上{where}。请检查它是否在运行、REDIS_URL 里的地址和端口、防火墙。") from None
    except redis.exceptions.ResponseError as problem:
        raise UnfitError(f"{where} 拒绝了请求（{problem}）。请检查 REDIS_URL 里的用户和它的权限。") from None
    version = str(info.get("redis_version", "0"))
    if int(version.partition(".")[0]) < OLDEST_REDIS:
        raise UnfitError(f"{where} 的版本是 {version}，需要 Redis {OLDEST_REDIS} 或更新的版本，或 Valkey。")


def _refusal(name: str, url: str, said: str) -> str:
    parts = urlsplit(url)
    for marks, sentence in REFUSALS:
        if any(mark in said for mark in marks):
            user, database = parts.username or "（未写）", parts.path.strip("/") or "（未写）"
            return f"数据库 {_place(url, 5432)} {sentence.format(name=name, user=user, database=database)}"
    return f"连不上数据库 {_place(url, 5432)}。请检查它是否在运行、{name} 里的地址和端口、防火墙。"


def _place(url: str, usual: int) -> str:
    """Host and port, never the password."""
    parts = urlsplit(url)
    try:
        return f"{parts.hostname or 'localhost'}:{parts.port or usual}"
    except ValueError:
        return parts.hostname or "localhost"


def _value(connection: psycopg.Connection[tuple[object, ...]], statement: LiteralString) -> object:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None


def main() -> int:
    outside = os.environ["GRIDKEEPER_OUTSIDE"].split(",")
    try:
        if "postgres" in outside:
            owner_name = "DATABASE_OWNER_URL" if os.environ["DATABASE_OWNER_URL"] != os.environ["DATABASE_URL"] else ""
            with (
                postgres_fits("DATABASE_URL", os.environ["DATABASE_URL"]) as application,
                postgres_fits(owner_name or "DATABASE_URL", os.environ["DATABASE_OWNER_URL"]) as owner,
            ):
                owner_fits(owner)
                print(application_fits(application, owner))
        if "valkey" in outside:
            redis_fits(os.environ["REDIS_URL"])
    except UnfitError as unfit:
        print(unfit)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
