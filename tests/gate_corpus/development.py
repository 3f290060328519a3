"""The part that rules are tuned on: faker's generators and these templates."""

from __future__ import annotations

import random
from collections.abc import Callable

from faker import Faker
from stdnum import luhn

from gate_corpus.labelled import Column, Kind, Text, fill

SEED = 20260101
Makers = dict[str, tuple[Kind | None, Callable[[], str]]]

CHINESE = {
    "admission": [
        "患者{name}，{sex}，{age}岁，因反复胸闷3年，加重1周于{date}入院。既往高血压病史10年，最高血压{bp}。身份证号：{id}，联系电话{mobile}，现住{address}。",
        "姓名：{name} 性别：{sex} 年龄：{age}岁 出生日期：{birth} 住院号：{mrn} 入院日期：{date} 联系人：{name} 关系：配偶 电话：{landline}",
        "患儿{name}，{sex}，其母{name}代诉，发热2天，最高体温39.2℃，白细胞{lab}×10^9/L，CRP 38mg/L。于{date}收入我科。",
        "家庭住址：{address}，邮编：{postcode}，医保卡号：{insurance}，家属{name}联系电话：{mobile}。",
        "病人{name}于{date}在外院行胃镜检查，病理号：{exam}，诊断为慢性萎缩性胃炎。患者高热、黄疸、纳差，经治疗后好转。",
    ],
    "discharge": [
        "出院小结：{name}，住院号{mrn}，{date}出院。主治医师：{name}，上级医师：{name}。出院带药：阿司匹林100mg qd，阿托伐他汀20mg qn。随访请拨打{landline}或发邮件至{email}。",
        "{name}主任医师查房后指示：继续目前治疗，完善头颅MRI。随访微信：{wechat}，复诊前请与{name}医生联系，手机{mobile}。",
        "手术记录：术者：{name}，助手：{name}，麻醉师：{name}。术中出血约200ml，植入支架序列号：{serial}。",
        "患者家属{name}已签署知情同意书，身份证{id}，银行卡号{card}用于退费。签名：{name} 日期：{date}",
    ],
    "radiology": [
        "检查号：{exam} 姓名：{name} 检查日期：{date}。双肺纹理增多，右肺上叶见一结节，大小约12×9mm，Lung-RADS 3类。报告医师：{name} 审核医师：{name}",
        "影像号：{exam}，申请医师{name}。颅脑CT平扫未见明显异常，Graves病史，帕金森病待排。工作站IP地址{ip}，MAC地址{mac}。图像见{url}。",
    ],
    "negative": [
        "高血压3级（极高危），糖化血红蛋白{lab}%，肌酐{lab}μmol/L，HBV DNA {measure} copies/mL，NT-proBNP {lab}pg/ml。ICD-10：I10.x05，E11.900。",
        "标本号：{sample}，批号{sample}，试剂国药准字H{lot}。白细胞计数{lab}×10^9/L，参考范围3.5-9.5。方案版本日期2021年3月1日，V2.0。",
        "患者一般情况可，神志清，精神差，全身皮肤黄染，双下肢水肿。患者曾有哮喘、青霉素过敏史，平素体健，否认肝炎、结核史。",
        "北京协和医院、复旦大学附属中山医院多中心研究，入组时间不限。帕金森病、格雷夫斯病、霍奇金淋巴瘤、克罗恩病均可纳入。予华法林3mg，万古霉素1g q12h，甘露醇125ml静滴。",
        "患者诉心前区疼痛，向左肩放射，应用硝酸甘油后缓解。心电图：窦性心律，V1-V4导联ST段抬高。全麻下行腹腔镜胆囊切除术，安返病房。",
        "主任查房示：应予抗感染治疗，方可出院。时有咳嗽，于夜间明显，经对症处理后好转。钱币状病灶，石膏固定，关节活动受限。",
    ],
}
ENGLISH = {
    "admission": [
        "Patient: {name}. DOB: {birth}. MRN: {mrn}. {name} is a {age}-year-old with chest pain admitted on {date}. BP {bp}, troponin {lab} ng/mL.",
        "Mr. {last} lives at {address} with his wife {name}. Home phone {landline}, email {email}. History of Parkinson disease and Graves disease.",
        "The patient was brought in by her daughter, {name} (cell {landline}), on {date}. Social security number {ssn}. Insurance ID: {insurance}.",
        "Emergency contact: {name}, {landline}. Mailing address: {address}. Passport number {passport}.",
    ],
    "discharge": [
        "Discharge summary dictated by Dr. {name} on {date}. Discharge medications: metoprolol 25 mg BID, aspirin 81 mg daily. Follow up with Dr. {last} on {date}.",
        "Electronically signed by {name}, MD. cc: {name}, RN. Fax: {landline}. Portal: {url}. Login from {ip}.",
        "Pacemaker implanted, serial number {serial}. Account number {account}. Credit card {card} on file.",
        "Ms. {last} tolerated the procedure well. Her son {name} was called at {landline}. License plate {plate}. Device MAC {mac}.",
    ],
    "radiology": [
        "Accession number: {exam}. Exam date: {date}. CT chest: 12 x 9 mm nodule, Lung-RADS 3. Interpreted by {name}, MD. Referring physician: {name}.",
    ],
    "negative": [
        "Hodgkin lymphoma stage IIA, Glasgow Coma Scale 15, Babinski sign negative, Foley catheter in place. Massachusetts General Hospital and Johns Hopkins Hospital enrolled patients.",
        "WBC {lab} K/uL, Hgb 13.2 g/dL, creatinine {lab} mg/dL, HBV DNA {measure} copies/mL, ICD-10 I25.10, dose 1.5 mg/kg. Sample number {sample}. Lot {lot}.",
        "Protocol version 2.0 dated 2021-03-01. Crohn disease, Cushing syndrome, Jackson Pratt drain removed, Allen test normal, Murphy sign positive. Ringer lactate 1000 mL.",
        "Chest Pain Unit. Past Medical History: Type 2 Diabetes Mellitus. Blood pressure {bp}. Range 10-20, ratio 3/4, May 2 tablets be continued. Kaplan-Meier and Cox models.",
    ],
}


def common(rng: random.Random) -> Makers:
    digits = lambda count: "".join(rng.choice("0123456789") for _ in range(count))  # noqa: E731
    return {
        "bp": (None, lambda: f"{rng.randrange(95, 190)}/{rng.randrange(50, 110)}mmHg"),
        "lab": (None, lambda: f"{rng.uniform(0.5, 300):.1f}"),
        "measure": (None, lambda: str(rng.randrange(10**10, 2 * 10**10))),
        "sample": (None, lambda: rng.choice(["", "S"]) + digits(rng.choice([8, 10, 11, 12]))),
        "lot": (None, lambda: digits(8)),
        "age": (None, lambda: str(rng.randrange(18, 89))),
        "sex": (None, lambda: rng.choice("男女")),
        "mrn": (
            Kind.MEDICAL_RECORD_NUMBER,
            lambda: rng.choice(["", "ZY", "A"]) + digits(rng.choice([6, 8, 10])),
        ),
        "exam": (
            Kind.EXAMINATION_NUMBER,
            lambda: rng.choice(["", "CT", "MR", "P"]) + digits(rng.choice([7, 8, 10])),
        ),
        "serial": (Kind.DEVICE_SERIAL, lambda: rng.choice(["SN", "PX", ""]) + digits(9)),
        "insurance": (
            Kind.HEALTH_CARD,
            lambda: rng.choice(["", "H", "XK"]) + digits(rng.choice([9, 10, 12])),
        ),
        "card": (Kind.BANK_CARD, lambda: card(rng)),
        "mac": (Kind.MAC_ADDRESS, lambda: ":".join(f"{rng.randrange(256):02X}" for _ in range(6))),
        "wechat": (Kind.CHAT_ACCOUNT, lambda: rng.choice(["wx_", "lin", "doc-"]) + digits(6)),
        "account": (Kind.BANK_CARD, lambda: digits(12)),
        "passport": (Kind.PASSPORT, lambda: digits(9)),
    }


def card(rng: random.Random) -> str:
    stem = rng.choice(["622202", "621700", "4", "53"])
    stem += "".join(
        rng.choice("0123456789") for _ in range((19 if stem.startswith("62") else 16) - len(stem) - 1)
    )
    return stem + luhn.calc_check_digit(stem)


def chinese(rng: random.Random) -> Makers:
    fake = Faker("zh_CN")
    fake.seed_instance(rng.random())
    day = lambda start: fake.date_between(start, "-1d")  # noqa: E731
    formats = ["%Y年%m月%d日", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"]
    return common(rng) | {
        "name": (Kind.PERSON_NAME, fake.name),
        "id": (Kind.RESIDENT_ID, fake.ssn),
        "mobile": (Kind.MOBILE_PHONE, fake.phone_number),
        "landline": (
            Kind.LANDLINE_PHONE,
            lambda: f"{rng.choice(['010', '021', '0571', '0755'])}-{rng.randrange(20000000, 89999999)}",
        ),
        "address": (
            Kind.ADDRESS,
            lambda: (
                fake.address().split(" ")[0]
                + f"{rng.randrange(1, 300)}号"
                + rng.choice(["", f"{rng.randrange(1, 30)}栋{rng.randrange(101, 2000)}室"])
            ),
        ),
        "postcode": (Kind.POSTCODE, fake.postcode),
        "email": (Kind.EMAIL, fake.email),
        "url": (Kind.URL, fake.url),
        "ip": (Kind.IP_ADDRESS, fake.ipv4),
        "date": (Kind.DATE, lambda: day("-8y").strftime(rng.choice(formats))),
        "birth": (Kind.BIRTH_DATE, lambda: day("-85y").strftime(rng.choice(formats))),
    }


def english(rng: random.Random) -> Makers:
    fake = Faker("en_US")
    fake.seed_instance(rng.random())
    day = lambda start: fake.date_between(start, "-1d")  # noqa: E731
    formats = ["%m/%d/%Y", "%Y-%m-%d", "%B %d, %Y", "%d %b %Y", "%d-%b-%Y"]
    return common(rng) | {
        "name": (Kind.PERSON_NAME, lambda: f"{fake.first_name()} {fake.last_name()}"),
        "last": (Kind.PERSON_NAME, fake.last_name),
        "ssn": (Kind.SSN, fake.ssn),
        "landline": (Kind.LANDLINE_PHONE, fake.phone_number),
        "address": (Kind.ADDRESS, lambda: fake.address().replace("\n", ", ")),
        "email": (Kind.EMAIL, fake.email),
        "url": (Kind.URL, fake.url),
        "ip": (Kind.IP_ADDRESS, fake.ipv4),
        "plate": (
            Kind.LICENCE_PLATE,
            lambda: (
                f"{rng.choice('ABCDE')}{rng.choice('FGHJK')}{rng.choice('LMNPR')} {rng.randrange(1000, 9999)}"
            ),
        ),
        "date": (Kind.DATE, lambda: day("-8y").strftime(rng.choice(formats))),
        "birth": (Kind.BIRTH_DATE, lambda: day("-85y").strftime(rng.choice(formats))),
    }


def texts(copies: int = 40) -> list[Text]:
    """``copies`` of each template."""
    rng = random.Random(SEED)
    made = []
    for language, families, makers in (("zh", CHINESE, chinese(rng)), ("en", ENGLISH, english(rng))):
        for family, templates in families.items():
            made += [
                fill(language, family, template, makers) for template in templates for _ in range(copies)
            ]
    return made


NAMES = {
    "zh": {
        "name": ["姓名", "患者姓名", "xm", "col1"],
        "id": ["身份证号", "sfzh", "col2"],
        "mobile": ["手机号", "lxdh", "col3"],
        "landline": ["联系电话", "col4"],
        "address": ["家庭住址", "jtdz", "col5"],
        "email": ["电子邮箱", "col6"],
        "ip": ["IP地址", "col7"],
        "mac": ["MAC地址", "col8"],
        "url": ["网址", "col9"],
        "birth": ["出生日期", "csrq", "col10"],
        "date": ["入院日期", "col11"],
        "card": ["银行卡号", "col12"],
        "mrn": ["住院号", "病案号", "zyh"],
        "exam": ["检查号"],
        "insurance": ["医保卡号"],
        "postcode": ["邮编"],
        "wechat": ["微信号"],
        "serial": ["设备序列号"],
    },
    "en": {
        "name": ["patient_name", "full_name", "c1"],
        "last": ["last_name"],
        "ssn": ["ssn", "c2"],
        "landline": ["phone", "c3"],
        "address": ["address", "c4"],
        "email": ["email", "c5"],
        "ip": ["ip_address", "c6"],
        "url": ["url", "c7"],
        "birth": ["dob", "birth_date", "c8"],
        "date": ["admit_date", "c9"],
        "mrn": ["mrn", "patient_id"],
        "exam": ["accession_number"],
        "insurance": ["insurance_id"],
        "passport": ["passport_no"],
        "plate": ["license_plate"],
        "serial": ["device_serial"],
        "card": ["credit_card_number", "c10"],
    },
}


def negatives(rng: random.Random, rows: int) -> list[Column]:
    """Columns that identify no one and look as if they did."""

    def column(language: str, name: str, make: Callable[[], str]) -> Column:
        return Column(language, name, [make() for _ in range(rows)], None)

    return [
        column("zh", "病毒载量", lambda: str(rng.randrange(10**10, 10**11))),
        column(
            "zh",
            "诊断",
            lambda: rng.choice(
                [
                    "高血压",
                    "黄疸",
                    "白内障",
                    "水肿",
                    "高血脂",
                    "康复期",
                    "关节炎",
                    "安静型",
                    "石膏固定",
                    "方颅",
                    "金属过敏",
                    "支气管炎",
                    "华支睾",
                    "麻疹",
                    "包块",
                    "白血病",
                    "黄斑变性",
                ]
            ),
        ),
        column(
            "zh",
            "科室",
            lambda: rng.choice(
                ["心内科", "康复科", "神经外科", "麻醉科", "支气管镜室", "华西分院", "急诊", "呼吸科", "全科"]
            ),
        ),
        column(
            "zh",
            "城市",
            lambda: rng.choice(
                [
                    "温州",
                    "宁波",
                    "黄山",
                    "安庆",
                    "石家庄",
                    "马鞍山",
                    "江门",
                    "金华",
                    "杭州",
                    "上海",
                    "北京",
                    "成都",
                    "武汉",
                ]
            ),
        ),
        column(
            "zh",
            "药品名称",
            lambda: rng.choice(
                ["华法林", "万古霉素", "甘露醇", "阿司匹林", "雷尼替丁", "石杉碱甲", "左氧氟沙星"]
            ),
        ),
        column("zh", "性别", lambda: rng.choice("男女")),
        column("zh", "血压", lambda: f"{rng.randrange(90, 180)}/{rng.randrange(50, 110)}"),
        column("en", "reads", lambda: str(rng.randrange(10**10, 10**11))),
        column("en", "random18", lambda: str(rng.randrange(10**17, 10**18))),
        column("en", "random16", lambda: str(rng.randrange(10**15, 10**16))),
        column("en", "random8", lambda: str(rng.randrange(10**7, 10**8))),
        column("en", "creatinine", lambda: f"{rng.uniform(30, 400):.3f}"),
        column(
            "en", "icd10", lambda: f"{rng.choice('ABCDEFGIJK')}{rng.randrange(10, 99)}.{rng.randrange(10)}"
        ),
        column(
            "en",
            "diagnosis",
            lambda: rng.choice(
                [
                    "Parkinson Disease",
                    "Graves Disease",
                    "Heart Failure",
                    "Hodgkin Lymphoma",
                    "Crohn Disease",
                    "Sepsis",
                ]
            ),
        ),
        column(
            "en",
            "drug_name",
            lambda: rng.choice(["Aspirin", "Metoprolol Tartrate", "Sodium Chloride", "Insulin Glargine"]),
        ),
        column("en", "ward", lambda: rng.choice(["North Wing", "Cardiac Care Unit", "Ward 3", "East Wing"])),
        column("en", "hash", lambda: f"{rng.getrandbits(128):032x}"),
    ]


def columns(rows: int = 400) -> list[Column]:
    rng = random.Random(SEED + 1)
    made = negatives(rng, rows)
    for language, makers in (("zh", chinese(rng)), ("en", english(rng))):
        for place, names in NAMES[language].items():
            kind, make = makers[place]
            for name in names:
                for share in (1.0, 0.7):
                    made.append(
                        Column(
                            language,
                            name,
                            [make() if rng.random() < share else None for _ in range(rows)],
                            kind,
                        )
                    )
    return made
