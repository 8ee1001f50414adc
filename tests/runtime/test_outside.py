"""Servers of somebody else's: what is wrong with them is said in a sentence, and a whole stack works on good ones."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from launch.installed import outside_servers
from launch.outside import Outside
from launch.ports import free_port
from launch.stack import Stack
from launch.steps import LaunchError

#: The servers of the tests stand for somebody else's; the owner there may make databases.
APPLICATION, OWNER, REDIS = (os.environ.get(n, "") for n in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"))


def other(url: str, *, database: str | None = None, password: str | None = None, port: int | None = None) -> str:
    parts = urlsplit(url)
    place = f"{parts.hostname}:{port or parts.port}"
    user = f"{parts.username or ''}:{password or parts.password}"
    return parts._replace(netloc=f"{user}@{place}", path=f"/{database}" if database else parts.path).geturl()


@pytest.fixture
def make_database() -> Iterator[Callable[[str, str], str]]:
    """`make_database(name, options)` → the owner's address of a new database."""
    made: list[str] = []
    with psycopg.connect(OWNER, autocommit=True) as owner:

        def make(name: str, options: str = "") -> str:
            owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            owner.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
            made.append(name)
            return other(OWNER, database=name)

        yield make
        for name in made:
            owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_good_servers_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    Outside(APPLICATION, OWNER, REDIS).check()
    assert capsys.readouterr().out == ""


def test_one_user_for_everything_is_taken_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    Outside(OWNER, OWNER).check()
    assert "拦不住对审计记录的改动" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("application", "owner", "sentence"),
    [
        ("mysql://a:b@c/d", "mysql://a:b@c/d", "DATABASE_URL 应写成 postgresql://"),
        (other(APPLICATION, port=free_port()), OWNER, "连不上数据库.*DATABASE_URL"),
        (other(APPLICATION, password="wrong"), OWNER, "不接受用户 gk_app 的密码.* DATABASE_URL"),
        (APPLICATION, other(OWNER, password="wrong"), "不接受用户 gk_owner 的密码.*DATABASE_OWNER_URL"),
        (APPLICATION, other(OWNER, database="postgres"), "指向两个不同的库|不能在库 postgres 里建表"),
        (other(OWNER, database="absent"), OWNER, "没有名为 absent 的库"),
        (APPLICATION, APPLICATION, "用户 gk_app 不能在库 gridkeeper 里建表"),
    ],
    ids=["scheme", "unreachable", "password", "owner's password", "two databases", "no database", "no rights"],
)
def test_a_database_that_cannot_serve(application: str, owner: str, sentence: str) -> None:
    with pytest.raises(LaunchError, match=sentence) as refused:
        Outside(application, owner).check()
    assert str(urlsplit(APPLICATION).password) not in refused.value.sentence
    assert "Traceback" not in refused.value.sentence


def test_another_encoding_is_refused(make_database: Callable[..., str]) -> None:
    latin = make_database("outside_latin", "ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
    with pytest.raises(LaunchError, match="编码是 LATIN1，需要 UTF8"):
        Outside(latin, latin).check()


def test_tables_of_somebody_else_are_refused(make_database: Callable[..., str]) -> None:
    url = make_database("outside_others")
    with psycopg.connect(url) as owner:
        owner.execute("CREATE TABLE theirs(a int); GRANT CREATE, USAGE ON SCHEMA public TO gk_app")
        owner.execute("GRANT CONNECT ON DATABASE outside_others TO gk_app")
    theirs = other(APPLICATION, database="outside_others")
    with pytest.raises(LaunchError, match="theirs 属于别的用户"):
        Outside(theirs, theirs).check()


def test_old_servers_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("DATABASE_URL", APPLICATION), ("DATABASE_OWNER_URL", OWNER), ("REDIS_URL", REDIS)):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(outside_servers, "OLDEST_POSTGRES", 99)
    monkeypatch.setattr(outside_servers, "OLDEST_REDIS", 99)
    for server, sentence in (("postgres", "需要 99 或更新的版本"), ("valkey", "需要 Redis 99 或更新的版本")):
        monkeypatch.setenv("GRIDKEEPER_OUTSIDE", server)
        assert outside_servers.main() == 1
        assert sentence in capsys.readouterr().out


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://x", "REDIS_URL 应写成 redis://"),
        (f"redis://127.0.0.1:{free_port()}/0", "连不上消息服务 127.0.0.1"),
        (other(REDIS, password="wrong"), "不接受密码"),
    ],
    ids=["scheme", "unreachable", "password"],
)
def test_a_redis_that_cannot_serve(url: str, sentence: str) -> None:
    with pytest.raises(LaunchError, match=sentence):
        Outside(redis_url=url).check()


def test_a_whole_stack_on_servers_of_somebody_else(tmp_path: Path, make_database: Callable[..., str]) -> None:
    """As deploy/postgresql.sql makes them: migrated by the owner, served as the application, stopped without them."""
    owner = make_database("outside_whole")
    with psycopg.connect(owner) as connection:
        connection.execute("REVOKE ALL ON DATABASE outside_whole FROM PUBLIC")
        connection.execute("GRANT CONNECT, TEMPORARY ON DATABASE outside_whole TO gk_app")
    application = other(APPLICATION, database="outside_whole")
    with Stack(tmp_path, services=("web",), database_url=application, owner_url=owner, redis_url=REDIS) as stack:
        assert stack.parts == ["web"]
        assert stack.is_alive("web")
    with psycopg.connect(application) as connection:
        assert connection.execute("SELECT count(*) FROM policies_policypack").fetchone() != (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM audit_auditentry")
