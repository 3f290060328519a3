"""Postal addresses, Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioning.gate.identifiers import tables
from provisioning.gate.identifiers.found import Candidate
from provisioning.gate.identifiers.kinds import Kind

PROVINCES = sorted(tables.words("provinces"))
_PROVINCE = re.compile("|".join(PROVINCES))
_AREA = "自治区|特别行政区|自治州|自治县|省|市|区|县|旗|盟|地区"
_SETTLEMENT = "街道|镇|乡|村|社区|屯|庄|寨|农场|团场"
_STREET = "大道|路|街|巷|弄|胡同|里弄|道|坊"
_PLACE = "小区|花园|公寓|家园|新村|苑|广场|大厦|小苑|名城|华庭|公馆|家属院|宿舍|大院|雅苑|新城|山庄"
_DETAIL = "号楼|号院|号|栋|幢|单元|室|楼|层|座|组|队|户|房"
_LEVELS = ((1, _AREA), (2, _SETTLEMENT), (3, _STREET), (3, _PLACE), (4, _DETAIL))
_SEGMENT = re.compile(
    rf"(?:([一-鿿]{{0,8}}?)({_AREA}|{_SETTLEMENT}|{_STREET}|{_PLACE}|里(?=[0-9]))|([0-9A-Za-z甲乙丙丁一二三四五六七八九十-]{{1,8}})\s?({_DETAIL}))"
)
_ROOM = re.compile(r"[ -]?[0-9]{2,4}(?![0-9A-Za-z.])")
_LEVEL_OF = {word: level for level, words in _LEVELS for word in words.split("|")} | {"里": 3}
_LABEL = re.compile(
    r"(?:地址|住址|现住|家住|住在|住于|居住|住所|居住地|户籍|户口|籍贯|寄到|寄至|寄往|来自|送至|位于|通讯处|现居)[^一-鿿0-9]{0,4}(?:为|是|在|于|地)?[^一-鿿0-9]{0,3}$"
)
_LEAD = re.compile(
    r"^.{0,6}?(?:地址|住址|现住|家住|住在|住于|居住在|居住于|居住|住所|户籍地|户籍|户口|籍贯|来自|寄到|寄至|寄往|送至|位于|现居|系|为|是|在|于|至|到|由|从|住)(?=[一-鿿]{2})"
)
_NOT_PLACE = re.compile(
    "病区|院区|社区医院|急诊|门诊|病房|诊区|血管区|胸区|腹区|肺区|心前区|腰区|肾区|肝区|脾区|额区|颞区|枕区|上区|下区|左区|右区|感兴趣区|靶区|照射野|功能区|城市|超市|县医院|市医院|区医院|呼吸道|胆道|消化道|尿道|阴道|肠道|气道|通路|途径|思路|旁路|管道|隧道|上呼吸|下呼吸|食道|鼻道|产道|传导|瘘道|窦道|外周"
)
_ORGANISATION = re.compile(
    r"(?:第[一二三四五六七八九十]|人民|中心|中医|附属|妇幼|儿童|肿瘤|口腔)?[一-鿿]{0,8}(?:医院|卫生院|大学|学院|公司|研究院|研究所|中心|卫健委|药业|社区卫生)"
)

_STATE = "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]|FM|GU|MH|MP|PW|AS|A[AEP]"
_KIND_OF_STREET = "Street|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Circle|Cir|Highway|Hwy|Parkway|Pkwy|Way|Trail|Trl|Crescent|Close|Alley|Row|Loop|Path|Pike|Plaza|Walk|Mews|Gardens|Grove|Hill|Heights|Turnpike|Expressway|Freeway|Motorway|Throughway|Crossroad|Crossing|Passage|Route|Run|Ridge|Manor|Mall|Mill|Mount|Mountain|Mission|Meadow|Meadows|View|Views|Village|Villages|Ville|Valley|Valleys|Vista|Union|Unions|Tunnel|Track|Trace|Summit|Stream|Stravenue|Station|Springs|Spring|Spur|Spurs|Squares|Streets|Shore|Shores|Shoals|Shoal|Rue|Rest|Rapids|Rapid|Ranch|Ramp|Radial|Prairie|Ports|Port|Points|Point|Plains|Plain|Pines|Pine|Park|Parks|Oval|Orchard|Neck|Lodge|Locks|Lock|Loaf|Light|Lights|Lakes|Lake|Land|Landing|Knolls|Knoll|Keys|Key|Junction|Junctions|Isle|Island|Islands|Inlet|Hollow|Hills|Haven|Harbor|Harbors|Groves|Greens|Green|Glens|Glen|Gateway|Garden|Forks|Fork|Forges|Forge|Fords|Ford|Forest|Flats|Flat|Fields|Field|Ferry|Falls|Fall|Extension|Extensions|Estate|Estates|Divide|Dale|Dam|Curve|Crest|Creek|Cove|Coves|Course|Courts|Corner|Corners|Common|Club|Cliff|Cliffs|Circles|Centers|Center|Cape|Canyon|Camp|Causeway|Bypass|Burgs|Burg|Brooks|Brook|Bridge|Branch|Bottom|Bluff|Bluffs|Bend|Beach|Bayou|Arcade|Annex|Knolls|Skyway|Stravenue|Underpass|Overpass|Viaduct|Via|Well|Wells|Walks|Ways"
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl|Flat|#)\.? ?#?[A-Za-z0-9-]{1,6})?"
_UK_POSTCODE = r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}(?![A-Za-z0-9])"
_TOWN = rf"(?:[,\s]{{1,3}}(?!{_UK_POSTCODE})[A-Z][A-Za-z.'-]{{1,20}}(?: (?!{_UK_POSTCODE})[A-Z][A-Za-z.'-]{{1,20}}){{0,3}})?(?:,? (?:{_STATE})(?![A-Za-z]))?(?:,? (?:\d{{5}}(?:-\d{{4}})?(?!\d)|{_UK_POSTCODE}))?"
_MONTH = "Jan|Feb|Mar(?:ch)?\\b|Apr|May\\b|June?\\b|July?\\b|Aug|Sep|Oct|Nov|Dec"
_ENGLISH = re.compile(
    rf"(?:(?<![A-Za-z])(?:Flat|Apartment|Apt|Unit|Suite) [0-9A-Za-z]{{1,4}}, )?(?<![0-9A-Za-z./-])\d{{1,6}}[A-Za-z]?,? (?:[NSEW]\.? |North |South |East |West )?(?!(?:{_MONTH})[a-z]*\.? )(?:(?:[A-Z]|St|Mt|Ft)\. |[A-Z0-9][A-Za-z0-9'’-]{{0,20}} ){{1,4}}(?:{_KIND_OF_STREET})(?![A-Za-z])\.?{_UNIT}{_TOWN}"
)
_TOWN_ZIP = re.compile(
    rf"(?<![A-Za-z])[A-Z][A-Za-z.'-]{{1,20}}(?: [A-Z][A-Za-z.'-]{{1,20}}){{0,3}},? (?:{_STATE}) \d{{5}}(?:-\d{{4}})?(?!\d)"
)
_BOX = re.compile(
    rf"(?<![A-Za-z])(?:P\.? ?O\.? Box|PSC|Unit|USNS|USS|USCGC|USNV|CMR) [A-Z0-9][A-Za-z0-9]{{0,15}}(?:,? Box \d{{1,6}})?(?:,? (?:[FAD]PO) (?:A[AEP]))?(?:,? \d{{5}})?{_TOWN}"
)
_LIVES = re.compile(
    r"(?i:lives? (?:at|on|in)|living at|resid(?:es|ing|ent) (?:at|of|in)|residence|home address|mailing address|address)(?: is)?[\s:]{1,3}((?:\d{1,6} )?[A-Z][A-Za-z0-9.'’ -]{3,40}(?:, [A-Z][A-Za-z .'-]{2,25}){0,2})"
)


def chinese_addresses(text: str) -> Iterator[Candidate]:
    """Chains of places, from the large to the small, that reach down to a street, a village or a door."""
    chain: list[tuple[int, int, int]] = []
    for match in _SEGMENT.finditer(text):
        if _NOT_PLACE.search(match.group()):
            yield from _chain(text, chain)
            chain = []
            continue
        level = _LEVEL_OF[match.group(2) or match.group(4)]
        if (chain and text[chain[-1][1] : match.start()].strip(" ,，")) or (
            chain and match.start() - chain[-1][1] > 2
        ):
            yield from _chain(text, chain)
            chain = []
        chain.append((match.start(), match.end(), level))
    yield from _chain(text, chain)


def _chain(text: str, chain: list[tuple[int, int, int]]) -> Iterator[Candidate]:
    if not chain:
        return
    levels = [level for _, _, level in chain]
    start, end = chain[0][0], chain[-1][1]
    announced = _LABEL.search(text[max(0, start - 14) : start]) is not None or _LEAD.match(
        text[start : start + 14]
    )
    province = _PROVINCE.search(text, start, chain[0][1])
    if province:
        start = province.start()
    else:
        lead = _LEAD.match(text[start : chain[0][1]])
        start += lead.end() if lead else 0
    street = 2 in levels or 3 in levels
    detailed = 4 in levels
    enough = (
        (street and detailed)
        or (1 in levels and (street or levels.count(4) >= 2))
        or (announced and (street or detailed or levels.count(1) >= 2))
        or (1 in levels and detailed and announced)
        or (
            province is not None
            and levels.count(1) >= 2
            and (detailed or street or not _ORGANISATION.match(text, end))
        )
    )
    if not enough:
        return
    if _ORGANISATION.match(text, end) and not detailed and not announced:
        return
    room = _ROOM.match(text, end) if text[end - 1] in "元楼栋幢座" else None
    yield Candidate(Kind.ADDRESS, start, room.end() if room else end, 65)


def english_addresses(text: str) -> Iterator[Candidate]:
    """A number, a street and what follows; a town with its state and ZIP code; a post-office box."""
    for pattern, trust in ((_ENGLISH, 70), (_TOWN_ZIP, 68), (_BOX, 60)):
        for match in pattern.finditer(text):
            if pattern is _BOX and not re.search(r"\d", match.group()):
                continue
            if pattern is _BOX and match.group()[:4] == "Unit" and "Box" not in match.group():
                continue
            yield Candidate(Kind.ADDRESS, *match.span(), trust)
    for match in _LIVES.finditer(text):
        if re.search(r"\d", match.group(1)):
            yield Candidate(Kind.ADDRESS, *match.span(1), 55)
