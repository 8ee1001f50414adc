"""What the stack in `var/` is: a demo or the real thing. `bin/run` decides, `bin/manage` follows."""

import json
import os
from pathlib import Path

from launch.paths import VAR

ACCOUNTS = (
    ("province", "省级"),
    ("prefecture", "市州级"),
    ("county", "县级"),
    ("town", "街道（乡镇）"),
    ("village", "村（社区）"),
    ("grid1", "网格员"),
    ("grid2", "网格员"),
    ("clinic", "卫生室／药店"),
    ("health", "卫健专班"),
    ("admin", "系统管理员"),
)


def password() -> str:
    return os.environ.get("DEMO_PASSWORD", "gridkeeper-demo")


def _file() -> Path:
    return VAR / "run" / "mode.json"


def remember(*, demo: bool, port: int) -> None:
    _file().parent.mkdir(parents=True, exist_ok=True)
    _file().write_text(json.dumps({"demo": demo, "port": port}))


def is_demo() -> bool:
    """False unless `bin/run` was last started with the demo: demo mode is off unless asked for."""
    return _mode() is True


def is_real() -> bool:
    """Whether `bin/run` was last started without the demo: what lies there was recorded by people."""
    return _mode() is False


def _mode() -> bool | None:
    try:
        return bool(json.loads(_file().read_text())["demo"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
