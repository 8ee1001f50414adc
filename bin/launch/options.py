"""Command line of `bin/run`."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from launch.application import Address


@dataclass(frozen=True)
class RunOptions:
    address: Address
    reset: bool
    demo: bool
    #: Asked nothing, even where `reset` would delete what people recorded.
    yes: bool = False


def parse_run(argv: list[str]) -> RunOptions:
    parser = argparse.ArgumentParser(prog="bin/run", description="安装、构建并启动网格守望（演示数据默认装入）。")
    parser.add_argument("--port", type=_port, default=8000, help="网页端口，默认 8000")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认只限本机；0.0.0.0 为局域网开放")
    parser.add_argument("--tls-cert", type=Path, help="TLS 证书文件（PEM），与 --tls-key 一起用")
    parser.add_argument("--tls-key", type=Path, help="TLS 私钥文件（PEM）")
    parser.add_argument("--reset", action="store_true", help="先删除内置数据库、密钥和日志，从头开始")
    parser.add_argument("--yes", action="store_true", help="与 --reset 一起用：正式数据也不再询问，直接删除")
    parser.add_argument("--no-demo", action="store_true", help="不装演示数据，关闭演示模式")
    given = parser.parse_args(argv)
    address = Address(given.port, given.host, _resolved(given.tls_cert), _resolved(given.tls_key))
    return RunOptions(address, given.reset, not given.no_demo, given.yes)


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError("端口应是 1 到 65535 的整数")
    return port


def _resolved(path: Path | None) -> Path | None:
    return path.resolve() if path else None
