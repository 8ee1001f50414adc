"""`bin/test`: sets up and runs every check and test; with arguments, pytest alone with these arguments."""

from pathlib import Path

from launch.browser import ensure_browser
from launch.checks import (
    Outcome,
    on_a_database,
    on_a_stack,
    one_after_the_other,
    pwa_checks,
    python_checks,
    run_checks,
    run_pytest,
)
from launch.environment import ensure_environment
from launch.locks import Claim
from launch.paths import REPOSITORY, VAR, Folder
from launch.pwa import ensure_packages, ensure_pwa
from launch.stack import Stack
from launch.steps import LaunchError, say, step

FOLDER = VAR / "test"
#: Folders of tests that drive a browser.
IN_A_BROWSER = tuple(REPOSITORY / "tests" / name for name in ("e2e", "conformance", "faults"))


def main(argv: list[str]) -> int:
    ensure_environment(dev=True)
    folder = Folder(FOLDER)
    folder.make()
    only_one = Claim(folder.run / "test.lock")
    if not only_one.take():
        raise LaunchError("另一个 bin/test 正在运行：请等它结束。")
    stack = make_stack()
    try:
        return _pytest_alone(stack, argv) if argv else _everything(stack)
    finally:
        stack.stop_servers()


def make_stack() -> Stack:
    """PostgreSQL and Valkey of the tests' own, whatever DATABASE_URL says; nothing in them need survive a power cut."""
    return Stack(FOLDER, demo=True, services=(), durable=False, create_databases=True)


def _pytest_alone(stack: Stack, argv: list[str]) -> int:
    environment: dict[str, str] = {}
    if needs_browser(argv):
        environment["GRIDKEEPER_CHROMIUM"] = str(ensure_browser())
        ensure_pwa()
    stack.start_servers()
    outcome = run_pytest("pytest", argv, stack.environment(owner=True) | environment)
    return 0 if outcome.passed else 1


def _everything(stack: Stack) -> int:
    chromium = ensure_browser()
    node = ensure_packages()
    with step("启动测试用的数据库和消息服务"):
        stack.start_servers()
    environment = stack.environment(owner=True) | {"GRIDKEEPER_CHROMIUM": str(chromium)}
    outcomes = run_checks(python_checks(environment), pwa_checks(node))
    outcomes.append(_build())
    say("▸ pytest：只用数据库的测试，并行")
    outcomes.append(run_pytest("pytest 数据库", on_a_database(), environment))
    say("▸ pytest：用真实服务和浏览器的测试，两路并行")
    outcomes.append(run_pytest("pytest 真实环境", on_a_stack(), environment))
    say("▸ pytest：须独占机器的测试，逐个")
    outcomes.append(run_pytest("pytest 逐个", one_after_the_other(), environment))
    return _summary(outcomes)


def _build() -> Outcome:
    try:
        ensure_pwa()
    except LaunchError as failure:
        say(f"✗ {failure.sentence}（{failure.log}）")
        return Outcome("pwa build", passed=False, seconds=0)
    return Outcome("pwa build", passed=True, seconds=0)


def needs_browser(argv: list[str]) -> bool:
    """Whether these pytest arguments may reach the tests in a browser: no path named, or one that holds them."""
    paths = [Path(a.partition("::")[0]) for a in argv if not a.startswith("-")]
    paths = [(REPOSITORY / path).resolve() for path in paths if (REPOSITORY / path).exists()]
    return not paths or any(
        path in (folder, *folder.parents) or folder in path.parents for path in paths for folder in IN_A_BROWSER
    )


def _summary(outcomes: list[Outcome]) -> int:
    say()
    say("结果")
    for outcome in outcomes:
        say(f"  {'✓' if outcome.passed else '✗'} {outcome.name:<18} {outcome.seconds:6.1f} 秒")
    failed = [outcome.name for outcome in outcomes if not outcome.passed]
    say(f"✗ 未通过：{'、'.join(failed)}" if failed else "✓ 全部通过")
    for outcome in outcomes:
        if outcome.note:
            say(f"{outcome.name}：{outcome.note.strip('= ')}")
    return 1 if failed else 0
