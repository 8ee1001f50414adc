"""Loading policy packs: the only writer. A pack is loaded whole or refused whole. See docs/policies.md."""

import hashlib
import tomllib
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from backend.audit.services import audit_record
from backend.core.errors import ApiError, ErrorCode
from backend.policies.models import PolicyPack, PolicyRule
from backend.policies.rules import PackDraft, PackProblem, read_pack
from backend.policies.selectors import forget_rules


@dataclass(frozen=True)
class Loaded:
    """What came of a file: the pack, and whether it was new (False: the same content was in force already)."""

    pack: PolicyPack
    new: bool


def pack_load(*, content: bytes, actor: Any | None) -> Loaded:
    """Put the pack in `content` (TOML) in force in place of the one of the same name.

    The same content again changes nothing. Rules of the pack before are kept, out of force, for the decisions that name
    them. Raises BAD_PACK with `detail={"problems": [sentence, …]}`; then nothing has changed.
    """
    checksum = hashlib.sha256(content).hexdigest()
    try:
        data = tomllib.loads(content.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _refused([PackProblem("文件", f"不是有效的 TOML（{error}）")]) from error
    draft = read_pack(data)
    if isinstance(draft, list):
        raise _refused(draft)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('policies.pack_load'))")
        old = PolicyPack.objects.filter(name=draft.name, replaced_at=None).first()
        if old is not None and old.checksum == checksum:
            return Loaded(old, new=False)
        if problems := _problems_beside_others(draft):
            raise _refused(problems)
        pack = _store(draft, checksum, old, actor)
    transaction.on_commit(forget_rules)
    forget_rules()
    return Loaded(pack, new=True)


def _store(draft: PackDraft, checksum: str, old: PolicyPack | None, actor: Any | None) -> PolicyPack:
    now = timezone.now()
    if old is not None:
        PolicyPack.objects.filter(pk=old.pk).update(replaced_at=now)
        PolicyRule.objects.filter(pack=old).update(in_force=False)
    pack = PolicyPack.objects.create(
        name=draft.name,
        title=draft.title,
        version=draft.version,
        region_code=draft.region,
        checksum=checksum,
        loaded_at=now,
        loaded_by_id=getattr(actor, "pk", None),
    )
    PolicyRule.objects.bulk_create(
        PolicyRule(
            pack=pack,
            region_code=draft.region,
            key=rule.key,
            value=rule.value,
            unit=rule.unit,
            valid_from=rule.valid_from,
            valid_to=rule.valid_to,
            duty=rule.duty,
            document=rule.document,
            dated=rule.dated,
            clause=rule.clause,
            note=rule.note,
            version=rule.version,
        )
        for rule in draft.rules
    )
    audit_record(
        actor=actor,
        action="policy_load",
        target_kind="policy_pack",
        target_id=draft.name,
        region=draft.region,
        detail={"version": draft.version, "rules": len(draft.rules), "replaces": old.version if old else None},
    )
    return pack


def _problems_beside_others(draft: PackDraft) -> list[PackProblem]:
    """A version already used for other content, and rules that another pack of the same region already states."""
    problems = []
    if PolicyPack.objects.filter(name=draft.name, version=draft.version).exists():
        problems.append(PackProblem("pack.version", f"{draft.version} 已载入过不同内容，请改用新的版本号"))
    others = PolicyRule.objects.filter(in_force=True, region_code=draft.region).exclude(pack__name=draft.name)
    terms: dict[str, list[PolicyRule]] = {}
    for other in others.select_related("pack"):
        terms.setdefault(other.key, []).append(other)
    for rule in draft.rules:
        for other in terms.get(rule.key, ()):
            ends_before = rule.valid_to is not None and rule.valid_to < other.valid_from
            if not ends_before and (other.valid_to is None or rule.valid_from <= other.valid_to):
                problems.append(PackProblem(rule.key, f"日期与政策包 {other.pack.name} 重叠"))
    return problems


def _refused(problems: list[PackProblem]) -> ApiError:
    return ApiError(ErrorCode.BAD_PACK, detail={"problems": [str(problem) for problem in problems]})
