"""Masking (脱敏): how names, phones and documents are shown by default. Aligned with GB/T 38961: a name is 张*."""


def mask_name(name: str) -> str:
    """The first character and one asterisk, whatever the length: a masked name does not tell how long it was.

    `张三丰` → `张*`; empty text stays empty.
    """
    stripped = name.strip()
    return f"{stripped[0]}*" if stripped else ""


def last4(phone: str) -> str:
    """The last four digits, by which a worker tells two numbers apart."""
    return phone[-4:]


def mask_phone(phone: str) -> str:
    """`13812345678` → `138****5678`; what is shorter than eight digits keeps only the last two."""
    if len(phone) < 8:
        return "*" * max(len(phone) - 2, 0) + phone[-2:]
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"


def mask_document(number: str) -> str:
    """First and last character only: neither the area nor the day of birth can be read from it."""
    return f"{number[0]}{'*' * (len(number) - 2)}{number[-1]}" if len(number) > 2 else "*" * len(number)
