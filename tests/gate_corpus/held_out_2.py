"""The part that is only measured: other styles of notes, other makers of names, places, numbers and dates, another
seed. It was committed before the rules were opened and first run after the last change of a rule; no rule was
changed after that. But one author wrote both within minutes: docs/decisions/0017 says what its figures are worth.
Its ages of 90 and more are not labelled, though they are found: they count against precision.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from gate_corpus.labelled import Column, Kind, Text, fill

SEED = 20_261_124
Makers = dict[str, tuple[Kind | None, Callable[[], str]]]

CHINESE = {
    "ward round": [
        "{date} 08:30 主任医师{name}查房记录：患者昨夜睡眠可，体温{lab}℃，双肺呼吸音粗，继续抗感染治疗。",
        "{date}，{name}主治医师查房，补充病史：患者十年前曾行阑尾切除术。同意目前诊断。",
        "今日随{name}主任查房，{name}副主任医师、{name}住院医师在场，讨论是否行二次手术。",
        "术后第3天，{name}医生查看切口，愈合良好，拟{date}拆线。",
        "患者{name}，{sex}，{age}岁，因“反复胸闷2周”于{date}收入我科。床位{bed}床。",
        "上级医师{name}指示：加用呋塞米20mg iv，复查电解质，血钾{lab}mmol/L。记录者：{name}",
        "{date} 16:20 交班：{bed}床{name}，血压{bp}mmHg，夜间注意尿量。接班医师{name}。",
        "查房后与患者女儿{name}谈话，告知病情，{name}表示暂不考虑手术。",
    ],
    "admission": [
        "姓名：{name}  性别：{sex}  年龄：{age}岁  住院号：{mrn}  入院日期：{date}  病史陈述者：患者本人",
        "主诉：腹痛3天。现病史：患者{name}3天前进食后出现上腹痛，{date}曾就诊于社区医院，未见好转。",
        "出生年月：{birth}，籍贯不详，现住{address}，联系人{name}（夫妻），电话{mobile}。",
        "家族史：父亲体健，母亲患2型糖尿病，兄{name}患高血压。否认遗传病史。身份证号{id}。",
        "工作单位及地址：退休；户口地址：{address}；联系电话：{landline}；邮编略。",
    ],
    "discharge": [
        "出院小结：{name}，住院号{mrn}，{date}入院，{date}出院，共住院12天。出院带药阿司匹林100mg qd。",
        "出院医嘱：一月后{name}教授专家门诊复诊，携带出院小结。如有不适拨打{landline}。",
        "患者{name}于{date}好转出院，随访电话{mobile}，家属{name}签字。",
        "手术日期：{date}；术者：{name}；一助：{name}；麻醉医师：{name}；器械护士：{name}。",
        "死亡记录：{name}，{sex}，{age}岁，于{date} 03:15经抢救无效宣布临床死亡，抢救医师{name}、{name}。",
        "转科记录：{name}，病案号{mrn}，{date}由急诊科转入，转出医师{name}，转入医师{name}。",
    ],
    "referral": [
        "转诊单：兹有我院患者{name}（{sex}，{age}岁，身份证{id}）因诊断不明转贵院进一步诊治，转诊医师{name}，{date}。",
        "尊敬的{name}主任：您好！现将我科患者{name}的病情介绍如下，其血肌酐{lab}μmol/L，盼复。",
        "双向转诊回执，接诊医师：{name}，电话{mobile}，患者已于{date}到院。",
        "感谢贵科{name}医师会诊，{date}会诊意见已执行。申请医师{name}",
    ],
    "nursing": [
        "{date} 21:00 患者主诉疼痛，NRS评分4分，遵{name}医生医嘱予曲马多，护士{name}执行。",
        "夜班护士长{name}巡视病房，{bed}床患者已入睡，陪护人{name}在旁。",
        "入院宣教已完成，宣教对象：{name}之妻{name}，掌握程度：良好。",
        "输血核对：受血者{name}，住院号{mrn}，血型A型Rh阳性，核对者{name}/{name}。",
        "压疮评估：Braden评分14分，责任护士{name}，护理组长{name}审核，{date}。",
        "{name}，{bed}床，跌倒高风险，已告知其儿子{name}留陪，电话{mobile}。",
        "患者丈夫{name}来电{mobile}询问术后情况，已转告{name}护士。",
    ],
    "reports": [
        "检查号：{exam}  姓名：{name}  检查日期：{date}  影像所见：右肺上叶磨玻璃结节，直径约8mm。报告医师：{name}  审核医师：{name}",
        "病理号{exam}，送检单位本院胃镜室，标本接收{date}，诊断医师{name}：（胃窦）慢性萎缩性胃炎，肠化（++）。",
        "心电图报告 {name} {sex} {age}岁 门诊号{mrn} 窦性心律，心率72次/分，PR间期160ms。诊断者：{name}",
        "内镜检查号:{exam} 操作医师:{name} 助手:{name} 插镜至回盲部，退镜8分钟，所见黏膜光滑。",
        "检验者：{name} 审核者：{name} 采样时间：{date} 07:10 报告时间：{date} 11:45 白细胞{lab}×10^9/L",
        "植入物登记：人工髋关节假体，序列号{serial}，患者{name}，手术医师{name}，{date}植入。",
    ],
    "telephone": [
        "{date}电话随访：接电话者为患者之女{name}，诉父亲{name}近日食欲差，嘱门诊复查。",
        "致电{mobile}，{name}先生接听，自述无胸痛；预约{date}复诊。",
        "{name}女士来电咨询报告结果，回拨{landline}无人接听，改发邮件至{email}。",
        "第三次随访未接通，号码{mobile}停机，备用联系人{name}（同事）微信号{wechat}。",
    ],
    "consent": [
        "本人{name}（身份证号：{id}）已充分了解手术风险，同意接受手术。患者签名：{name} 日期：{date}",
        "受托人{name}，与患者关系：姐弟，联系方式：{mobile}，住址：{address}。",
        "告知医师签名：{name}    患者或法定代理人：{name}    签署日期：{date}",
        "受试者{name}自愿参加本研究，研究者{name}已解释知情同意书V2.0版内容，{date}。",
        "监护人{name}代签，系患儿{name}之祖母，患儿出生于{birth}。",
    ],
    "insurance": [
        "参保人{name}，医保卡号{insurance}，{date}住院费用{money}元，已结算。经办人：{name}",
        "理赔申请书：被保险人{name}，出生日期{birth}，开户行工商银行，卡号{card}，手机号码{mobile}。",
        "异地就医备案：{name}，{id}，备案地址{address}，有效期至{date}。",
        "发票抬头：{name}；寄送地址：{address}；收件人电话：{mobile}。",
    ],
    "negative": [
        "患者高热不退，予温水擦浴；方颅、鸡胸未见；白蛋白{lab}g/L，金标法阴性，常规消毒后穿刺。",
        "考虑帕金森病、桥本甲状腺炎、库欣综合征鉴别，必要时行布氏杆菌凝集试验。",
        "医师指导下用药，护士站监护，主任办公会讨论通过本路径，家属表示感谢。",
        "胆囊大小{lab}×3.2cm，肝右叶斜径13.5cm，门静脉主干1.1cm，比例1:1000。",
        "试剂批号{lot}，标本条码{sample}，HBV-DNA {measure} IU/mL，{bp}为测量值，参考{lab}-{lab}。",
        "黄疸、水肿、白细胞计数升高，于术中见粘连严重，全麻成功后常规开腹，毛细血管渗血。",
        "华山医院神经外科、湘雅医院及同济医院多中心研究，纳入320例，随访36个月，OS {lab}个月。",
        "陈旧性心肌梗死，钱币状阴影，石淋，牛皮癣，马蹄肾，冷沉淀，安定片5mg，康复新液10ml tid。",
    ],
}
ENGLISH = {
    "ward round": [
        "WR {date} - Dr {name}. Day 3 post op. Obs stable, BP {bp}. Plan: step down to oral antibiotics.",
        "Seen on the ward round with {name} (consultant) and {name} (registrar). CRP {lab}, falling.",
        "{date} 09:15 Attending: {name}. Patient alert, tolerating diet. Continue enoxaparin 40 mg daily.",
        "Mr {last} slept well. Seen by Dr {last}, who agrees with discharge on {date}.",
        "Bed {bed}: {name}, {age}F, admitted {date} with chest pain; troponin {lab} ng/L.",
        "Discussed at MDT, present: Dr {last}, Dr {last}, Sister {last}. Outcome: radiotherapy.",
    ],
    "referral": [
        "Dear Dr {last}, Thank you for seeing {name}, DOB {birth}, who has had three months of weight loss.",
        "RE: {name}  DOB: {birth}  MRN: {mrn}  I would be grateful for your opinion on her anaemia, Hb {lab}.",
        "Referral from Dr. {name}, {address}, telephone {phone}. Reason: new onset atrial fibrillation.",
        "Many thanks for referring this {age}-year-old teacher. I reviewed Ms {last} on {date}. Yours sincerely, {name}, Consultant Physician",
        "Kind regards, Dr {name}, {email}. cc: Prof {last}",
        "We reviewed {name} today. Mr {last} was born on {birth} and works as a joiner.",
        "Please copy correspondence to the patient at {address}.",
    ],
    "nursing": [
        "{date} 22:40 Pt anxious, reassured. Daughter {name} telephoned, contact {phone}. RN {last}",
        "Dressing changed by Nurse {last}. Wound 3 x 2 cm, clean. Next review {date}.",
        "Patient's wife, {name}, is next of kin; mobile {phone}.",
        "Handover given to {name}, RN. IV cannula sited {date}, left forearm.",
        "Patient name: {name}. MRN {mrn}. Allergies: penicillin. Falls risk high. Signed: {name}",
        "Mother ({name}) present throughout; father, {name}, updated by phone.",
        "Transfused 2 units, checked by {name} and {name}.",
    ],
    "discharge": [
        "DISCHARGE SUMMARY Patient: {name} Date of Birth: {birth} Admitted: {date} Discharged: {date}",
        "Attending physician: {name}, MD. Follow up with Dr. {last} in two weeks, call {phone}.",
        "{name} was discharged home on {date} in the care of her son {name}.",
        "Admit Date: {date}  Discharge Date: {date}  Account number: {mrn}  PCP: {name}",
        "Mr. {last} is a {age}-year-old man with COPD who presented on {date}. Mr. {last} improved with nebulizers.",
        "Surgeon: {name}. Assistant: {name}. Anesthesiologist: {name}. Date of surgery: {date}.",
        "Device: dual chamber pacemaker, serial number {serial}, implanted {date} by Dr {last}.",
    ],
    "reports": [
        "Accession number: {exam}. Patient: {name}. Exam date: {date}. Comparison: {date}. No acute fracture.",
        "Dictated by: {name}, MD. Electronically signed by {name} on {date} at 14:02.",
        "Specimen {exam} received {date}; Pathologist: {name}. Margins clear by {lab} mm.",
        "Ordering provider: {name}. Result called to {name} at 16:10 and read back.",
        "ECG {date}: sinus rhythm, QTc 432 ms. Reported by Dr {name}.",
    ],
    "telephone": [
        "T/C from pt's sister {name} on {phone} re test results. Advised to book. {name}, practice nurse.",
        "Telephone consultation {date}. Spoke to {name}. Confirmed DOB {birth} and address {address}.",
        "Left voicemail for Mrs {last} at {phone}; emailed {email}.",
        "Caller: {name}. Relationship: carer. Callback number: {phone}.",
        "Ms. {last} called to say she moved to {address}.",
    ],
    "consent": [
        "I, {name}, consent to the procedure explained to me by Dr {name}. Date: {date}",
        "Signature of patient: {name}   Witness: {name}   Dated {date}",
        "Interpreter: {name}. Parent/guardian: {name}. Child's date of birth: {birth}.",
        "Participant {name} gave written consent on {date}; investigator {name}.",
    ],
    "insurance": [
        "Claimant: {name}. SSN {ssn}. Policy holder born {birth}. Member ID: {insurance}.",
        "To whom it may concern: {name} (d.o.b. {birth}) has been under my care since {date}.",
        "Subscriber ID {insurance}, billing address {address}, card {card}.",
        "Employer letter for {name}: unfit for work until {date}. Fax {phone}.",
    ],
    "negative": [
        "Glasgow Coma Scale 15/15. Romberg negative, Babinski downgoing, Hoffmann absent.",
        "Hodgkin lymphoma stage IIA, Ann Arbor; Gleason 3+4=7; Breslow {lab} mm; Duke criteria met.",
        "May improve with physiotherapy. March fracture healed. Will review in 6/52. Ratio 5/12.",
        "Wound Care Clinic, St Thomas protocol; Foley catheter, Hickman line, Jackson-Pratt drain in situ.",
        "Lot {lot}, barcode {sample}, viral load {measure} copies/mL, eGFR {lab}, BP {bp}.",
        "Patient denies chest pain. Doctor on call informed. Nurse Practitioner clinic. Mother well.",
        "Past Medical History: Type 2 Diabetes, Crohn disease, Graves disease. Social History: Never Smoked.",
        "Paracetamol 1 g QDS, Augmentin 625 mg TDS, Clexane 40 mg. Discharge Medications unchanged.",
        "Dr on call to review. Sister in law has Parkinson disease. Signed consent in notes. 10 Park visits.",
    ],
}
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍"
    "涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑"
)
DOUBLE = ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "夏侯", "尉迟"]
OLDER = (
    "国建志永明德文华玉秀桂淑凤兰英珍芳荣贵福生根发财有金银海山庆祥春林才全义忠良胜利军兵红梅霞萍琴莲菊香娥"
)
YOUNGER = (
    "伟磊涛鹏超强勇杰斌波辉浩宇轩泽梓涵睿博思雨欣怡佳琪诗婷雪静洁莹倩颖璐瑶梦妍晨阳子墨一诺沐辰俊熙奕铭晟钰"
    "彤昕悦可馨语桐若嘉懿皓瀚楷煜锐翔凯旭东晓燕丽敏慧娟艳娜蓉岚茜薇羽逸"
)
GIVEN = [
    "James",
    "Margaret",
    "Susan",
    "Michael",
    "Linda",
    "Kevin",
    "Deborah",
    "Gareth",
    "Rhiannon",
    "Callum",
    "Eilidh",
    "Niamh",
    "Cormac",
    "Fatima",
    "Hassan",
    "Yusuf",
    "Amina",
    "Ravi",
    "Priya",
    "Sunita",
    "Arjun",
    "Deepak",
    "Wei",
    "Xiaoling",
    "Jun",
    "Mei",
    "Hiroshi",
    "Yuki",
    "Ji-woo",
    "Min-jun",
    "Carlos",
    "Lucia",
    "Mateo",
    "Valentina",
    "Joao",
    "Beatriz",
    "Giulia",
    "Matteo",
    "Luca",
    "Pierre",
    "Camille",
    "Hans",
    "Ingrid",
    "Anders",
    "Katarzyna",
    "Piotr",
    "Olga",
    "Dmitri",
    "Svetlana",
    "Elena",
    "Nikos",
    "Ioana",
    "Emeka",
    "Adaeze",
    "Kofi",
    "Abena",
    "Tendai",
    "Zanele",
    "Aroha",
    "Tane",
    "Jacqueline",
    "Wendell",
    "Latoya",
    "Darnell",
    "Brittany",
    "Tyler",
    "Megan",
    "Ashley",
    "Dorothy",
    "Walter",
    "Eugene",
    "Phyllis",
    "Norman",
    "Doreen",
    "Trevor",
    "Hazel",
    "Ivy",
    "Grace",
    "Joy",
    "Faith",
    "Dawn",
    "Amber",
]
LAST = [
    "Smith",
    "Jones",
    "Taylor",
    "Brown",
    "Williams",
    "Davies",
    "Evans",
    "Thomas",
    "Roberts",
    "Walker",
    "Robinson",
    "Thompson",
    "Wright",
    "Hughes",
    "Edwards",
    "Green",
    "Hall",
    "Wood",
    "Harris",
    "Clarke",
    "Patel",
    "Khan",
    "Begum",
    "Ahmed",
    "Singh",
    "Kaur",
    "Sharma",
    "Gupta",
    "Reddy",
    "Chen",
    "Wang",
    "Zhang",
    "Li",
    "Liu",
    "Nguyen",
    "Tran",
    "Kim",
    "Park",
    "Choi",
    "Yamamoto",
    "Suzuki",
    "Garcia",
    "Rodriguez",
    "Fernandez",
    "Lopez",
    "Silva",
    "Santos",
    "Rossi",
    "Bianchi",
    "Dupont",
    "Lefevre",
    "Mueller",
    "Schneider",
    "Johansson",
    "Nielsen",
    "Wisniewska",
    "Lewandowski",
    "Sokolova",
    "Papadopoulos",
    "Popescu",
    "Eze",
    "Obi",
    "Owusu",
    "Asante",
    "Moyo",
    "Ndlovu",
    "MacLeod",
    "McDonald",
    "O'Connor",
    "O'Brien",
    "Campbell-Reid",
    "Murphy",
    "Ryan",
    "Hernandez-Ruiz",
    "Washington",
    "Jefferson",
    "Bailey",
    "Cooper",
    "Foster",
    "Price",
    "Bennett",
    "Long",
    "Young",
    "Baker",
    "King",
    "Hill",
    "Underwood",
    "Pritchard",
    "Llewellyn",
]
AREAS = [
    ("浙江省", "杭州市", "西湖区"),
    ("山东省", "青岛市", "市南区"),
    ("河南省", "洛阳市", "嵩县"),
    ("湖北省", "武汉市", "洪山区"),
    ("福建省", "厦门市", "思明区"),
    ("辽宁省", "大连市", "中山区"),
    ("陕西省", "西安市", "雁塔区"),
    ("河北省", "保定市", "定州市"),
    ("贵州省", "遵义市", "湄潭县"),
    ("", "重庆市", "渝北区"),
    ("", "天津市", "河西区"),
    ("内蒙古自治区", "赤峰市", "松山区"),
]
ROADS = [
    "文一西路",
    "香港中路",
    "珞喻路",
    "湖滨南路",
    "五四大街",
    "长安南路",
    "学府路",
    "新华街",
    "迎宾大道",
    "友谊路",
    "工农路",
    "环城北路",
    "大寨路",
]
ESTATES = ["翠苑新村", "万科金域", "紫荆花园", "幸福小区", "锦绣家园", "绿地公馆", "教师公寓"]
VILLAGES = ["大王庄村", "石桥镇李家湾村", "青山乡前进村", "柳河镇东风村三组", "马集镇后刘村"]
STREETS = [
    "High Street",
    "Church Lane",
    "Victoria Road",
    "Station Road",
    "Oakfield Crescent",
    "Queens Way",
    "W 42nd Street",
    "Sunset Boulevard",
    "Peachtree Court",
    "Lakeview Dr",
    "Washington Ave",
    "Mill Close",
    "Riverside Pl",
    "Pine Hill Rd",
]
TOWNS = [
    "Leeds LS6 3AB",
    "Bristol BS1 5TR",
    "Cardiff, CF24 0DE",
    "Edinburgh EH8 9YL",
    "Columbus, OH 43215",
    "Austin, TX 78704",
    "Portland, Oregon 97205",
    "Springfield, IL 62701",
    "Atlanta, GA 30303",
    "Manchester M14 6HR",
]


def _shared(rng: random.Random) -> Makers:
    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    def card() -> str:
        stem = rng.choice(["621700", "622202", "623058", "455676"])
        stem += digits((19 if stem.startswith("62") else 16) - 7)
        return stem + luhn.calc_check_digit(stem)

    return {
        "bp": (None, lambda: f"{rng.randrange(90, 185)}/{rng.randrange(48, 112)}"),
        "lab": (None, lambda: f"{rng.uniform(1, 200):.1f}"),
        "measure": (
            None,
            lambda: rng.choice([f"{rng.uniform(1, 9):.2f}E+06", str(rng.randrange(10**4, 10**8))]),
        ),
        "sample": (None, lambda: digits(rng.choice([10, 12]))),
        "lot": (None, lambda: rng.choice("ABKL") + digits(6)),
        "bed": (None, lambda: rng.choice(["", "+"]) + str(rng.randrange(1, 60))),
        "age": (None, lambda: str(rng.randrange(19, 92))),
        "sex": (None, lambda: rng.choice("男女")),
        "money": (None, lambda: f"{rng.uniform(500, 90000):.2f}"),
        "mrn": (
            Kind.MEDICAL_RECORD_NUMBER,
            lambda: rng.choice(["ZY", "00", "", "H"]) + digits(rng.choice([6, 8, 10])),
        ),
        "exam": (
            Kind.EXAMINATION_NUMBER,
            lambda: rng.choice(["CT", "B2025", "S25-", "", "MR"]) + digits(rng.choice([5, 7])),
        ),
        "serial": (Kind.DEVICE_SERIAL, lambda: rng.choice(["PJN", "SN", "RE"]) + digits(6)),
        "insurance": (Kind.HEALTH_CARD, lambda: rng.choice(["", "H", "XEB"]) + digits(9)),
        "card": (Kind.BANK_CARD, card),
        "wechat": (Kind.CHAT_ACCOUNT, lambda: rng.choice(["wx_", "yang", "Lily-"]) + digits(4)),
        "email": (
            Kind.EMAIL,
            lambda: (
                f"{rng.choice(['j.smith', 'liwei', 'k_chen', 'office'])}{digits(2)}"
                f"@{rng.choice(['126.com', 'gmail.com', 'nhs.example.net', 'sina.cn'])}"
            ),
        ),
    }


def _written(rng: random.Random, years: int, styles: list[str]) -> str:
    day = date(2026, 5, 1) - timedelta(days=rng.randrange(1, 365 * years))
    names = {"y": day.year, "m": day.month, "d": day.day, "b": day.strftime("%b"), "B": day.strftime("%B")}
    return rng.choice(styles).format(yy=day.year % 100, **names)


def chinese(rng: random.Random) -> Makers:
    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    def name() -> str:
        surname = rng.choice(DOUBLE) if rng.random() < 0.02 else rng.choice(SURNAMES)
        pool = rng.choice([OLDER, YOUNGER])
        return surname + "".join(rng.choice(pool) for _ in range(1 if rng.random() < 0.2 else 2))

    def address() -> str:
        province, city, county = rng.choice(AREAS)
        head = rng.choice([province + city + county, city + county, county])
        if rng.random() < 0.25:
            return head + rng.choice(VILLAGES) + rng.choice(["", f"{rng.randrange(1, 200)}号"])
        room = f"{rng.randrange(1, 30)}号楼{rng.randrange(1, 5)}单元{rng.randrange(101, 2500)}"
        return (
            head
            + rng.choice(ROADS)
            + f"{rng.randrange(1, 600)}号"
            + rng.choice(["", rng.choice(ESTATES) + room, rng.choice(ESTATES) + room + "室"])
        )

    def resident() -> str:
        stem = rng.choice(["330106", "370202", "420111", "350203", "610113", "500112", "150404"])
        stem += _written(rng, 85, ["{y}{m:02}{d:02}"]) + digits(3)
        return stem + mod_11_2.calc_check_digit(stem)

    return _shared(rng) | {
        "name": (Kind.PERSON_NAME, name),
        "address": (Kind.ADDRESS, address),
        "id": (Kind.RESIDENT_ID, resident),
        "mobile": (
            Kind.MOBILE_PHONE,
            lambda: rng.choice(["{}{}{}", "{}{}{}", "{}-{}-{}", "{} {} {}"]).format(
                rng.choice(["135", "150", "188", "173", "191", "166"]), digits(4), digits(4)
            ),
        ),
        "landline": (
            Kind.LANDLINE_PHONE,
            lambda: rng.choice(["0571-8{}", "010-6{}", "(022)2{}", "0532 8{}"]).format(digits(7)),
        ),
        "date": (
            Kind.DATE,
            lambda: _written(
                rng,
                4,
                ["{y}-{m:02}-{d:02}", "{y}年{m}月{d}日", "{y}.{m:02}.{d:02}", "{y}/{m}/{d}", "{m}月{d}日"],
            ),
        ),
        "birth": (
            Kind.BIRTH_DATE,
            lambda: _written(
                rng, 90, ["{y}-{m:02}-{d:02}", "{y}年{m}月{d}日", "{y}.{m}.{d}", "{y}{m:02}{d:02}"]
            ),
        ),
    }


def english(rng: random.Random) -> Makers:
    def digits(count: int) -> str:
        return "".join(rng.choice("0123456789") for _ in range(count))

    middle = ["", "", "", " " + "J.", " " + "M"]
    return _shared(rng) | {
        "name": (Kind.PERSON_NAME, lambda: rng.choice(GIVEN) + rng.choice(middle) + " " + rng.choice(LAST)),
        "last": (Kind.PERSON_NAME, lambda: rng.choice(LAST)),
        "phone": (
            Kind.LANDLINE_PHONE,
            lambda: rng.choice(
                [
                    f"({rng.randrange(205, 980)}) {rng.randrange(210, 999)}-{digits(4)}",
                    f"{rng.randrange(205, 980)}-{rng.randrange(210, 999)}-{digits(4)}",
                    f"07{rng.randrange(400, 999)} {digits(6)}",
                    f"0113 {rng.randrange(200, 999)} {digits(4)}",
                    f"+44 20 7{digits(3)} {digits(4)}",
                ]
            ),
        ),
        "address": (
            Kind.ADDRESS,
            lambda: (
                rng.choice(["", "", "Flat 2, "])
                + f"{rng.randrange(1, 2500)} {rng.choice(STREETS)}, {rng.choice(TOWNS)}"
            ),
        ),
        "ssn": (
            Kind.SSN,
            lambda: f"{rng.randrange(101, 660)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}",
        ),
        "date": (
            Kind.DATE,
            lambda: _written(
                rng,
                4,
                [
                    "{m}/{d}/{y}",
                    "{m:02}/{d:02}/{yy:02}",
                    "{d} {B} {y}",
                    "{B} {d}, {y}",
                    "{d}-{b}-{y}",
                    "{d} {b}",
                ],
            ),
        ),
        "birth": (
            Kind.BIRTH_DATE,
            lambda: _written(
                rng,
                90,
                ["{d:02}/{m:02}/{y}", "{m}/{d}/{y}", "{d} {b} {y}", "{B} {d}, {y}", "{y}-{m:02}-{d:02}"],
            ),
        ),
    }


def texts(copies: int = 20) -> list[Text]:
    """``copies`` of each template."""
    rng = random.Random(SEED)
    return [
        fill(language, family, template, places)
        for language, families, places in (("zh", CHINESE, chinese(rng)), ("en", ENGLISH, english(rng)))
        for family, templates in families.items()
        for template in templates
        for _ in range(copies)
    ]


HEADINGS = {
    "zh": {
        "name": ["患者姓名", "XM", "xingming", "主刀医师", "f1"],
        "id": ["身份证", "SFZH", "f2"],
        "mobile": ["联系电话", "SJHM", "f3"],
        "landline": ["座机", "f4"],
        "address": ["居住地址", "JTZZ", "f5"],
        "email": ["电子邮箱", "f6"],
        "birth": ["出生日期", "chushengriqi", "f7"],
        "date": ["出院时间", "RYRQ", "f8"],
        "card": ["银行卡号", "f9"],
        "mrn": ["住院号", "ZYH", "门诊号"],
        "exam": ["检查号", "病理号"],
        "insurance": ["医保卡号"],
        "wechat": ["微信号"],
        "serial": ["植入物序列号"],
    },
    "en": {
        "name": ["patient_name", "Surgeon", "pt_nm", "next_of_kin", "c1"],
        "last": ["surname", "family_name"],
        "phone": ["telephone", "Contact Number", "mob_no", "c2"],
        "address": ["address_line_1", "residence", "c3"],
        "ssn": ["social_security_number", "c4"],
        "birth": ["dob", "birth_dt", "c5"],
        "date": ["admission_date", "dischargeDt", "c6"],
        "mrn": ["MRN", "patient_id", "hosp_no"],
        "insurance": ["subscriber_id"],
        "serial": ["device_serial"],
        "email": ["email_addr", "c7"],
        "exam": ["accession_no"],
        "card": ["card_number"],
    },
}


def columns(rows: int = 250) -> list[Column]:
    """Every heading of ``HEADINGS`` once, and columns that identify no one."""
    rng = random.Random(SEED + 1)
    negative: dict[str, Callable[[], str]] = {
        "诊断名称": lambda: rng.choice(
            ["高血压病", "冠心病", "胃溃疡", "石骨症", "白癜风", "黄斑变性", "马尾综合征", "肺结核"]
        ),
        "科室": lambda: rng.choice(["心内科", "骨科", "康复科", "急诊科", "全科", "血液科", "安宁疗护科"]),
        "药品": lambda: rng.choice(
            ["安体舒通", "阿莫西林", "胡黄连", "白芍", "金银花", "石斛", "丹参", "黄芪", "陈皮", "华蟾素"]
        ),
        "民族": lambda: rng.choice(["汉族", "回族", "满族", "苗族", "白族", "蒙古族", "藏族"]),
        "血小板": lambda: str(rng.randrange(20, 600)),
        "备注": lambda: rng.choice(["无", "正常", "待查", "复查", "空腹", "溶血", "随访", "拒绝"]),
        "ward": lambda: rng.choice(["Cedar Ward", "Ward 7B", "Intensive Care", "Day Surgery"]),
        "diagnosis": lambda: rng.choice(
            ["Graves Disease", "Bell Palsy", "Atrial Fibrillation", "Crohn Disease"]
        ),
        "drug": lambda: rng.choice(["Amoxicillin", "Lisinopril", "Sodium Chloride", "Folic Acid"]),
        "sample_barcode": lambda: str(rng.randrange(10**9, 10**10)),
        "score": lambda: str(rng.randrange(0, 101)),
        "blood_pressure": lambda: f"{rng.randrange(90, 180)}/{rng.randrange(50, 110)}",
    }
    made = [
        Column("en" if name.isascii() else "zh", name, [make() for _ in range(rows)], None)
        for name, make in negative.items()
    ]
    for language, places in (("zh", chinese(rng)), ("en", english(rng))):
        for place, names in HEADINGS[language].items():
            kind, make = places[place]
            made += [
                Column(language, name, [make() if rng.random() < 0.85 else None for _ in range(rows)], kind)
                for name in names
            ]
    return made
