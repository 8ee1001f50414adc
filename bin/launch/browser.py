"""Chromium and a Chinese font for the tests in a browser: the distribution's, installed when we may, never skipped."""

import os
import shutil
import subprocess
from pathlib import Path

from launch.steps import LaunchError, step

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk", "fontconfig")
BY_HAND = f"apt-get update && apt-get install -y {' '.join(PACKAGES)}"


def ensure_browser() -> Path:
    """The program's path. Installs what is missing as root or through `sudo -n`, else says the one line to run."""
    if missing():
        prefix = _privilege()
        if prefix is None or shutil.which("apt-get") is None:
            raise LaunchError(f"浏览器测试缺少 {'、'.join(missing())}。请以 root 运行这一行，然后重试：\n    {BY_HAND}")
        with step("安装 Chromium 和中文字体"):
            _install(prefix)
        if missing():
            raise LaunchError(f"没能装上 {'、'.join(missing())}。请以 root 运行这一行，然后重试：\n    {BY_HAND}")
    program = _program()
    assert program is not None
    return program


def missing() -> list[str]:
    return [
        *([] if _program() else ["Chromium"]),
        *([] if _has_chinese_font() else ["中文字体"]),
    ]


def _program() -> Path | None:
    found = (shutil.which(name) for name in (os.environ.get("GRIDKEEPER_CHROMIUM", ""), *PROGRAMS) if name)
    return next((Path(path) for path in found if path), None)


def _has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def _privilege() -> list[str] | None:
    """[] as root, `sudo -n` where it asks for no password, None otherwise."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def _install(prefix: list[str]) -> None:
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        subprocess.run(
            [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
