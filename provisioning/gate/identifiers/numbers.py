"""Identifiers made of digits and codes: by their structure, their check digit and the words before them.

Every pattern has bounded repetitions and no nested ones, so that a text of n characters costs O(n).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from provisioning.gate.identifiers import checks
from provisioning.gate.identifiers.found import Candidate
from provisioning.gate.identifiers.kinds import Kind

NOT_WITHIN = r"(?<![0-9A-Za-z])"
"""A number does not begin within a word or another number."""
NOT_BEFORE = r"(?![0-9A-Za-z])"

SEPARATOR = r"[\s:.#=\"'()\[\]【】《》、]{0,4}(?:为|是|is|was|of)?[\s:#]{0,3}"
"""What stands between a label and the value."""

LABELLED: list[tuple[Kind, str, str]] = [
    (Kind.RESIDENT_ID, r"身份证(?:件)?(?:号码|号)?|公民身份号码|证件号码?|ID card(?: no\.?| number)?", r"(?:\d{17}[\dXx]|\d{15}|\d{6}[ -]\d{8}[ -]\d{3}[\dXx])"),
    (Kind.PASSPORT, r"护照(?:号码|号)?|passport(?: no\.?| number| #)?", r"[A-Za-z]{0,2}\d{6,9}"),
    (Kind.CERTIFICATE, r"(?:港澳|台湾)?(?:居民)?(?:来往)?(?:内地|大陆)?通行证(?:号码|号)?|回乡证号?|台胞证号?|军官证号?|士兵证号?|驾驶证号?|(?:医师)?(?:执业|资格)证书?(?:编号|编码|号码|号)?|出生(?:医学)?证明?(?:编号|号)|driver'?s? licen[sc]e(?: no\.?| number| #)?|(?:medical |state )?licen[sc]e (?:no\.?|number|#)|DEA(?: no\.?| number| #)?|NPI(?: no\.?| number| #)?|certificate (?:no\.?|number|#)", r"[^\W_]{0,3}?[A-Za-z]{0,3}-?\d{5,18}[A-Za-z]?"),
    (Kind.SSN, r"SSN|social security(?: no\.?| number| #)?", r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    (Kind.MEDICAL_RECORD_NUMBER, r"(?:住院|病案|病历|门诊|急诊|就诊|登记|住院登记|床头卡)(?:卡)?(?:编号|号码|流水号|号)|(?:患者|病人|病员|就诊人)(?:ID|编号|编码|标识|号)|(?:门诊|住院)ID|病案首页号|MRN|(?:medical|hospital|health) record(?: no\.?| number| #)?|(?:patient|chart|hospital|unit|encounter|visit|registration)(?: no\.?| number| id| identifier| #)|record (?:no\.?|number|#)|MR ?(?:no\.?|number|#)|account (?:no\.?|number|#)(?= ?:? ?[A-Za-z]{0,3}\d{5,10}\b)", r"[A-Za-z]{0,4}-?\d[\dA-Za-z-]{3,18}"),
    (Kind.EXAMINATION_NUMBER, r"(?:检查|影像|放射|超声|病理|内镜|CT|MRI?|X线|X光|片|申请单|检查单|报告|胃镜|心电图)(?:编号|号码|号)|accession(?: no\.?| number| #)?|(?:study|exam|specimen|pathology|case|report) (?:no\.?|number|id|#)", r"[A-Za-z]{0,4}-?\d[\dA-Za-z-]{3,20}"),
    (Kind.HEALTH_CARD, r"医保(?:卡)?(?:编号|号码|号)?|社保(?:卡)?(?:编号|号码|号)?|社会保障(?:卡)?(?:号码|号)?|(?:电子)?健康卡(?:号码|号)?|医疗保险(?:证|卡)?(?:号码|号)?|医疗证号?|保险单号|保单号码?|(?:新)?农合(?:证|卡)?号|(?:insurance|policy|member|subscriber|beneficiary|health plan|medicare|medicaid|group|HICN|MBI)(?: policy| member| beneficiary)?(?: ?(?:no\.?|number|id|#))|medicare|medicaid", r"[A-Za-z]{0,4}-?\d[\dA-Za-z-]{5,20}"),
    (Kind.BANK_CARD, r"(?:银行|借记|信用|储蓄|工资)(?:卡)?(?:账户|帐户|卡)?(?:号码|号)?|(?:银行)?[账帐](?:户|号)(?:号码|号)?|卡号|(?:credit|debit|bank)(?: card| account)?(?: no\.?| number| #)?|(?:card|account|acct)(?: no\.?| number| #)|IBAN", r"(?:\d(?:[ -]?\d){9,22}|[A-Z]{2}\d{2}[A-Z0-9]{11,30})"),
    (Kind.CHAT_ACCOUNT, r"微信(?:号码|账号|帐号|号|ID)?|WeChat(?: ?ID| account)?", r"[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9]\d{9}"),
    (Kind.CHAT_ACCOUNT, r"QQ(?:号码|账号|帐号|号)?", r"[1-9]\d{4,10}"),
    (Kind.DEVICE_SERIAL, r"(?:设备|仪器|机身|产品|起搏器|植入物|支架|出厂|器械)?(?:序列号|串号|出厂编号)|设备编号|植入物编号|(?:device |pacemaker |implant |serial )(?:serial |id |identifier )?(?:no\.?|number|id|#)|serial|S/N|SN|IMEI|UDI", r"[A-Za-z]{0,6}-?\d[\dA-Za-z/-]{4,24}|[A-Z]{2,4}[A-Z0-9]{2,4}-\d[\dA-Za-z-]{3,20}"),
    (Kind.POSTCODE, r"邮编|邮政编码|邮码", r"\d{6}"),
    (Kind.POSTCODE, r"zip(?: ?code)?|postal code|postcode", r"\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"),
    (Kind.LICENCE_PLATE, r"licen[sc]e plate(?: no\.?| number)?|plate (?:no\.?|number)|车架号|VIN|车辆识别(?:代号|号|码)", r"[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,14}"),
    (Kind.FAX, r"传真(?:号码|号)?|fax(?: no\.?| number)?", r"\+?[\d(](?:[ ().-]{0,2}\d){6,16}"),
    (Kind.LANDLINE_PHONE, r"(?:联系|家庭|办公|固定|住宅|单位|家属|联络)?(?:电话|座机|固话)(?:号码|号)?|联系方式|手机(?:号码|号)?|(?:tele)?phone(?: no\.?| number| #)?|tel|call(?:ed|ing)?|cell(?: ?phone)?|mobile|contact (?:no\.?|number)|pager|reach(?:ed)? (?:him |her |them )?(?:at|on)", r"\+?[\d(](?:[ ().-]{0,2}\d){6,16}(?:(?:转|x| ?ext\.? ?)\d{1,6})?"),
]
"""A kind, the labels that announce it and the shape of its value. Chinese characters delimit themselves."""

_LABELLED = [
    (kind, re.compile(rf"(?<![A-Za-z])(?:{labels})(?![A-Za-z]){SEPARATOR}({value}){NOT_BEFORE}", re.IGNORECASE))
    for kind, labels, value in LABELLED
]

OTHER_NUMBER = re.compile(
    r"(?:标本|样本|样品|条码|条形码|批|流水|批准文|国药准字|试剂|货|版本|注册|订单|编)(?:号|编号|文号)?[A-Z]?[\s:]{0,3}$"
    r"|(?:sample|lot|batch|barcode|catalog|tube|order|specimen|item|version|NCT|ISBN)(?: no\.?| number| id| #)?[\s:#]{0,3}[A-Z]?$",
    re.IGNORECASE,
)
"""Words before a number that say that it is no person's."""
UNIT = re.compile(
    r"\s{0,2}(?:copies|cells|IU|kIU|U/|mg|ug|μg|ng|pg|g/|mol|mmol|kg|ml|mL|L\b|%|×|x ?10|\*10|个/|拷贝|单位|元|次|CFU|bp|/u?L|/mL)|\.\d"
)
"""What makes the number before it a measurement."""

MOBILE = re.compile(r"(?<![0-9A-Za-z.,])(?:\+?(?:00)?86[ -]?)?(1[3-9]\d(?:[ -]?\d{4}){2}|1[3-9]\d{2}[ -]\d{3}[ -]\d{4})(?![0-9A-Za-z])")
LANDLINE = re.compile(
    r"(?<![0-9A-Za-z.])(?:\+?(?:00)?86[ -]?)?(?:\(0?(?:10|2\d|[3-9]\d{2})\)[ -]?|0?(?:10|2\d|[3-9]\d{2})[ -])[2-8]\d{2,3}[ -]?\d{4}(?:(?:转|-)\d{1,6})?(?![0-9A-Za-z])"
)
BARE_LANDLINE = re.compile(r"(?<![0-9A-Za-z.])0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}(?![0-9A-Za-z.])")
NORTH_AMERICAN = re.compile(
    r"(?<![0-9A-Za-z.-])(?:(?:\+|00)?1[-. ]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])\d{3}[-. ]?\d{4}(?: ?(?:x|ext\.?) ?\d{1,6})?(?![0-9A-Za-z])"
)
INTERNATIONAL = re.compile(r"(?<![0-9A-Za-z])(?:\+|00)[1-9]\d{0,2}(?:[ ().-]{0,2}\d){6,13}(?: ?x ?\d{1,6})?(?![0-9A-Za-z])")
RESIDENT = re.compile(rf"{NOT_WITHIN}[1-8]\d{{5}}[ -]?(?:18|19|20)\d{{2}}[01]\d[0-3]\d[ -]?\d{{3}}[\dXx]{NOT_BEFORE}")
CARD = re.compile(rf"{NOT_WITHIN}[3-6]\d{{3}}(?:[ -]?\d{{4}}){{2}}[ -]?\d{{3,4}}(?:[ -]?\d{{1,3}})?{NOT_BEFORE}|{NOT_WITHIN}3[47]\d{{2}}[ -]?\d{{6}}[ -]?\d{{5}}{NOT_BEFORE}")
SOCIAL = re.compile(r"(?<![0-9A-Za-z-])\d{3}-\d{2}-\d{4}(?![0-9A-Za-z-])")
PASSPORT = re.compile(rf"{NOT_WITHIN}(?:E[A-HJ-NP-Z]\d{{7}}|[EG]\d{{8}}){NOT_BEFORE}")
MEDICARE = re.compile(rf"{NOT_WITHIN}[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{{2}}\d{{2}}{NOT_BEFORE}")
EMAIL = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![A-Za-z0-9])")
LINK = re.compile(r"(?:https?|ftps?|sftp)://[!-~]{2,2000}|(?<![A-Za-z0-9])www\.[A-Za-z0-9-]{1,63}\.[!-~]{2,2000}", re.IGNORECASE)
IPV4 = re.compile(r"(?<![0-9A-Za-z.])(?:\d{1,3}\.){3}\d{1,3}(?![0-9A-Za-z]|\.\d)")
IPV6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])")
MAC = re.compile(r"(?<![0-9A-Za-z:-])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])|(?<![0-9A-Za-z.])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![0-9A-Za-z.])")
PLATE = re.compile(r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][ ·-]?(?=[A-Z]{0,5}\d)[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![0-9A-Za-z])")
VERSION = re.compile(r"(?:v|ver\.?|version|版本|版|第|section|章节|编号|OID)[\s:]{0,2}$", re.IGNORECASE)


def _digits(value: str) -> str:
    return "".join(character for character in value if character.isalnum())


def labelled(text: str) -> Iterator[Candidate]:
    """Numbers that a word before them announces, whatever their check digit says (people mistype)."""
    for kind, pattern in _LABELLED:
        for match in pattern.finditer(text):
            value = match.group(1)
            start, end = match.span(1)
            found = kind
            if kind is Kind.LANDLINE_PHONE:
                if UNIT.match(text, end):
                    continue
                if MOBILE.fullmatch(value.replace("(", "").replace(")", "")):
                    found = Kind.MOBILE_PHONE
            if kind is Kind.RESIDENT_ID and len(_digits(value)) not in (15, 18):
                continue
            if kind is Kind.LICENCE_PLATE and not any(character.isdigit() for character in value):
                continue
            yield Candidate(found, start, end, 90)


def by_structure(text: str) -> Iterator[Candidate]:
    """Numbers that their structure and check digit give away, whatever stands before them."""
    for match in RESIDENT.finditer(text):
        if checks.resident_id(_digits(match.group())):
            yield Candidate(Kind.RESIDENT_ID, *match.span(), 95)
    for match in CARD.finditer(text):
        digits = _digits(match.group())
        if checks.bank_card(digits) and _personal(text, match) and not UNIT.match(text, match.end()):
            yield Candidate(Kind.BANK_CARD, *match.span(), 80)
    for match in SOCIAL.finditer(text):
        if checks.social_security(match.group()) and _personal(text, match):
            yield Candidate(Kind.SSN, *match.span(), 80)
    for kind, pattern in ((Kind.PASSPORT, PASSPORT), (Kind.HEALTH_CARD, MEDICARE), (Kind.LICENCE_PLATE, PLATE)):
        for match in pattern.finditer(text):
            if _personal(text, match):
                yield Candidate(kind, *match.span(), 70)
    yield from _telephones(text)
    yield from _network(text)


def _personal(text: str, match: re.Match[str]) -> bool:
    """Whether nothing before a number says that it counts something else."""
    return OTHER_NUMBER.search(text[max(0, match.start() - 24) : match.start()]) is None


def _telephones(text: str) -> Iterator[Candidate]:
    patterns = (
        (Kind.MOBILE_PHONE, MOBILE, 85),
        (Kind.LANDLINE_PHONE, LANDLINE, 75),
        (Kind.LANDLINE_PHONE, BARE_LANDLINE, 60),
        (Kind.LANDLINE_PHONE, NORTH_AMERICAN, 70),
        (Kind.LANDLINE_PHONE, INTERNATIONAL, 65),
    )
    for kind, pattern, trust in patterns:
        for match in pattern.finditer(text):
            if not _personal(text, match) or UNIT.match(text, match.end()):
                continue
            number = match.group()
            if pattern is INTERNATIONAL:
                number = re.split("x", "+" + number[2:] if number.startswith("00") else number)[0]
                if not checks.telephone(number):
                    continue
            yield Candidate(kind, *match.span(), trust)


def _network(text: str) -> Iterator[Candidate]:
    for match in EMAIL.finditer(text) if "@" in text else ():
        yield Candidate(Kind.EMAIL, *match.span(), 95)
    for match in LINK.finditer(text):
        link = match.group().rstrip(".,;:!?)]}>'\"")
        yield Candidate(Kind.URL, match.start(), match.start() + len(link), 95)
    for pattern in (IPV4, IPV6):
        for match in pattern.finditer(text):
            value = match.group()
            if VERSION.search(text[max(0, match.start() - 10) : match.start()]):
                continue
            if pattern is IPV6 and (len(value) < 6 or not re.search("[0-9A-Fa-f]{2}", value)):
                continue
            try:
                ipaddress.ip_address(value)
            except ValueError:
                continue
            yield Candidate(Kind.IP_ADDRESS, *match.span(), 85)
    for match in MAC.finditer(text):
        yield Candidate(Kind.MAC_ADDRESS, *match.span(), 90)
