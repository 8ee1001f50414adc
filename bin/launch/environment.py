"""The Python environment under `var/venv`: made once, synchronised with the hash-pinned lock when that changes.

uv installs in seconds what takes pip a minute; it is itself pinned by hash, lives in `var/tools/uv` outside the
environment (`uv pip sync` removes what the lock does not name), and where it fails pip does the same work slowly.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launch.paths import PYTHON, REPOSITORY, STAMPS, TOOLS, VAR, VENV
from launch.pip_settings import read_pip_settings, uv_environment
from launch.stamps import drop_stamp, hash_of_text, is_fresh, is_stamped, write_stamp
from launch.steps import LaunchError, say, step

RUN_LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"
UV = TOOLS / "uv" / "bin" / "uv"


def ensure_environment(*, dev: bool = False) -> None:
    """Make `var/venv` hold what the lock names. The development lock contains the other, so it serves `bin/run` too."""
    check_writable()
    with installing():
        # A developer's environment stays one: `bin/run` beside `bin/test` must not take the test tools away.
        wanted = DEV_LOCK if dev or (VENV / "bin" / "pytest").exists() else RUN_LOCK
        if _is_installed(wanted):
            return
        # Without a stamp an earlier installation was broken off, or its result found damaged: uv would not notice.
        if not is_stamped("environment") or not _works(PYTHON):
            with step("创建 Python 环境"):
                _make_venv()
        with step("安装依赖（按哈希锁定）"):
            drop_stamp("environment")
            _synchronise(REPOSITORY / wanted)
            write_stamp("environment", _stamp(wanted))


def check_writable() -> None:
    try:
        VAR.mkdir(exist_ok=True)
        STAMPS.mkdir(exist_ok=True)
    except OSError as error:
        raise LaunchError(f"无法写入 {VAR}（{error.strerror}）。请用拥有该目录的用户运行，或先改目录归属。") from error
    if not os.access(VAR, os.W_OK) or not os.access(STAMPS, os.W_OK):
        raise LaunchError(f"当前用户不能写入 {VAR}：它可能由另一个用户创建。请用那个用户运行，或先改目录归属。")


@contextmanager
def installing() -> Iterator[None]:
    """One installation at a time: `bin/test` beside `bin/run` waits instead of tearing the environment apart."""
    with (STAMPS / "install.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def install_target(lock: Path, target: Path, log: Path) -> None:
    """Install one pinned tool into a folder of its own with pip, which every venv has."""
    shutil.rmtree(target, ignore_errors=True)
    _run_pip(["install", "--require-hashes", "--no-deps", "--target", str(target), "-r", str(lock)], log)


def install_log() -> Path:
    path = VAR / "logs" / "install.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def damage_in(output: str) -> LaunchError | None:
    """The failure to report when this output of one of our programs says that a package is missing; else None."""
    if "ModuleNotFoundError" not in output and "ImportError" not in output:
        return None
    drop_stamp("environment")
    return LaunchError("Python 环境不完整（有软件包缺失或损坏）。再运行一次就会重新安装。")


def _stamp(lock: str) -> str:
    """The path belongs in it: scripts in a venv name their interpreter, so a clone that moved is installed anew."""
    version = ".".join(map(str, sys.version_info[:3]))
    return hash_of_text(lock, (REPOSITORY / lock).read_text(), str(REPOSITORY), version)


def _is_installed(lock: str) -> bool:
    return is_fresh("environment", _stamp(lock)) and PYTHON.exists()


def _works(python: Path) -> bool:
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11) or sys.prefix != sys.argv[1])"
    try:
        return subprocess.run([str(python), "-c", check, str(VENV)], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise LaunchError(
            "无法创建 Python 环境：这台机器的 Python 缺少 venv。Debian/Ubuntu 请运行 apt install python3-venv 后再试。"
            f"（{(made.stdout + made.stderr).strip()[-300:]}）"
        )


def _synchronise(lock: Path) -> None:
    log = install_log()
    bootstrap = REPOSITORY / "requirements-bootstrap.txt"
    stamp = hash_of_text(bootstrap.read_text())
    if not (UV.exists() and is_fresh("uv", stamp)):
        install_target(bootstrap, TOOLS / "uv", log)
        write_stamp("uv", stamp)
    command = [str(UV), "pip", "sync", "--require-hashes", "--python", str(PYTHON), str(lock)]
    with log.open("a") as output:
        try:
            done = subprocess.run(
                command,
                cwd=REPOSITORY,
                env=uv_environment(read_pip_settings(PYTHON)),
                stdout=output,
                stderr=output,
                check=False,
            )
            installed = done.returncode == 0
        except OSError as error:
            output.write(f"uv: {error}\n")
            installed = False
    if not installed:
        say("  uv 未能完成，改用 pip（较慢）")
        # A damaged download in a cache is one reason to be here: fetch anew.
        _run_pip(["install", "--require-hashes", "--no-deps", "--no-cache-dir", "-r", str(lock)], log)


def _run_pip(arguments: list[str], log: Path) -> None:
    # PIP_USER from the machine's settings contradicts --target and a venv alike.
    environment = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    with log.open("a") as output:
        done = subprocess.run(
            [str(PYTHON), "-m", "pip", *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode != 0:
        raise LaunchError("依赖没有装上：请检查网络、代理或 pip 镜像设置（pip config list），然后再运行一次。", log=log)
