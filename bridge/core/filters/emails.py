"""Emails: addresses as `email-validator` reads them, syntax only: nobody is asked whether the domain exists."""

from typing import Any

from bridge.core.filters.filter import Filter
from bridge.core.filters.values import text_in

_LONGEST = 254 + 2  # characters of an address (RFC 5321, erratum 1690), and < > around it

# Who gives addresses to anybody: an address there says nothing of a company.
_FREE_MAIL = """
126.com 163.com aim.com aol.com bigpond.com bluewin.ch bol.com.br btinternet.com comcast.net cox.net duck.com
fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk
hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com laposte.net libero.it live.co.uk live.com live.fr
live.nl mac.com mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com outlook.de outlook.es outlook.fr pm.me
proton.me protonmail.ch protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net seznam.cz sfr.fr sina.com
t-online.de terra.com.br tuta.com tutanota.com tutanota.de uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl
yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it
yandex.com yandex.ru yeah.net ymail.com ziggo.nl zoho.com zohomail.com
"""
FREE_MAIL = frozenset(_FREE_MAIL.split())


def _email(value: Any, /) -> str | None:
    return _address(text_in(value, "email"))


def _email_domain(value: Any, /) -> str | None:
    address = _address(text_in(value, "email_domain"))
    return address.rpartition("@")[2] if address else None


def _is_free_mail(value: Any, /) -> bool | None:
    address = _address(text_in(value, "is_free_mail"))
    return address.rpartition("@")[2] in FREE_MAIL if address else None


def _address(text: str) -> str | None:
    text = text.strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0].strip()
    if "@" not in text or len(text) > _LONGEST:
        return None

    import email_validator  # costs 27 ms, and not every mapping asks

    try:  # test_environment: a test event's address at *.test is one too
        found = email_validator.validate_email(text, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError:
        return None
    # `normalized` writes xn--… as the letters that it stands for, which not every CRM takes.
    domain = found.ascii_domain if text.rpartition("@")[2].isascii() else found.domain
    return f"{found.local_part}@{domain}"


FILTERS = (
    Filter(
        "email",
        _email,
        summary="The address, trimmed, without `mailto:`, its domain in lower case; null where it is none.",
        example="{{ ' mailto:Ada@Example.COM ' | email }}",
        gives='"Ada@example.com"',
    ),
    Filter(
        "email_domain",
        _email_domain,
        summary="The domain of an email address, in lower case.",
        example="{{ email | email_domain }}",
        gives='"example.com"',
    ),
    Filter(
        "is_free_mail",
        _is_free_mail,
        summary="Whether the address is at a provider who gives one to anybody, such as gmail.com or gmx.de; null "
        "where it is no address.",
        example="{{ email | is_free_mail }}",
        gives="false",
    ),
)
