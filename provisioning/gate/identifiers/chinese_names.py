"""Names of people in Chinese: surnames, what a given name is made of, and the words beside a name.

The tables are general knowledge: the frequent surnames of the mainland and the characters that given
names are made of. They decide only together: a surname alone is an ordinary word as often as a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioning.gate.identifiers.found import Candidate
from provisioning.gate.identifiers.kinds import Kind

SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
    "庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边"
    "辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺帅肖闫佘付代涂占佀麦农尚"
    "鹿哈召丰支刑权幸邝戈生巴麻储勾师亓危瓮"
)
COMPOUND = frozenset(
    ["欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟", "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离", "长孙", "宇文", "司徒", "鲜于", "司空", "令狐", "百里", "呼延", "东郭", "南门", "轩辕", "西门", "拓跋", "完颜", "纳兰"]
)
GIVEN = frozenset(
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰玲红梅玉华建国文辉志力斌波宁浩亮政谦亨奇固之轮翰朗伯宏言若鸣朋栋维启克伦翔旭鹏泽晨辰士以家致树炎德行时泰盛雄琛钧冠策腾楠榕风航弘义兴良海山仁贵福生龙元全胜学祥才发武新利清飞彬富顺信子"
    "昌成康星光天达安岩中茂进林有坚和彪博诚先敬震振壮会思群豪心邦承乐绍功松善厚庆民友裕河哲江浩毅俊峰世广保东永健轩昊宇嘉懿煜城睿皓烨霖铭瑞欣怡雨婷雅涵梓琪佳慧莹雪琳晗瑶倩妍茜秋珊莎锦黛青婧姣婉娴瑾颖露瑶妹琼勤珍贞莉凤洁琴素云莲真环荣爱香月莺媛红春菊"
    "芬芝蓉眉君淑惠珠翠巧美荷丹茵菲寒伊亚宜可姬舒影荔枝丽阳妮悠馨璐凡蕾薇菁梦岚苑筠柔竹霭凝晓欢枫芸韵融园艺咏卿聪澜纯毓昭冰爽琬茗羽希亦萱诗语彤萌悦颜宸沐辛奕诺楚萍丰忠礼福根水土金银来宝喜连长满堂运传继祖宗培基权桦柏槐庭轩霄渊深源滨洲沛沁润泓淼洪湘"
    "滢漫潇涵晖昕晟晶景暖曦曼旺昆昌智暄骏驰骁驹鸿雁鹤鸾燕鹃凯益坤乾均圣堃增墨壁培佩仪仲任侠保俐倩偉健儒优卓卫原又双叶吉向君吟启咏哲唯善喆嘉园国圆堂复夏多大奎奕如妙始姗娅婵婕嫣嫦孝孟季安定宛宝宣容宽宾密富寿小少尚尧展屹岭岳峻崇川帅帆希干广庚廷延建开弛强彤彦彩征律徽志忆"
    "怀怡恒恩恬悟惟愉慈慕懋成戈扬承抒拓挺捷揚敏教敦斐斯方旋日昀映春昱显晋普暮朝木本朴杏杨杭柳桃桐桥梁棋棠森椿楷楼榆模樱欧正步殿毓毅水沙治泉法泳津济涓淇淑清温港湛溪漪潘澄激灵灿炜炫炳烁烈焕焱然煌照熙燃爱牧特狄玄玮玥玫珂珈珏理琦琪瑛瑜璇璋璞甜用甫田男畅番白百盈盼真睦知石砚碧磊礼社祎祺禄秉科程穗立竣章端笑笛简箐篷米精紫红纪纬经绍绣维缘罗群翊翎耀聪肖胤能自舟艳芊花芮苗英茹草荀荃莎菡萧葵蒙蓝蔓蕊薪藤虎虹行衡裕西观言许诚诠诺谊谋谨豫贝贤赐赞赫超越跃路轩轲辉辛达迅迎远逸逢道邦郁配里野量钊钢钦铁铭锋锐镇镕长门闻阔阳际陆隆雄雷霆霏霓静非韬音韶项顺颂颢风飒馥香骄骥高魁鲁鸥鹏鹭麒麟黎默鼎齐龄龙"
    "雯丽玺瑄柯霜琰恺泊淳霁璟珺菀沫苒熠骞晏靖赟菁轶勋崧楹蓓蕴旻钰炅茉臻翌侃弋铮铎锴彧劼珲瑗璨潼澍淮沅芷苡莞荻菱蕙蘅馥"
)
"""Characters that given names are made of."""
WORDS = tuple(
    ["高血压", "高热", "高血脂", "高血糖", "高脂", "高烧", "高度", "高危", "高龄", "高尿酸", "高密度", "高分", "高清", "高频", "黄疸", "黄染", "黄色", "黄体", "黄斑", "黄芪", "白细胞", "白蛋白", "白带", "白内障", "白色", "白血病", "白班", "白介", "白天", "于是", "周身", "周围", "周期", "周岁", "周边", "周一", "周二", "周三", "周四", "周五", "周六", "周日", "周后", "周前", "方可", "方案", "方法", "方便", "方向", "安静", "安慰", "安全", "安装", "安排", "安眠", "金属", "金黄", "时间", "时常", "时有", "时感", "时伴", "时许", "时候", "时起", "常规", "常有", "常见", "常伴", "常年", "平素", "平时", "平卧", "水肿", "水样", "温度", "温水", "康复", "严重", "严格", "严密", "经常", "全身", "全麻", "全程", "全腹", "全家", "全部", "查体", "查血", "查房", "查因", "解尿", "解便", "解除", "解痉", "解热", "华法林", "万古霉素", "万元", "包块", "包括", "包膜", "毛发", "毛细", "毛玻璃", "石膏", "石蜡", "曾因", "曾有", "曾经", "曾于", "曾在", "曾行", "曾用", "曾服", "曾患", "曾多", "应用", "应激", "应予", "应注意", "向家属", "向患者", "向上", "车祸", "甘油", "甘露醇", "支气管", "支架", "支持", "支配", "单发", "单纯", "单侧", "单位", "单核", "单次", "单人", "明显", "明确", "明日", "明天", "明年", "戴镜", "项目", "路途", "路过", "左侧", "左下", "左上", "左肺", "左肾", "左右", "左手", "左眼", "左膝", "左心", "左肩", "左足", "左腿", "左耳", "左乳", "左前", "左后", "左中", "左室", "步行", "强直", "强烈", "强化", "强调", "易怒", "易激", "易出", "易疲", "易感", "易碎", "丰富", "丰满", "关节", "关于", "关系", "关心", "关注", "关闭", "游走", "游离", "权衡", "顾虑", "连续", "连接", "连同", "生命", "生长", "生化", "生育", "生活", "生于", "生产", "生理", "生后", "和家属", "和患者", "原因", "原发", "原位", "原有", "原籍", "计划", "计算", "计数", "来院", "来我院", "来诊", "来自", "来源", "代谢", "代诉", "代述", "代理", "代签", "代表", "付费", "付款", "任何", "成人", "成年", "成功", "成熟", "成形", "成分", "阳性", "阳气", "同意", "施行", "施术", "花粉", "花生", "麻醉", "麻木", "麻疹", "都有", "都是", "农民", "农村", "农药", "农合", "尚可", "尚有", "尚未", "尚清", "尚能", "保持", "保守", "保险", "保护", "保留", "保温", "储存", "师傅", "巴氏", "危险", "危重", "危急", "官能", "官网", "管理", "管腔", "管道", "管床", "简单", "简要", "商量", "商人", "商业", "宫颈", "宫腔", "宫缩", "宫口", "段落", "段切除", "武汉", "武警", "文化", "文盲", "文献", "文件", "江苏", "江西", "江浙", "浙江", "广东", "上海", "云南", "温州", "安徽", "河南", "海南", "吉林", "山东", "石家庄", "马上", "马来酸", "钱包", "钟点", "钟后", "席汉", "陈旧", "陈述", "程度", "程序", "程控", "夏季", "夏天", "冬季", "林区", "何种", "何时", "何处", "罗氏", "罗音", "梁段", "宋体", "唐氏", "唐筛", "唐山", "冯氏", "董事", "许可", "许久", "许多", "沈阳", "苏醒", "苏州", "叶酸", "叶片", "杜绝", "田间", "范围", "姜片", "史无", "史有", "史者", "史及", "汤药", "汤剂", "龙胆", "万分", "雷诺", "雷公藤", "雷尼", "雷米", "雷贝", "贺普丁", "赖脯", "赖氨", "兰索", "兰州", "洪水", "颜面", "颜色", "温和", "温热", "季节", "季肋", "章节", "鲁米", "葛根", "伍用", "申请", "尤其", "尤以", "毕业", "焦虑", "柳氮", "邢台", "岳父", "岳母", "齐全", "莫西", "莫沙", "庄重", "祝好", "涂片", "涂抹", "谷丙", "谷草", "谷氨", "舒张", "舒适", "舒服", "舒芬", "耿直", "纪要", "盛行", "童年", "曲线", "曲张", "曲马", "成都", "卫生", "卫校", "鲍曼", "位于", "位置", "位移", "翁婿", "隋唐", "植入", "植皮", "植物", "景象", "薄弱", "薄层", "司法", "司机", "司坦", "司库", "柏油", "宁波", "柯萨", "柯氏", "桂枝", "解放", "解释", "柴胡", "华侨", "华东", "华西", "华山", "房颤", "房间", "房室", "房扑", "房早", "边缘", "边界", "边检", "吉非", "古典", "米非", "米粒", "米索", "池塘", "晋升", "全天", "全日", "全血", "全院", "廉价", "盖被", "符合", "木僵", "木糖", "党员", "党参", "燕麦", "冀东", "谈话", "谈吐", "乐观", "仇恨", "艾滋", "艾灸", "艾司", "艾普", "蓝色", "都市", "井水", "练习", "仲裁", "封闭", "封堵", "应急", "台湾", "台州", "银行", "银杏", "银屑", "扬州", "沙美", "沙库", "沙丁", "沙眼", "伏立", "伏安", "习惯", "保定", "权限", "幸福", "幸免", "生殖", "巴马", "麻黄", "方面", "金额", "金水", "白班", "平安", "安定", "文书", "文字", "向心", "向内", "向外", "向右", "向左", "高钾", "高钠", "高压", "高通量", "高凝", "高流量", "高敏", "高级", "低热", "水平", "管型", "连云港", "时代", "来电", "来访", "江山", "马路", "牛奶", "牛肉", "牛黄", "钟乳", "金标", "金刚", "丁酸", "丁苯", "史密", "史蒂", "安医", "沿用", "沿线"]
)
"""Words of notes that begin with a surname's character."""
_WORD = re.compile("|".join(sorted(map(re.escape, WORDS), key=len, reverse=True)))

NO_NAME = re.compile(
    r"^(?:性别|年龄|民族|婚姻|职业|科室|床号|住院|病区|诊断|籍贯|入院|出院|不详|未知|无|电话|同上|本人|日期|时间|签名|签字|陪同|代诉|关系|已签|意见|手术|检查|记录|主诉|病史|地址|证件|身份|号码|及其|家属|父母|配偶|患者|病人|医生|医师|护士|知情|同意|拒绝|目前|曾|因|于)"
)
STRONG = (
    r"(?:患者|病人|患儿|病员|产妇|孕妇|受试者|伤者|死者|参保人|被保险人|投保人|持卡人|收件人|收货人|申请人|联系人|监护人|代理人|委托人|责任人|经办人|户主|家属|家长|父亲|母亲|配偶|紧急联系人|新生儿|医生|医师|护士)?(?:的)?(?:姓名|名字|名叫|姓名为|姓氏)(?:是|为|：|:)?"
    r"|签名|签字|签章|签署人|联系人|联络人|监护人|委托人|代理人|收件人|投保人|被保险人|持卡人|(?:报告|审核|检查|诊断|申请|送检|管床|主管|经治|接诊|首诊|记录|手术|主刀|麻醉|住院|主治|主任|副主任|责任|上级|会诊|值班|开单|操作|书写|复核|签发|审签|检验|诊治|随访)(?:医师|医生|者|人|护士)|术者|主刀|助手|一助|二助|麻醉师|记录人|记录者|检查者|报告者|审核者|陪护人|报告人|我叫|名叫|叫做|化名"
)
WEAK = (
    r"患者|病人|患儿|病员|产妇|孕妇|受试者|伤者|死者|老人|家属|亲属|陪同|父亲|母亲|父|母|其父|其母|丈夫|妻子|配偶|爱人|儿子|女儿|长子|长女|次子|次女|儿媳|女婿|哥哥|弟弟|姐姐|妹妹|兄|弟|姐|妹|之子|之女|之妻|之夫|医生|医师|大夫|护士长|护士|教授|主任医师|主任|主治|专家|同事|朋友|邻居|保姆|护工|由|请|与|经|遵|转告|告知|联系|电话告知|致电|陪同者"
)
TITLES = r"(?:副?主任医师|副?主任护师|主治医师|住院医师|主管护师|医师|医生|大夫|教授|护士长|护士|护师|主任|院长|副院长|科主任|老师|先生|女士|小姐|太太|同志|技师|药师|博士|阿姨|叔叔|奶奶|爷爷|大爷|大妈)"
_GIVEN = "".join(sorted(GIVEN))
_SURNAME = "".join(sorted(SURNAMES))
_COMPOUND = "|".join(sorted(COMPOUND))
_HAN = "一-鿿"
_GAP = r"[\s:()\[\]【】“”\"'、,_-]{0,4}(?:为|是|叫|系|:)?\s{0,3}"

_STRONG = re.compile(rf"(?:{STRONG}){_GAP}(?=[{_HAN}])")
_WEAK = re.compile(rf"(?:{WEAK})(?:[:\s(\"“]{{0,2}})(?=[{_HAN}])")
_RUN = re.compile(rf"[{_HAN}]{{1,8}}")
_ETHNIC = re.compile(rf"(?<![{_HAN}])[{_HAN}]{{2,6}}(?:·[{_HAN}]{{2,6}}){{1,2}}(?![{_HAN}])|(?:{WEAK}|姓名){_GAP}([{_HAN}]{{2,6}}(?:·[{_HAN}]{{2,6}}){{1,2}})")
_BEFORE_TITLE = re.compile(rf"((?:{_COMPOUND})[{_HAN}]{{0,2}}|[{_SURNAME}][{_GIVEN}]{{0,2}})(?={TITLES})")
_ALONE = re.compile(rf"(?<![{_HAN}A-Za-z0-9])((?:{_COMPOUND})[{_GIVEN}]{{1,2}}|[{_SURNAME}][{_GIVEN}]{{1,2}})(?=\s{{0,2}}(?:$|[,，、。;；()（）\n/|]|\s|男|女|[0-9]{{1,3}}岁))", re.MULTILINE)
_FOLLOWS = re.compile(
    r"$|[^一-鿿]|男|女|入院|出院|主诉|因|于|自|在|诉|今|系|为|的|与|和|及|等|主任|副主任|医|护|同志|已|拟|行|查|术|说|称|表示|来|到|住|签|联系|先生|女士|大夫|教授|老师|电话|家属|患|既往|无|有|一般|神志|病情|近|曾|被|由|经|陪|代|会诊|手机|出生|身份证|之|现|进|报|审|年龄|发|出现|突|昨|前|去|不|未|要|需|将|是|请|对|做|接受|完成|收|送|术后|术前|确认|知情|同意|随|复|再|就诊|转|陈述|述|告知|回|解释|交代|并|共同|负责|操作|主刀|执行|记录"
)


def is_name(value: str) -> bool:
    """Whether all of ``value`` can be a Chinese person's name."""
    if "·" in value:
        return all(2 <= len(part) <= 8 for part in value.split("·"))
    surname = 2 if value[:2] in COMPOUND else 1
    if not surname < len(value) <= surname + 2 or (surname == 1 and value[0] not in SURNAMES):
        return False
    return all(character in GIVEN for character in value[surname:]) and not _WORD.match(value)


def _after_label(run: str, at_end: bool) -> int:
    """How many characters of ``run``, which follows a word that announces a person, are the name; 0: none."""
    if _WORD.match(run):
        return 0
    surname = 2 if run[:2] in COMPOUND else 1 if run[0] in SURNAMES else 0
    if not surname:
        return 0
    longest, shorter = surname + 2, surname + 1
    fits = [n for n in (longest, shorter) if len(run) >= n and all(c in GIVEN for c in run[surname:n])]
    ends = [n for n in fits if _FOLLOWS.match(run, n)]
    if ends:
        # "李明行手术": the third character may be a name's or the next word's; what follows decides.
        return ends[0] if len(ends) < 2 or run[surname + 1] not in "行在有和为因于自同与代经来已不" else ends[-1]
    return fits[0] if fits else 0


def chinese_names(text: str) -> Iterator[Candidate]:
    """Names that a label, a role, a title or their place between punctuation gives away."""
    for match in _STRONG.finditer(text):
        run = _RUN.match(text, match.end())
        if run is None:
            continue
        word = run.group()
        length = _after_label(word, at_end=True)
        if not length and 2 <= len(word) <= 4 and not NO_NAME.match(word) and not _WORD.match(word):
            length = len(word)
        elif not length and (word[:2] in COMPOUND or word[0] in SURNAMES) and len(word) > 2 and not NO_NAME.match(word):
            # A rare given name: up to the word that follows it.
            length = next((n for n in (3, 2, 4) if n <= len(word) and _FOLLOWS.match(word, n)), 3)
        if length:
            yield Candidate(Kind.PERSON_NAME, match.end(), match.end() + length, 80)
    for match in _WEAK.finditer(text):
        run = _RUN.match(text, match.end())
        if run is not None:
            length = _after_label(run.group(), at_end=False)
            if length:
                yield Candidate(Kind.PERSON_NAME, match.end(), match.end() + length, 60)
    for match in _BEFORE_TITLE.finditer(text):
        yield from _before_title(match)
    for match in _ETHNIC.finditer(text):
        group = 1 if match.group(1) else 0
        yield Candidate(Kind.PERSON_NAME, match.start(group), match.end(group), 70)
    for match in _ALONE.finditer(text):
        if not _WORD.match(match.group(1)):
            yield Candidate(Kind.PERSON_NAME, *match.span(1), 45)


def _before_title(match: re.Match[str]) -> Iterator[Candidate]:
    name = match.group(1)
    text = match.string
    if _WORD.match(text, match.start()) or _WORD.match(name):
        return
    if len(name) == 1 and (name in "任全都应和时有于项成管向单代生师官曾位" or re.match("[一-鿿]", text[match.start() - 1 : match.start()] or " ")):
        before = text[max(0, match.start() - 1) : match.start()]
        if name in "任全都应和时有于项成管向单代生师官曾位" or before not in "请由经与和遵，。；、到见后是了诉":
            return
    yield Candidate(Kind.PERSON_NAME, *match.span(1), 55)
