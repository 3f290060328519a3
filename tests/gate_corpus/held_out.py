"""The first held-out part, a second part to tune on since it was run: other templates, other makers of names and
numbers, another seed than `development`. `held_out_2` took its place.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from gate_corpus.labelled import Column, Kind, Text, fill

SEED = 777_001
Makers = dict[str, tuple[Kind | None, Callable[[], str]]]

CHINESE = {
    "progress": [
        "{date} 病程记录：今日{name}教授查房，患者诉咳嗽较前减轻，体温{lab}℃，予停用头孢曲松。记录医师：{name}",
        "会诊记录。请会诊医生：{name}。患者{name}，{age}岁，{sex}，病案号：{mrn}。因血糖控制不佳请内分泌科会诊。",
        "{date}10:30，与患者之子{name}沟通病情，其表示理解。留联系方式{mobile}，住{address}。",
    ],
    "nursing": [
        "护理记录：新入患者{name}，门诊号{mrn}，由其妻子{name}陪同步行入病房，测血压{bp}。责任护士：{name}",
        "患者父亲{name}（身份证号码{id}）要求复印病历，预留邮箱{email}、手机：{mobile}，邮寄至{address}。",
    ],
    "pathology": [
        "病理诊断报告 病理号：{exam} 送检医师：{name} 收到日期：{date} 肉眼所见：灰白组织一块，大小2.5×1.8×1.0cm。复核医师：{name}",
        "超声号:{exam}；受检者姓名:{name}；出生日期:{birth}；检查者:{name}；甲状腺左叶见低回声结节，TI-RADS 4a类。",
    ],
    "administration": [
        "退费登记：户名{name}，银行账号{card}，电话{landline}，社保卡号{insurance}，车牌号{plate}。",
        "随访表：{name}，{sex}，生于{birth}，微信号：{wechat}，QQ：{qq}，护照号{passport}，设备序列号{serial}。",
    ],
    "negative": [
        "患者金黄色葡萄球菌培养阳性，应用万古霉素1g q12h，华法林2.5mg qn，INR {lab}。常规心电图、全套生化未见异常，曾行支架植入术。",
        "样本编号{sample}，检测下限{measure} IU/mL。参考区间{lab}-{lab}。符合2020年版指南，格林巴利综合征、阿尔茨海默病、雷诺现象待排。",
        "上海交通大学医学院附属瑞金医院伦理委员会批件。患者方面无特殊不适，白班护士巡视，高度近视，龙胆泻肝丸口服，安眠药停用。",
        "入院查体：T {lab}℃，P 78次/分，双侧瞳孔等大等圆。路径退出原因：程度较重。计划于下周行冠脉造影，家属同意。",
    ],
}
ENGLISH = {
    "clinic": [
        "I had the pleasure of seeing {name} in clinic on {date}. He can be reached at {phone}. Hospital number {mrn}. Hemoglobin was {lab} g/dL.",
        "Re: {name}, date of birth {birth}. Dear Dr. {last}, thank you for referring this patient with Sjogren syndrome and a Baker cyst.",
        "Mrs. {last} resides at {address} and asked that results be sent to {email}. SSN: {ssn}.",
    ],
    "nursing": [
        "Nurse {last} paged Dr. {last} at 14:30; BP {bp}. Husband ({name}) at bedside, mobile {phone}. Member ID {insurance}.",
        "Pt {name}, chart number {mrn}, transferred {date}. Insulin pump serial no. {serial}. Fax records to {phone}.",
    ],
    "radiology": [
        "Study: MRI brain. Accession #: {exam}. Performed {date}. No Chiari malformation. Signed by: {name}, MD. Images: {url} host {ip}.",
    ],
    "negative": [
        "Bell palsy, Addison disease, Wilson disease and Raynaud phenomenon excluded. Child-Pugh class B, Karnofsky 80, Mini Mental State Examination 27/30.",
        "Barcode {sample}; viral load {measure} copies/mL; eGFR {lab} mL/min; ICD-10 C34.90; heparin 5000 units; Mayo Clinic and Cleveland Clinic protocol v3.1.2.4.",
        "Physical Examination: Heart Rate 88, Oxygen Saturation 97%. Trendelenburg test negative, Kocher incision healed. Medicine: Vitamin D 1000 IU daily.",
    ],
}
CHINESE_NAMES = [
    "沈嘉树",
    "陆云舟",
    "顾念慈",
    "钱学礼",
    "周恩佑",
    "吴起航",
    "郑观应",
    "冯敬尧",
    "褚时进",
    "卫青松",
    "蒋梦麟",
    "韩少卿",
    "杨绛宁",
    "朱自华",
    "秦牧野",
    "尤立增",
    "许广平",
    "何香凝",
    "吕碧城",
    "施耐安",
    "张爱菊",
    "孔令宜",
    "曹禺山",
    "严复兴",
    "华罗英",
    "金岳霖",
    "魏巍然",
    "陶行之",
    "姜文斌",
    "戚继勇",
    "谢婉莹",
    "邹韬",
    "喻晓芳",
    "柏杨",
    "水均益",
    "窦唯",
    "章子怡然",
    "云飞扬",
    "苏步青",
    "潘光旦",
    "葛兰",
    "奚梦瑶",
    "范文澜",
    "彭湃",
    "郎静山",
    "鲁平",
    "韦悫",
    "昌明",
    "马识途",
    "苗圃",
    "凤霞",
    "花木芳",
    "方志敏",
    "俞平",
    "任鸿隽",
    "袁世勋",
    "柳亚",
    "鲍国安",
    "史良才",
    "唐生智",
    "费孝先",
    "廉政明",
    "岑春",
    "薛暮桥",
    "雷洁琼",
    "贺敬之",
    "倪萍",
    "汤显宗",
    "滕代远",
    "殷夫",
    "罗荣生",
    "毕昇文",
    "郝建秀",
    "邬福康",
    "安子文",
    "常书鸿",
    "乐嘉",
    "于右",
    "时传祥",
    "傅作礼",
    "皮定均",
    "卞之琳",
    "齐白山",
    "康克清",
    "伍廷芳",
    "余光远",
    "元好文",
    "卜凡",
    "顾城",
    "孟小冬",
    "平鑫涛",
    "黄炎",
    "和绅",
    "欧阳予倩",
    "诸葛明",
    "上官云珠",
    "司徒美堂",
    "慕容雪",
    "皇甫嵩",
    "令狐安",
    "尉迟恭",
    "李双江",
    "王阿大",
    "刘老根",
    "陈二妹",
    "赵小虎",
    "孙来娣",
    "林招弟",
    "高满仓",
    "梁金花",
    "宋桂枝",
    "董存",
    "丁玲玉",
    "石评梅",
    "崔永元",
    "侯宝林",
    "贾平",
    "邓丽筠",
    "程砚秋",
    "卢冬生",
    "田汉文",
    "蔡楚生",
]
ENGLISH_GIVEN = [
    "Oluwaseun",
    "Chinedu",
    "Ngozi",
    "Padraig",
    "Siobhan",
    "Agnieszka",
    "Zbigniew",
    "Thandiwe",
    "Kwame",
    "Lakshmi",
    "Venkatesh",
    "Rosalind",
    "Barnaby",
    "Clementine",
    "Ottoline",
    "Ignatius",
    "Mehmet",
    "Aylin",
    "Soren",
    "Astrid",
    "Guillermo",
    "Consuelo",
    "Dolores",
    "Thaddeus",
    "Winifred",
    "Percival",
    "Beatrix",
    "Cornelius",
    "Mabel",
    "Gladys",
    "Harriet",
    "Edmund",
    "Arthur",
    "Mildred",
    "Roland",
    "Yvette",
    "Benoit",
    "Tariq",
    "Noor",
    "Leila",
    "Hideo",
    "Sakura",
    "Minh",
    "Thuy",
    "Josephine",
    "Albert",
    "Vera",
    "Irene",
    "Simon",
    "Rosa",
    "Felix",
    "Nina",
    "Clara",
]
ENGLISH_LAST = [
    "Okonkwo",
    "Adeyemi",
    "O'Sullivan",
    "Gallagher",
    "Kowalczyk",
    "Nowak",
    "Dlamini",
    "Mensah",
    "Iyer",
    "Raghunathan",
    "Featherstone",
    "Hargreaves",
    "Pemberton",
    "Whitcombe",
    "Yildiz",
    "Demir",
    "Lindqvist",
    "Halvorsen",
    "Echeverria",
    "Villanueva",
    "Blackwood",
    "Ashworth",
    "Thistlewood",
    "Winterbourne",
    "Cholmondeley",
    "Haddad",
    "Khoury",
    "Tanaka",
    "Watanabe",
    "Pham",
    "Huynh",
    "Delacroix",
    "Fontaine",
    "Brandt",
    "Zimmermann",
    "Novak",
    "Petrov",
    "Ivanova",
    "Castellanos",
    "McAllister",
    "Fitzgerald",
    "Drummond",
    "Sinclair",
    "Lockwood",
    "Beaumont",
]
ROADS = [
    "建设路",
    "中山北路",
    "解放大道",
    "延安西路",
    "人民南路",
    "长江路",
    "青年街",
    "民主巷",
    "和平里",
    "光华胡同",
]
PLACES = [
    ("广东省", "广州市", "天河区"),
    ("江苏省", "苏州市", "姑苏区"),
    ("四川省", "绵阳市", "三台县"),
    ("", "上海市", "徐汇区"),
    ("湖南省", "长沙市", "浏阳市"),
    ("", "北京市", "海淀区"),
    ("广西壮族自治区", "南宁市", "青秀区"),
]
TOWNS = [
    "Albany, NY 12207",
    "Boise, Idaho",
    "Cambridge, MA 02139",
    "Dayton, OH 45402",
    "El Paso, TX 79901",
    "Fargo, ND 58102-3301",
]
STREETS = [
    "Maple Avenue",
    "Old Mill Road",
    "N. Lincoln Blvd",
    "Cedar Ln",
    "Fifth Avenue, Apt 4B",
    "Birchwood Drive",
    "Elm St",
    "Harbour View Terrace",
]


def makers(rng: random.Random) -> Makers:
    digits = lambda count: "".join(rng.choice("0123456789") for _ in range(count))  # noqa: E731
    day = lambda years: date(2025, 6, 1) - timedelta(days=rng.randrange(1, 365 * years))  # noqa: E731

    def resident() -> str:
        stem = (
            rng.choice(["440106", "320508", "510722", "310104", "430181", "110108", "450103"])
            + day(80).strftime("%Y%m%d")
            + digits(3)
        )
        return stem + mod_11_2.calc_check_digit(stem)

    def card() -> str:
        stem = rng.choice(["621226", "622848", "436742", "522964"])
        stem += digits((19 if stem.startswith("62") else 16) - 7)
        return stem + luhn.calc_check_digit(stem)

    return {
        "bp": (None, lambda: f"{rng.randrange(95, 190)}/{rng.randrange(50, 110)}"),
        "lab": (None, lambda: f"{rng.uniform(0.5, 99):.2f}"),
        "measure": (None, lambda: str(rng.randrange(13_000_000_000, 19_999_999_999))),
        "sample": (None, lambda: rng.choice(["", "B", "XH"]) + digits(rng.choice([9, 11, 13]))),
        "age": (None, lambda: str(rng.randrange(18, 89))),
        "sex": (None, lambda: rng.choice(["男", "女"])),
        "mrn": (Kind.MEDICAL_RECORD_NUMBER, lambda: rng.choice(["", "00", "B"]) + digits(rng.choice([7, 9]))),
        "exam": (
            Kind.EXAMINATION_NUMBER,
            lambda: rng.choice(["", "U", "2024-"]) + digits(rng.choice([6, 8])),
        ),
        "serial": (Kind.DEVICE_SERIAL, lambda: rng.choice(["M", "NKR"]) + digits(7)),
        "insurance": (Kind.HEALTH_CARD, lambda: rng.choice(["", "W", "ZGP"]) + digits(10)),
        "card": (Kind.BANK_CARD, card),
        "wechat": (Kind.CHAT_ACCOUNT, lambda: rng.choice(["snow", "a_", "Happy"]) + digits(5)),
        "qq": (Kind.CHAT_ACCOUNT, lambda: "3" + digits(8)),
        "passport": (Kind.PASSPORT, lambda: rng.choice("EG") + digits(8)),
        "id": (Kind.RESIDENT_ID, resident),
        "mobile": (
            Kind.MOBILE_PHONE,
            lambda: rng.choice(["{0}{1}{2}", "{0} {1} {2}", "+86 {0}{1}{2}", "{0}-{1}-{2}"]).format(
                rng.choice(["138", "159", "186", "177", "199"]), digits(4), digits(4)
            ),
        ),
        "landline": (
            Kind.LANDLINE_PHONE,
            lambda: (
                rng.choice(["020-8", "(0512)6", "0816-2", "025 8"]) + digits(6) + rng.choice("0123456789")
            ),
        ),
        "plate": (
            Kind.LICENCE_PLATE,
            lambda: (
                rng.choice("粤苏川沪湘京桂")
                + rng.choice("ABCDEF")
                + rng.choice(["", "·"])
                + rng.choice("DFHKX")
                + digits(4)
            ),
        ),
        "address": (
            Kind.ADDRESS,
            lambda: (
                "".join(rng.choice(PLACES))
                + rng.choice(ROADS)
                + f"{rng.randrange(1, 999)}号"
                + rng.choice(
                    [
                        "",
                        f"{rng.randrange(1, 40)}幢{rng.randrange(1, 6)}单元{rng.randrange(101, 3000)}室",
                        f"阳光花园{rng.randrange(1, 30)}号楼",
                    ]
                )
            ),
        ),
        "name": (Kind.PERSON_NAME, lambda: rng.choice(CHINESE_NAMES)),
        "email": (
            Kind.EMAIL,
            lambda: (
                f"{rng.choice(['snow', 'li.na', 'zw_1'])}{digits(3)}@{rng.choice(['163.com', 'qq.com', 'hospital.org.cn'])}"
            ),
        ),
        "url": (Kind.URL, lambda: f"https://pacs{digits(2)}.example.org/view?study={digits(5)}"),
        "ip": (
            Kind.IP_ADDRESS,
            lambda: f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
        ),
        "date": (Kind.DATE, lambda: day(5).strftime(rng.choice(["%Y-%m-%d", "%Y年%m月%d日", "%Y/%m/%d"]))),
        "birth": (
            Kind.BIRTH_DATE,
            lambda: day(85).strftime(rng.choice(["%Y-%m-%d", "%Y年%m月%d日", "%Y%m%d"])),
        ),
    }


def english(rng: random.Random) -> Makers:
    base = makers(rng)
    digits = lambda count: "".join(rng.choice("0123456789") for _ in range(count))  # noqa: E731
    day = lambda years: date(2025, 6, 1) - timedelta(days=rng.randrange(1, 365 * years))  # noqa: E731
    return base | {
        "name": (
            Kind.PERSON_NAME,
            lambda: (
                f"{rng.choice(ENGLISH_GIVEN)}{rng.choice(['', ' ' + rng.choice('ABCDE') + '.'])} {rng.choice(ENGLISH_LAST)}"
            ),
        ),
        "last": (Kind.PERSON_NAME, lambda: rng.choice(ENGLISH_LAST)),
        "phone": (
            Kind.LANDLINE_PHONE,
            lambda: rng.choice(["({}) {}-{}", "{}-{}-{}", "+1 {} {} {}", "{}.{}.{}"]).format(
                f"{rng.randrange(201, 989)}", f"{rng.randrange(200, 999)}", digits(4)
            ),
        ),
        "address": (
            Kind.ADDRESS,
            lambda: f"{rng.randrange(1, 9999)} {rng.choice(STREETS)}, {rng.choice(TOWNS)}",
        ),
        "ssn": (
            Kind.SSN,
            lambda: f"{rng.randrange(100, 665):03}-{rng.randrange(1, 99):02}-{rng.randrange(1, 9999):04}",
        ),
        "date": (
            Kind.DATE,
            lambda: day(5).strftime(rng.choice(["%m/%d/%Y", "%B %d, %Y", "%d %B %Y", "%b %d"])),
        ),
        "birth": (
            Kind.BIRTH_DATE,
            lambda: day(85).strftime(rng.choice(["%m/%d/%Y", "%m-%d-%Y", "%d %B %Y"])),
        ),
    }


def texts(copies: int = 40) -> list[Text]:
    """``copies`` of each template."""
    rng = random.Random(SEED)
    made = []
    for language, families, places in (("zh", CHINESE, makers(rng)), ("en", ENGLISH, english(rng))):
        for family, templates in families.items():
            made += [
                fill(language, family, template, places) for template in templates for _ in range(copies)
            ]
    return made


NAMES = {
    "zh": {
        "name": ["病人姓名", "HZXM", "v1"],
        "id": ["证件号码", "v2"],
        "mobile": ["移动电话", "v3"],
        "landline": ["家庭电话", "v4"],
        "address": ["现住址", "v5"],
        "email": ["邮箱", "v6"],
        "ip": ["v7"],
        "url": ["v8"],
        "birth": ["CSRQ", "v9"],
        "date": ["手术日期", "v10"],
        "card": ["银行账号", "v11"],
        "mrn": ["登记号", "BAH"],
        "exam": ["影像号"],
        "insurance": ["社保卡号"],
        "plate": ["车牌号", "v12"],
        "wechat": ["微信"],
        "serial": ["起搏器序列号"],
    },
    "en": {
        "name": ["PatientName", "v20"],
        "last": ["LastName"],
        "phone": ["cell_phone", "v21"],
        "address": ["home_addr", "v22"],
        "ssn": ["SSN", "v23"],
        "birth": ["DateOfBirth", "v24"],
        "date": ["visit_date"],
        "mrn": ["medical_record_number", "HOSPITAL_NO"],
        "insurance": ["member_id"],
        "serial": ["pump_serial_number"],
        "email": ["contact_email", "v25"],
        "exam": ["AccessionNumber"],
    },
}


def columns(rows: int = 300) -> list[Column]:
    rng = random.Random(SEED + 1)
    negative: dict[str, Callable[[], str]] = {
        "细胞计数": lambda: str(int(rng.lognormvariate(23.3, 0.8))),
        "手术名称": lambda: rng.choice(
            ["胆囊切除术", "支架植入术", "阑尾切除术", "关节置换术", "白内障超声乳化"]
        ),
        "中成药": lambda: rng.choice(
            ["六味地黄丸", "牛黄解毒片", "金匮肾气丸", "安宫牛黄丸", "龙胆泻肝丸", "桂枝茯苓"]
        ),
        "病种": lambda: rng.choice(
            ["麻疹", "水痘", "黄热病", "霍乱", "伤寒", "白喉", "百日咳", "应激性溃疡", "高钾血症"]
        ),
        "省份": lambda: rng.choice(["江苏", "江西", "安徽", "云南", "海南", "吉林", "河南", "宁夏", "甘肃"]),
        "organism": lambda: rng.choice(["Staphylococcus Aureus", "Escherichia Coli", "Candida Albicans"]),
        "barcode": lambda: str(rng.randrange(10**12, 10**13)),
        "volume": lambda: f"{rng.uniform(1, 9999):.2f}",
        "loinc": lambda: f"{rng.randrange(1000, 99999)}-{rng.randrange(10)}",
        "serum id token": lambda: f"{rng.getrandbits(64):016x}",
        "time": lambda: f"{rng.randrange(24):02}:{rng.randrange(60):02}",
        "exam_type": lambda: rng.choice(["Chest CT", "Brain MRI", "Abdominal Ultrasound"]),
    }
    made = [
        Column("en" if name.isascii() else "zh", name, [make() for _ in range(rows)], None)
        for name, make in negative.items()
    ]
    for language, places in (("zh", makers(rng)), ("en", english(rng))):
        for place, names in NAMES[language].items():
            kind, make = places[place]
            made += [
                Column(language, name, [make() if rng.random() < 0.8 else None for _ in range(rows)], kind)
                for name in names
            ]
    return made
