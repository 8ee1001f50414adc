"""`bin/run`: from a clone to a running Gridkeeper; stays in the foreground as the supervisor until Ctrl-C."""

import os
import sys

from launch import demo
from launch.application import Address
from launch.environment import check_writable, ensure_environment
from launch.locks import Claim
from launch.options import RunOptions, parse_run
from launch.paths import VAR, Folder
from launch.prepared import prepare_once, seed_once
from launch.pwa import ensure_pwa
from launch.reset import reset
from launch.signals import undisturbed
from launch.stack import Stack, lan_addresses
from launch.steps import LaunchError, say, step
from launch.supervisor import Supervisor

REAL_DATA = "这里存的是正式数据。--reset 会删除数据库、密钥和全部记录，无法恢复。"


def main(argv: list[str]) -> int:
    options = parse_run(argv)
    check_writable()
    folder = Folder(VAR)
    folder.make()
    only_one = Claim(folder.run / "supervisor.lock")
    if not only_one.take():
        raise LaunchError("网格守望已经在运行（另一个 bin/run）。要重新启动，请先在那个窗口按 Ctrl-C。")
    if options.reset:
        _agree_to_reset(options)
    ensure_environment()
    if options.reset:
        with step("清除旧数据"):
            # In a database of somebody else's, which stays, the keys are what opens people's names and numbers.
            reset(folder, keep={"keys"} if os.environ.get("DATABASE_URL") else ())
            folder.make()
    ensure_pwa()
    stack = make_stack(options.address, is_demo=options.demo)
    demo.remember(demo=options.demo, port=options.address.port)
    try:
        _start(stack, options)
        supervisor = Supervisor(stack)
        supervisor.listen()
        _greet(options)
        supervisor.run()
        say()
    finally:
        with undisturbed(), step("正在停止"):
            stack.stop()
    return 0


def make_stack(address: Address, *, is_demo: bool, services: tuple[str, ...] = ("web", "worker", "beat")) -> Stack:
    """The stack in `var/`, with the servers that the environment names in place of the embedded ones."""
    return Stack(
        VAR,
        address=address,
        demo=is_demo,
        services=services,
        database_url=os.environ.get("DATABASE_URL"),
        owner_url=os.environ.get("DATABASE_OWNER_URL"),
        redis_url=os.environ.get("REDIS_URL"),
    )


def _agree_to_reset(options: RunOptions) -> None:
    """LaunchError unless it is agreed that what people recorded may be deleted. A demo may always be."""
    if os.environ.get("DATABASE_URL"):
        say("注意：DATABASE_URL 指定的数据库不会被清除，解开它的密钥（var/keys）也会保留。")
        return
    if options.yes or not demo.is_real():
        return
    if not sys.stdin.isatty():
        raise LaunchError(f"{REAL_DATA}确定要删除，请再加 --yes。")
    say(REAL_DATA)
    if input("确定要删除，请输入 yes 后按回车：").strip().lower() != "yes":
        raise LaunchError("没有删除任何东西。")


def _start(stack: Stack, options: RunOptions) -> None:
    stack.clear_services()
    options.address.check()
    with step("启动数据库和消息服务"):
        stack.start_servers()
    with step("更新数据库结构和基础数据"):
        prepare_once(stack)
    if options.demo:
        with step("装入演示数据（首次约一分钟）"):
            seed_once(stack)
    with step("启动网页、后台任务和定时任务"):
        stack.start_services()


def _greet(options: RunOptions) -> None:
    address = options.address
    say()
    say(f"网格守望已就绪： {address.scheme}://localhost:{address.port}/        手机端")
    say(f"                 {address.scheme}://localhost:{address.port}/admin/  管理端")
    if address.is_everywhere:
        for host in lan_addresses():
            say(f"  局域网：       {address.scheme}://{host}:{address.port}/")
    elif address.local_host != "127.0.0.1":
        say(f"                 {address.url}/")
    if options.demo:
        say(f"演示账号（密码均为 {demo.password()}）：")
        say("  " + "  ".join(f"{name} {role}" for name, role in demo.ACCOUNTS[:5]))
        say("  " + "  ".join(f"{name} {role}" for name, role in demo.ACCOUNTS[5:]))
    if address.host not in {"127.0.0.1", "localhost", "::1"}:
        _warn_about_network(options)
    say("按 Ctrl-C 停止。")


def _warn_about_network(options: RunOptions) -> None:
    if not options.address.certificate:
        say("注意：没有证书时，别的手机打开的是普通 HTTP，浏览器不允许离线启动、安装到桌面和使用摄像头，")
        say("      内容也不加密。请加 --tls-cert 和 --tls-key，或见 docs/deploy.md（Caddy、adb reverse）。")
    if options.demo:
        say("注意：演示账号的密码是公开的，同一网络里的人都能登录。")
