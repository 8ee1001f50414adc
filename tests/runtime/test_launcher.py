"""Small decisions of the launcher: pip's settings for uv, ports, options, what makes a step run again."""

import socket
from pathlib import Path

import pytest

from launch import browser
from launch.application import Address, web
from launch.commands.test import needs_browser
from launch.locks import Claim
from launch.options import parse_run
from launch.paths import REPOSITORY
from launch.pip_settings import uv_environment
from launch.ports import free_port, kept_port
from launch.stack import Stack
from launch.stamps import hash_of_files
from launch.steps import LaunchError


def test_uv_sees_what_pip_was_told() -> None:
    settings = {"index-url": "https://mirror/simple", "extra-index-url": "https://a\nhttps://b", "cert": "/c.pem"}
    environment = uv_environment(settings, {})
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror/simple"
    assert environment["UV_INDEX"] == "https://a https://b"
    assert environment["SSL_CERT_FILE"] == "/c.pem"


def test_what_the_machine_says_to_uv_itself_wins() -> None:
    environment = uv_environment({"index-url": "https://pip"}, {"UV_DEFAULT_INDEX": "https://uv"})
    assert environment["UV_DEFAULT_INDEX"] == "https://uv"


def test_locks_name_no_host_and_no_path() -> None:
    for lock in REPOSITORY.glob("requirements*.txt"):
        text = lock.read_text()
        assert "://" not in text, lock
        assert "--hash=sha256:" in text
        assert not [line for line in text.splitlines() if line.startswith(("-i ", "--index", "--find", "--extra"))]


def test_the_development_lock_contains_the_other() -> None:
    def pins(name: str) -> set[str]:
        lines = (REPOSITORY / name).read_text().splitlines()
        return {line.split(";")[0].strip(" \\") for line in lines if "==" in line and not line.startswith((" ", "#"))}

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_a_port_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    port = kept_port(file, "postgres")
    assert kept_port(file, "postgres") == port
    file.write_text("torn")
    assert kept_port(file, "postgres") in range(20_000, 32_000)


def test_only_one_takes_a_claim(tmp_path: Path) -> None:
    first, second = Claim(tmp_path / "x.lock"), Claim(tmp_path / "x.lock")
    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "x"], ["--port", "65536"], ["--unknown"]])
def test_bad_options_end_with_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_run(arguments)
    assert ended.value.code == 2


def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.touch()
    with pytest.raises(LaunchError, match="一起给出"):
        parse_run(["--tls-cert", str(certificate)])
    with pytest.raises(LaunchError, match="找不到证书"):
        parse_run(["--tls-cert", str(certificate), "--tls-key", str(tmp_path / "no.pem")])


def test_web_speaks_tls_with_a_certificate(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    address = Address(8443, "0.0.0.0", tmp_path / "cert.pem", tmp_path / "key.pem")
    assert address.url == "https://127.0.0.1:8443"
    assert "--ssl-certfile" in web(address).argv


def test_a_taken_port_and_a_foreign_address_are_told_apart() -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", 0))
        taker.listen()
        with pytest.raises(LaunchError, match="已被别的程序占用"):
            Address(taker.getsockname()[1]).check()
    with pytest.raises(LaunchError, match="没有地址"):
        Address(free_port(), "192.0.2.77").check()


def test_outside_servers_replace_the_embedded_ones(tmp_path: Path) -> None:
    stack = Stack(tmp_path, database_url="postgresql://a@b/c", redis_url="redis://d")
    assert stack.parts == ["web", "worker", "beat"]
    assert (stack.database_url, stack.owner_url, stack.redis_url) == (
        "postgresql://a@b/c",
        "postgresql://a@b/c",
        "redis://d",
    )


def test_a_stack_inside_a_stack_does_not_pass_for_the_outer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDKEEPER_STACK", "/outer")
    monkeypatch.setenv("GRIDKEEPER_DB_ROLE", "owner")
    environment = Stack(tmp_path, database_url="postgresql://a@b/c", redis_url="redis://d").environment()
    assert "GRIDKEEPER_STACK" not in environment
    assert "GRIDKEEPER_DB_ROLE" not in environment
    assert environment["GRIDKEEPER_DEMO"] == "0"


def test_a_hash_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    first = hash_of_files(tmp_path.iterdir(), tmp_path)
    (tmp_path / "a").touch()
    assert hash_of_files(tmp_path.iterdir(), tmp_path) == first
    (tmp_path / "a").rename(tmp_path / "b")
    assert hash_of_files(tmp_path.iterdir(), tmp_path) != first


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-k", "visit"], True),
        (["tests"], True),
        (["tests/conformance/test_upload.py"], True),
        (["tests/runtime"], False),
        (["tests/runtime/test_stack.py::test_x", "-q"], False),
        (["--lf"], True),
    ],
)
def test_only_tests_in_a_browser_need_one(arguments: list[str], expected: bool) -> None:
    assert needs_browser(arguments) is expected


def test_without_rights_the_line_to_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "missing", lambda: ["Chromium"])
    monkeypatch.setattr(browser, "_privilege", lambda: None)
    with pytest.raises(LaunchError, match="apt-get install -y chromium"):
        browser.ensure_browser()
