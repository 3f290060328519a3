"""What a column's name says about it: Chinese, English, pinyin and the abbreviations of hospital systems."""

from __future__ import annotations

import re

from provisioning.gate.identifiers.kinds import Kind

_CHINESE: list[tuple[Kind, str]] = [
    (Kind.MAC_ADDRESS, r"mac地址"),
    (Kind.IP_ADDRESS, r"ip地址|^ip$|登录ip"),
    (Kind.URL, r"网址|链接|主页"),
    (Kind.EMAIL, r"邮箱|电子邮件|邮件地址|电邮"),
    (Kind.FAX, r"传真"),
    (Kind.MOBILE_PHONE, r"手机|移动电话"),
    (Kind.CHAT_ACCOUNT, r"微信|qq"),
    (Kind.LANDLINE_PHONE, r"电话|联系方式|座机"),
    (Kind.RESIDENT_ID, r"身份证|公民身份|证件号|身份号码|sfz"),
    (Kind.PASSPORT, r"护照"),
    (Kind.CERTIFICATE, r"通行证|军官证|驾驶证|执业证|资格证|证书编号|证书号|出生证"),
    (Kind.HEALTH_CARD, r"医保(?:卡|证|编|号|账|个人)|社保(?:卡|号|编)|社会保障号|健康卡|医疗证|保险单号|保单号|农合(?:证|号)|医保$|参保号"),
    (Kind.BANK_CARD, r"银行卡|银行[账帐]|卡号|[账帐]号|[账帐]户"),
    (Kind.EXAMINATION_NUMBER, r"(?:检查|影像|放射|超声|病理|内镜|申请单|报告|ct|mr|x线|片)(?:编号|号)"),
    (Kind.MEDICAL_RECORD_NUMBER, r"(?:住院|病案|病历|门诊|急诊|就诊|登记|就诊卡)(?:卡)?(?:流水)?(?:编号|号|id)|(?:患者|病人)(?:id|编号|标识|号|编码|主索引)|主索引"),
    (Kind.DEVICE_SERIAL, r"序列号|设备编号|设备号|串号|植入物编号"),
    (Kind.LICENCE_PLATE, r"车牌|车架号|车辆识别"),
    (Kind.POSTCODE, r"邮编|邮政编码"),
    (Kind.BIRTH_DATE, r"出生(?:日期|年月|时间|日)|生日|^出生$"),
    (Kind.PERSON_NAME, r"姓名|^(?:患者|病人|医生|医师|护士|家属|父亲|母亲|配偶|联系人|监护人)(?:名|名字|名称)?$|名字|曾用名|签名|(?:主治|住院|主任|经治|管床|报告|审核|手术|麻醉|开单|接诊)(?:医师|医生|护士|者|人)$|责任护士|^联系人|监护人$|户主|录入人|记录人|操作员$"),
    (Kind.ADDRESS, r"住址|地址|户籍|户口|籍贯|居住地|住所|出生地|现住"),
    (Kind.DATE, r"(?:入院|出院|就诊|手术|检查|死亡|随访|报告|确诊|采样|住院|入科|出科|入组|发病|诊断)(?:日期|时间)$|日期$"),
]
_NOT_PERSONAL = re.compile(
    r"(?:医院|机构|单位|公司|药品|科室|项目|设备|疾病|诊断|手术|检验|厂家|器械|试剂)(?:名称|名|地址|编码|代码)|长度|标志|类型|类别|是否|方式代码"
)
"""Columns about things and organisations, whose names and places are not a person's."""

_PINYIN = {
    "xm": Kind.PERSON_NAME, "xingming": Kind.PERSON_NAME, "hzxm": Kind.PERSON_NAME, "brxm": Kind.PERSON_NAME, "huanzhexingming": Kind.PERSON_NAME,
    "ysxm": Kind.PERSON_NAME, "lxrxm": Kind.PERSON_NAME, "lxr": Kind.PERSON_NAME, "zzys": Kind.PERSON_NAME, "jsxm": Kind.PERSON_NAME, "zyys": Kind.PERSON_NAME, "zrhs": Kind.PERSON_NAME, "lianxiren": Kind.PERSON_NAME,
    "sfzh": Kind.RESIDENT_ID, "sfz": Kind.RESIDENT_ID, "sfzhm": Kind.RESIDENT_ID, "zjhm": Kind.RESIDENT_ID, "zjh": Kind.RESIDENT_ID, "gmsfhm": Kind.RESIDENT_ID, "shenfenzheng": Kind.RESIDENT_ID, "shenfenzhenghao": Kind.RESIDENT_ID,
    "lxdh": Kind.LANDLINE_PHONE, "dh": Kind.LANDLINE_PHONE, "dhhm": Kind.LANDLINE_PHONE, "jtdh": Kind.LANDLINE_PHONE, "dwdh": Kind.LANDLINE_PHONE, "dianhua": Kind.LANDLINE_PHONE, "lianxidianhua": Kind.LANDLINE_PHONE, "lxrdh": Kind.LANDLINE_PHONE,
    "sj": Kind.MOBILE_PHONE, "sjh": Kind.MOBILE_PHONE, "sjhm": Kind.MOBILE_PHONE, "yddh": Kind.MOBILE_PHONE, "shouji": Kind.MOBILE_PHONE, "shoujihao": Kind.MOBILE_PHONE,
    "zyh": Kind.MEDICAL_RECORD_NUMBER, "bah": Kind.MEDICAL_RECORD_NUMBER, "blh": Kind.MEDICAL_RECORD_NUMBER, "mzh": Kind.MEDICAL_RECORD_NUMBER, "jzh": Kind.MEDICAL_RECORD_NUMBER, "jzlsh": Kind.MEDICAL_RECORD_NUMBER, "hzid": Kind.MEDICAL_RECORD_NUMBER, "brid": Kind.MEDICAL_RECORD_NUMBER, "jzkh": Kind.MEDICAL_RECORD_NUMBER, "zhuyuanhao": Kind.MEDICAL_RECORD_NUMBER, "binganhao": Kind.MEDICAL_RECORD_NUMBER, "menzhenhao": Kind.MEDICAL_RECORD_NUMBER,
    "jch": Kind.EXAMINATION_NUMBER, "yxh": Kind.EXAMINATION_NUMBER, "jcdh": Kind.EXAMINATION_NUMBER,
    "csrq": Kind.BIRTH_DATE, "csny": Kind.BIRTH_DATE, "chushengriqi": Kind.BIRTH_DATE, "sr": Kind.BIRTH_DATE,
    "dz": Kind.ADDRESS, "zz": Kind.ADDRESS, "jtzz": Kind.ADDRESS, "jtdz": Kind.ADDRESS, "xzz": Kind.ADDRESS, "hkdz": Kind.ADDRESS, "hjdz": Kind.ADDRESS, "lxdz": Kind.ADDRESS, "dizhi": Kind.ADDRESS, "zhuzhi": Kind.ADDRESS, "jiatingzhuzhi": Kind.ADDRESS, "jg": Kind.ADDRESS,
    "yb": Kind.POSTCODE, "yzbm": Kind.POSTCODE, "youbian": Kind.POSTCODE,
    "ybh": Kind.HEALTH_CARD, "ybkh": Kind.HEALTH_CARD, "sbkh": Kind.HEALTH_CARD, "jkkh": Kind.HEALTH_CARD, "sbh": Kind.HEALTH_CARD, "ybbh": Kind.HEALTH_CARD,
    "yhkh": Kind.BANK_CARD, "yhzh": Kind.BANK_CARD, "yx": Kind.EMAIL, "dzyx": Kind.EMAIL, "youxiang": Kind.EMAIL, "cph": Kind.LICENCE_PLATE, "hzh": Kind.PASSPORT, "wxh": Kind.CHAT_ACCOUNT,
    "ryrq": Kind.DATE, "cyrq": Kind.DATE, "jzrq": Kind.DATE, "ssrq": Kind.DATE, "rysj": Kind.DATE, "cysj": Kind.DATE,
}
_WHO = r"(?:patient|pat|pt|person|subject|client|member|user|customer|doctor|physician|provider|surgeon|nurse|mother|father|spouse|guardian|contact|kin|nok|relative|insured|subscriber|attending|referring|employee|staff|emergency|operator|author|reviewer|signer)s?"
_ENGLISH: list[tuple[Kind, str]] = [
    (Kind.MAC_ADDRESS, r"mac(?: addr(?:ess)?)?"),
    (Kind.IP_ADDRESS, r"(?:.* )?ip(?: ?v[46])?(?: addr(?:ess)?)?|(?:.* )?ipv?[46]? ?addr(?:ess)?"),
    (Kind.EMAIL, r"(?:.* )?e ?mails?(?: addr(?:ess)?)?(?: \d)?"),
    (Kind.URL, r"(?:.* )?(?:url|website|web ?site|homepage|web address|web page)"),
    (Kind.FAX, r"(?:.* )?fax(?: (?:no|num|number|nbr))?"),
    (Kind.MOBILE_PHONE, r"(?:.* )?(?:mobile|cell|cellphone|msisdn)(?: ?(?:phone|tel))?(?: (?:no|num|number|nbr))?"),
    (Kind.LANDLINE_PHONE, r"(?:.* )?(?:tele)?phones?(?: ?(?:no|num|number|nbr|home|work|\d))?|(?:.* )?tel(?: (?:no|num|number))?|phonenumber|contact (?:no|num|number|phone)"),
    (Kind.RESIDENT_ID, r"(?:resident |national |citizen |chinese |identity )?(?:id|identity) ?(?:card|cert)(?: ?(?:no|num|number|nbr))?|(?:national|citizen|resident|identity|identification) (?:id|no|num|number)|national ?id|nric|idcard ?no|id no"),
    (Kind.SSN, r"(?:.* )?(?:ssn|social security(?: (?:no|num|number))?|soc sec(?: no)?)"),
    (Kind.PASSPORT, r"(?:.* )?passport(?: ?(?:id|no|num|number|nbr))?"),
    (Kind.CERTIFICATE, r"(?:.* )?(?:driver'?s?|drivers|driving|medical) ?licen[sc]e(?: (?:no|num|number))?|npi|dea(?: (?:no|num|number))?|licen[sc]e (?:no|num|number)|certificate (?:no|num|number)|dl (?:no|num|number)"),
    (Kind.HEALTH_CARD, r"(?:.* )?(?:insurance|policy|beneficiary|subscriber|health ?plan|health ?card|medicare|medicaid|hicn|mbi|medical insurance)(?: (?:policy|card|member|beneficiary))?(?: ?(?:id|no|num|number|nbr))|member (?:id|no|number)|health ?card|mbi|hicn"),
    (Kind.BANK_CARD, r"(?:.* )?(?:bank|credit|debit)(?: ?(?:card|account|acct))(?: ?(?:no|num|number|nbr))?|(?:card|account|acct) ?(?:no|num|number|nbr)|iban|pan"),
    (Kind.EXAMINATION_NUMBER, r"(?:.* )?accession(?: ?(?:id|no|num|number|nbr))?|(?:study|exam|examination|pathology|imaging) (?:no|num|number|instance uid)"),
    (Kind.MEDICAL_RECORD_NUMBER, rf"(?:.* )?mrn|(?:.* )?(?:medical|hospital|health) ?record ?(?:id|no|num|number|nbr)|(?:{_WHO}|chart|hospital|encounter|visit|admission|inpatient|outpatient|hosp|hadm|registration|unit|case) ?(?:id|no|num|number|nbr|identifier|sk|key)|empi|mpi|(?:.* )?(?:mr|chart) ?(?:no|num|number)|patientid|subjectid|record number"),
    (Kind.DEVICE_SERIAL, r"(?:.* )?(?:device|pacemaker|implant|machine|equipment)(?: serial)?(?: ?(?:id|no|num|number|nbr|sn|serial))|serial(?: (?:no|num|number|nbr))?|imei|udi|(?:.* )?serial (?:no|number)"),
    (Kind.LICENCE_PLATE, r"(?:.* )?(?:licen[sc]e|number|vehicle|car|reg(?:istration)?) ?plate(?: (?:no|num|number))?|plate (?:no|num|number)|vin|vehicle (?:id|identification number|no|number)"),
    (Kind.POSTCODE, r"(?:.* )?(?:zip|postcode|postal|post code|zipcode)(?: ?code)?(?: \d)?"),
    (Kind.BIRTH_DATE, r"(?:.* )?(?:dob|d o b|birth ?date|birth ?day|date ?of ?birth|birth ?dt|born(?: on)?|bdate)|birth"),
    (Kind.CHAT_ACCOUNT, r"(?:.* )?(?:we ?chat|qq|weixin)(?: ?(?:id|no|num|number|account))?"),
    (Kind.PERSON_NAME, rf"name|names|(?:.* )?(?:first|last|middle|full|given|family|maiden|sur|fore|nick|legal|birth|preferred)[ -]?names?|(?:{_WHO} )+names?(?: (?:cn|en|zh|full|first|last))?|{_WHO}names?|next of kin|(?:attending|referring|ordering|primary care|treating|admitting|operating) (?:physician|doctor|surgeon|provider)|surgeon|physician|doctor|attending|nurse|emergency contact|guardian|fname|lname|signed by|(?:reported|performed|reviewed|ordered) by|radiologist|pathologist"),
    (Kind.ADDRESS, r"(?:.* )?(?:street|home|postal|mailing|residential|permanent|current|patient|contact|work)? ?(?:address|addr)(?: ?(?:line)? ?\d)?|street(?: name)?|residence|domicile"),
    (Kind.DATE, r"(?:.* )?(?:date|datetime|timestamp)|date of .*|(?:admit|discharge|visit|death|surgery|exam|study|event|dob)(?:tion)? ?(?:date|dt|time|datetime)|(?:admission|discharge|death|charttime|admittime|dischtime|dod)"),
]
_ENGLISH_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _ENGLISH]
_CHINESE_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _CHINESE]
_OF_THINGS = re.compile(
    r"\b(?:drug|hospital|test|item|file|product|generic|brand|trade|device model|department|dept|ward|lab|table|column|code|disease|diagnosis|procedure|project|study|trial|company|organi[sz]ation|facility|site|variable|event|gene|protocol|software|model|event type)(?: [a-z]+)? (?:name|names|address|type)\b|\b(?:type|flag|count|length|indicator|valid|is|has|missing|consent)\b"
)


def kind_of_name(column_name: str) -> Kind | None:
    """What a column of this name holds, if its name says that it identifies people; else None."""
    name = column_name.strip()[:200]
    if re.search("[一-鿿]", name):
        plain = re.sub(r"[\s_\-./()（）:：]", "", name.lower())
        if _NOT_PERSONAL.search(plain):
            return None
        return next((kind for kind, pattern in _CHINESE_PATTERNS if pattern.search(plain)), None)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = re.sub(r"[^A-Za-z0-9']+", " ", words).strip().lower()
    if words.replace(" ", "") in _PINYIN:
        return _PINYIN[words.replace(" ", "")]
    if _OF_THINGS.search(words):
        return None
    return next((kind for kind, pattern in _ENGLISH_PATTERNS if pattern.fullmatch(words)), None)
