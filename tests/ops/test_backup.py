"""Backup and restore between two clusters: data, keys, secret key, and another history (backend/ops/backup.py)."""

import io
import shutil
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.ops.backup import BackupError, Manifest, backup_make, backup_restore
from launch.paths import VAR
from launch.stack import Stack
from launch.steps import LaunchError

pytestmark = pytest.mark.alone

WRITE = """
from backend.core import keyring
from backend.regions.models import Region
Region.objects.create(code="22", name="吉林省", level=1)
print("SEALED", keyring.seal("张三", row=1, column="name").hex())
"""
READ = """
from django.conf import settings
from backend.core import keyring
from backend.regions.models import Region
from backend.sync.history import current_history
print("NAME", Region.objects.get().name)
print("PLAIN", keyring.unseal(bytes.fromhex("{sealed}"), row=1, column="name"))
print("SECRET", settings.SECRET_KEY)
print("HISTORY", current_history())
"""


@pytest.fixture(autouse=True)
def own_folders() -> None:
    """In place of the fixture of the same name: these stacks have folders of their own."""


@pytest.fixture
def here(settings: Any, tmp_path: Path) -> Path:
    """A fresh place to restore into."""
    settings.VAR = tmp_path / "var"
    settings.KEY_FOLDER = settings.VAR / "keys"
    return tmp_path / "var"


@pytest.fixture(scope="module")
def make_stack() -> Iterator[Callable[[str], Stack]]:
    made: list[Stack] = []

    def make(name: str) -> Stack:
        root = VAR / "test" / f"backup-{name}"
        shutil.rmtree(root, ignore_errors=True)
        stack = Stack(root, services=(), durable=False)
        made.append(stack)
        stack.start_servers()
        return stack

    yield make
    for stack in made:
        stack.stop_servers()
        shutil.rmtree(stack.folder.root, ignore_errors=True)
        shutil.rmtree(stack.folder.system_home, ignore_errors=True)


@pytest.fixture(scope="module")
def source(make_stack: Callable[[str], Stack]) -> Stack:
    stack = make_stack("source")
    stack.prepare()
    return stack


@pytest.fixture(scope="module")
def sealed(source: Stack) -> str:
    return said(source.manage("shell", "-c", WRITE))["SEALED"]


@pytest.fixture(scope="module")
def file(source: Stack, sealed: str) -> Path:
    path = source.folder.root / "one.backup"
    source.manage("backup", str(path), owner=True)
    return path


def said(output: str) -> dict[str, str]:
    words = [line.split(" ", 1) for line in output.splitlines()]
    return {pair[0]: pair[1] for pair in words if len(pair) == 2 and pair[0].isupper()}


def read(stack: Stack, sealed: str) -> dict[str, str]:
    return said(stack.manage("shell", "-c", READ.format(sealed=sealed)))


def test_a_backup_is_one_private_file(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        names = archive.getnames()
    assert names == ["manifest.json", "database.dump", "keys/index.key", "keys/seal-1.key", "django.key"]


def test_a_restored_cluster_has_everything_and_another_history(
    source: Stack, sealed: str, file: Path, make_stack: Callable[[str], Stack]
) -> None:
    before = read(source, sealed)
    target = make_stack("target")
    target.manage("restore", str(file), owner=True)
    after = read(target, sealed)
    assert after["NAME"] == "吉林省"
    assert after["PLAIN"] == "张三"
    assert after["SECRET"] == before["SECRET"]
    assert after["HISTORY"] != before["HISTORY"]
    # The application's role has its rights again, and no more than those.
    with pytest.raises(LaunchError) as refused:
        target.manage("shell", "-c", "from backend.audit.models import AuditEntry; AuditEntry.objects.all().delete()")
    assert refused.value.log is not None
    assert "permission denied" in refused.value.log.read_text()


def test_replacing_keeps_a_backup_of_what_was_there(source: Stack, sealed: str, file: Path) -> None:
    """With somebody connected it is refused; alone, what was written after the backup is gone, and kept in a file."""
    with psycopg.connect(source.database_url), pytest.raises(LaunchError) as refused:
        source.manage("restore", "--replace", str(file), owner=True)
    assert refused.value.log is not None
    assert "还有程序连着这个数据库" in refused.value.log.read_text()
    source.manage("shell", "-c", "from backend.regions.models import Region; Region.objects.update(name='改')")
    source.manage("restore", "--replace", str(file), owner=True)
    after = read(source, sealed)
    assert (after["NAME"], after["PLAIN"]) == ("吉林省", "张三")
    assert len(list(source.folder.root.glob("backups/before-restore-*.backup"))) == 1
    assert len(list(source.folder.root.glob("keys.before-*/seal-1.key"))) == 1


def test_only_an_empty_database_takes_a_backup(file: Path, db: None, here: Path) -> None:
    with pytest.raises(BackupError, match="只能恢复到空数据库"):
        backup_restore(source=file)
    assert list(here.glob("keys/*")) == []


def test_a_damaged_file_is_refused_before_anything_is_touched(file: Path, here: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.backup"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(content)
    with pytest.raises(BackupError, match="校验值不符"):
        backup_restore(source=damaged)
    for path in (Path(__file__), tmp_path / "absent.backup"):
        with pytest.raises(BackupError, match="读不出备份文件"):
            backup_restore(source=path)
    assert list(here.glob("keys/*")) == []


def test_an_archive_that_reaches_outside_is_refused(here: Path, tmp_path: Path) -> None:
    names = {"database.dump": "0", "django.key": "0", "keys/../../x.key": "0"}
    text = Manifest(made_at="", demo=False, history_id="", members=names).to_json()
    forged = tmp_path / "forged.backup"
    with tarfile.open(forged, "w") as archive:
        for name, content in {"manifest.json": text, **dict.fromkeys(names, b"")}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    with pytest.raises(BackupError, match="不认识的内容"):
        backup_restore(source=forged)


def test_an_existing_file_is_not_overwritten(file: Path) -> None:
    content = file.read_bytes()
    with pytest.raises(BackupError, match="已存在"):
        backup_make(target=file, history_id="")
    assert file.read_bytes() == content
