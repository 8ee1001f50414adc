"""Backup and restore (备份与恢复): database, key ring and secret key in one file. See docs/backup.md.

The file is a tar of `manifest.json` (with the SHA-256 of every other member), `database.dump` (pg_dump's own format),
`keys/*` and `django.key`. It opens everything that is sealed: it is made 0600 and belongs in a safe.
"""

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from backend.core import keyring, signing
from backend.sync.history import history_remake

FORMAT = 1
DUMP = "database.dump"
DJANGO_KEY = "django.key"
MANIFEST = "manifest.json"


class BackupError(Exception):
    """Why a backup was not made or not restored, as a sentence for the operator."""


@dataclass(frozen=True)
class Manifest:
    """`members`: name in the archive → SHA-256 in hex."""

    made_at: str
    demo: bool
    history_id: str
    members: dict[str, str]

    def to_json(self) -> bytes:
        return json.dumps({"format": FORMAT, **self.__dict__}, ensure_ascii=False, indent=1).encode()


# --- making ---------------------------------------------------------------------------------------------------------


def backup_make(*, target: Path, history_id: str) -> Manifest:
    """Write everything into `target`, which must not exist. Raises `BackupError`; then there is no such file."""
    if target.exists():
        raise BackupError(f"文件已存在：{target}")
    keyring.ensure_keys()
    with tempfile.TemporaryDirectory(dir=_own_folder()) as folder:
        dump = Path(folder) / DUMP
        _run_tool("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={dump}", _database()])
        members = {DUMP: dump} | {f"keys/{key.name}": key for key in _key_files()}
        secret = Path(folder) / DJANGO_KEY
        _write_private(secret, settings.SECRET_KEY.encode())
        members[DJANGO_KEY] = secret
        manifest = Manifest(
            made_at=timezone.now().isoformat(timespec="seconds"),
            demo=settings.DEMO_MODE,
            history_id=history_id,
            members={name: _digest(path) for name, path in members.items()},
        )
        draft = Path(folder) / "backup.tar"
        _write_private(draft, b"")
        with tarfile.open(draft, "w") as archive:
            text = manifest.to_json()
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
            for name, path in members.items():
                archive.add(path, arcname=name, recursive=False, filter=_anonymous)
        _move_private(draft, target)
    return manifest


# --- restoring ------------------------------------------------------------------------------------------------------


def backup_restore(*, source: Path, replace: bool = False) -> Manifest:
    """Restore `source` into an empty database and make a new history id, so that every phone starts its copy over.

    Nothing is touched before the whole file has proved sound, the database empty, and the keys here absent or the same.
    With `replace` a database in use by nobody is emptied first; what was there is backed up beside the other backups,
    and its keys are set aside.
    """
    with tempfile.TemporaryDirectory(dir=_own_folder()) as name:
        folder = Path(name)
        manifest = _unpack(source, folder)
        keys = sorted((folder / "keys").iterdir())
        if not _is_empty():
            if not replace:
                raise BackupError("数据库里已经有表：只能恢复到空数据库。确要替换现有数据，请加 --replace。")
            _set_aside()
        _check_keys(keys)
        connections.close_all()
        _run_tool(
            "pg_restore",
            [
                *("--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--single-transaction"),
                *(f"--dbname={_database()}", str(folder / DUMP)),
            ],
        )
        for key in keys:
            _place(key, settings.KEY_FOLDER / key.name)
        _place(folder / DJANGO_KEY, settings.VAR / "secrets" / DJANGO_KEY)
    keyring.forget_keys()
    signing.forget_keys()
    call_command("prepare", verbosity=0)
    history_remake()
    return manifest


def read_manifest(archive: tarfile.TarFile) -> Manifest:
    """Raises `BackupError` when the archive is not one of ours."""
    try:
        document = json.load(_member(archive, MANIFEST))
        version = document.pop("format")
        manifest = Manifest(**document)
    except (KeyError, ValueError, TypeError) as error:
        raise BackupError("这不是网格守望的备份文件，或文件已损坏。") from error
    if version != FORMAT:
        raise BackupError(f"备份文件的格式是 {version}，本程序只认 {FORMAT}：请用做备份的那个版本恢复。")
    return manifest


def _unpack(source: Path, folder: Path) -> Manifest:
    """Members named in the manifest, checked by digest, into `folder`. Nothing else in the archive is looked at."""
    try:
        with tarfile.open(source) as archive:
            manifest = read_manifest(archive)
            if DUMP not in manifest.members or DJANGO_KEY not in manifest.members:
                raise BackupError("备份文件不完整。")
            (folder / "keys").mkdir(mode=0o700)
            for name in manifest.members:
                _check_name(name)
            for name, expected in manifest.members.items():
                path = folder / name
                with _member(archive, name) as content, _create_private(path) as copy:
                    shutil.copyfileobj(content, copy)
                if _digest(path) != expected:
                    raise BackupError(f"备份文件已损坏：{name} 的校验值不符。")
    except (OSError, tarfile.TarError, KeyError, EOFError) as error:
        raise BackupError(f"读不出备份文件：{source}（{error}）") from error
    return manifest


def _check_name(name: str) -> None:
    """`database.dump`, `django.key` or `keys/<file>`; anything else would write where it should not."""
    folder, slash, file = name.rpartition("/")
    if name in {DUMP, DJANGO_KEY} or (slash and folder == "keys" and Path(file).suffix == ".key" and file[0] != "."):
        return
    raise BackupError(f"备份文件里有不认识的内容：{name}")


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    if content is None:
        raise KeyError(name)
    return content


def _is_empty() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S', 'v', 'm'))"
        )
        return bool(cursor.fetchone()[0])


def _set_aside() -> None:
    """Back up what is here, then empty the database and move the keys away. Refused while anybody else is connected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        if cursor.fetchone()[0]:
            raise BackupError("还有程序连着这个数据库：请先停止 bin/run（或各项服务），再恢复。")
    now = timezone.localtime()
    backup_make(target=backup_folder() / f"before-restore-{now:%Y%m%d-%H%M%S}.backup", history_id="")
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
        cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    keys = Path(settings.KEY_FOLDER)
    keys.rename(keys.with_name(f"{keys.name}.before-{now:%Y%m%d-%H%M%S}"))


def _check_keys(keys: list[Path]) -> None:
    for key in keys:
        here = settings.KEY_FOLDER / key.name
        if here.exists() and here.read_bytes() != key.read_bytes():
            raise BackupError(
                f"{here} 已存在，且与备份里的密钥不同。请先把 {settings.KEY_FOLDER} 移到别处妥善保管，再恢复。"
            )


# --- files and tools ------------------------------------------------------------------------------------------------


def _own_folder() -> Path:
    """Scratch space beside the data: a shared /tmp may be small, and is not private enough for a whole database."""
    folder = Path(settings.VAR) / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _key_files() -> list[Path]:
    return sorted(path for path in Path(settings.KEY_FOLDER).iterdir() if path.suffix == ".key" and path.name[0] != ".")


def _create_private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write_private(path: Path, content: bytes) -> None:
    with _create_private(path) as file:
        file.write(content)


def _move_private(draft: Path, target: Path) -> None:
    """Appear whole or not at all, also on another file system."""
    near = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("rb") as content, _create_private(near) as copy:
            shutil.copyfileobj(content, copy)
            copy.flush()
            os.fsync(copy.fileno())
        os.link(near, target)
    except OSError as error:
        raise BackupError(f"写不进 {target}（{error.strerror}）。") from error
    finally:
        near.unlink(missing_ok=True)


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    _write_private(draft, source.read_bytes())
    draft.replace(target)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry


def _database() -> str:
    return str(connection.settings_dict["NAME"])


def _run_tool(name: str, arguments: list[str]) -> None:
    """pg_dump or pg_restore beside the embedded server, else the machine's own. Passwords travel in the environment."""
    beside = Path(os.environ.get("GRIDKEEPER_PG_BIN", "/nonexistent")) / name
    program = str(beside) if beside.exists() else shutil.which(name)
    if program is None:
        raise BackupError(f"找不到 {name}：请安装 PostgreSQL 客户端（Debian/Ubuntu：apt install postgresql-client）。")
    done = subprocess.run(
        [program, *arguments], env=_tool_environment(), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise BackupError(f"{name} 没有成功：{done.stderr.strip()[-500:]}")


def _tool_environment() -> dict[str, str]:
    given: dict[str, Any] = connection.settings_dict
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
    return os.environ | {variable: str(given[key]) for key, variable in names.items() if given.get(key)}


def backup_folder() -> Path:
    """Where backups go that were given no name."""
    folder = Path(settings.VAR) / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def default_name(now: dt.datetime) -> str:
    return f"gridkeeper-{now:%Y%m%d-%H%M%S}.backup"
