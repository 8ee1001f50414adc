"""Invented people: names by chance, identity numbers of an area that does not exist, phones no network has assigned."""

import datetime as dt
import uuid
from random import Random

from backend.residents.rules import DEMO_PHONE_PREFIX, check_digit

#: No province has the code 99, so no person has such a number.
AREA = "990101"

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文朴"
)
_GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂香玉梅凤云海山林春雪冬晨阳宇轩涵欣怡梓彤浩博文思远佳"
    "慧琳瑞祥福禄宝珍淑贤德忠义仁礼智信国栋建华志成永昌庆丰"
)


def person_name(chance: Random) -> str:
    """A surname and one or two characters."""
    return chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2, 2))))


def phone_number(chance: Random) -> str:
    """Eleven digits that pass in demo mode only."""
    return f"{DEMO_PHONE_PREFIX}{chance.randrange(10**8):08d}"


def identity_number(chance: Random, *, serial: int) -> str:
    """Eighteen places with a right check digit; different for every `serial` below ten million."""
    # 7919 is prime to 21,900: the days of birth of that many serials in a row all differ.
    born = dt.date(1946, 1, 1) + dt.timedelta(days=serial * 7919 % 21_900)
    first_17 = f"{AREA}{born:%Y%m%d}{serial // 21_900 * 2 + 1 + chance.randrange(2):03d}"
    return first_17 + check_digit(first_17)


def record_id(chance: Random, moment: dt.datetime) -> uuid.UUID:
    """A UUIDv7 of `moment` whose other bits come from `chance`: the same seed gives the same ids."""
    milliseconds = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    value = (milliseconds << 80) | (7 << 76) | (chance.getrandbits(12) << 64) | (0b10 << 62) | chance.getrandbits(62)
    return uuid.UUID(int=value)
