"""The phone app: `npm ci` when its lock changed, `npm run build` when its sources changed, else nothing."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from launch.node import Node, ensure_node
from launch.paths import PWA, VAR
from launch.stamps import drop_stamp, hash_of_files, hash_of_text, is_fresh, write_stamp
from launch.steps import LaunchError, step

#: What a build writes or never reads.
NOT_SOURCE = {"node_modules", "dist", "dev-dist", "coverage", "tests", "test-results"}


def ensure_pwa() -> None:
    """Build `pwa/dist` when it is missing or older than its sources; Node is not even looked for when it is not."""
    stamp = _source_hash()
    if is_fresh("pwa-build", stamp) and (PWA / "dist" / "index.html").exists():
        return
    node = ensure_packages()
    with step("构建手机端（PWA）"):
        drop_stamp("pwa-build")
        run_npm(node, "run", "build")
        write_stamp("pwa-build", stamp)


def ensure_packages() -> Node:
    """`pwa/node_modules` as package-lock.json says."""
    node = ensure_node()
    lock = PWA / "package-lock.json"
    stamp = hash_of_text(lock.read_text(), (PWA / "package.json").read_text(), node.version.split(".")[0], str(PWA))
    if is_fresh("pwa-packages", stamp) and (PWA / "node_modules").is_dir():
        return node
    with step("安装手机端的依赖（npm ci）"):
        drop_stamp("pwa-packages")
        shutil.rmtree(PWA / "node_modules", ignore_errors=True)
        run_npm(node, "ci", "--no-audit", "--no-fund")
        write_stamp("pwa-packages", stamp)
    return node


def run_npm(node: Node, *arguments: str, log: Path | None = None) -> None:
    """Run npm in `pwa/`, output into the log; a failure says which call and shows the log's end."""
    log = log or VAR / "logs" / "pwa.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        done = subprocess.run(
            [*node.npm, *arguments], cwd=PWA, env=node.environment(), stdout=output, stderr=output, check=False
        )
    if done.returncode != 0:
        raise LaunchError(f"手机端没有完成：npm {' '.join(arguments)} 失败。", log=log)


def _source_hash() -> str:
    return hash_of_files(_sources(PWA), PWA)


def _sources(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name in NOT_SOURCE or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.is_file():
            yield entry
