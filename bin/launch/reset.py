"""`--reset`: forget everything but what is installed."""

import shutil
from collections.abc import Collection
from pathlib import Path

from launch.paths import SYSTEM_HOME, VAR, Folder
from launch.postgres import Postgres
from launch.processes import marked, stop_all, working_in
from launch.steps import LaunchError, say
from launch.valkey import Valkey

#: Installed things and other stacks stay; data, keys, passwords, logs and files for higher levels go.
KEPT = {"venv", "tools", "stamps", "test", "bench", "simulate", "simulate-week"}


def reset(folder: Folder, *, keep: Collection[str] = ()) -> None:
    """Stop what an earlier run left, then delete. The caller holds the supervisor's lock: nothing is in use."""
    stop_all(list(marked(folder.root)))
    Postgres(folder).stop_leftovers()
    Valkey(folder).stop_leftovers()
    for entry in folder.root.iterdir():
        if entry.name in KEPT or entry.name in keep or entry == folder.run:
            continue
        _remove(entry)
    for entry in folder.run.iterdir():
        if entry.suffix != ".lock":
            _remove(entry)
    _clear_system_home(folder)


def _clear_system_home(folder: Folder) -> None:
    """Data outside the clone: this stack's, and with the site's own reset that of every other stack not running."""
    if not SYSTEM_HOME.exists():
        return
    for home in SYSTEM_HOME.glob("*/postgres"):
        others = folder.root == VAR and not any(working_in(home / "data", "postgres"))
        if home.parent == folder.system_home or others:
            say(f"  删除 {home.parent}")
            _remove(home.parent)
    if not any(SYSTEM_HOME.glob("*/postgres")):
        _remove(SYSTEM_HOME)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        raise LaunchError(f"无法删除 {path}（{error.strerror}）。请用创建它的用户运行。") from error
