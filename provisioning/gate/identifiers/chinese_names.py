"""Names of people in Chinese: surnames, what a given name is made of, and the words beside a name.

The tables are general knowledge: the frequent surnames of the mainland and the characters that given
names are made of. They decide only together: a surname alone is an ordinary word as often as a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioning.gate.identifiers import tables
from provisioning.gate.identifiers.found import Candidate
from provisioning.gate.identifiers.kinds import Kind

SURNAMES = tables.characters("chinese_surnames")
COMPOUND = tables.words("chinese_compound_surnames")
GIVEN = tables.characters("chinese_given_characters")
"""Characters that given names are made of."""
WORDS = tables.words("chinese_words")
"""Words of notes that begin with a surname's character."""
_WORD = re.compile("|".join(sorted(sorted(map(re.escape, WORDS)), key=len, reverse=True)))

NO_NAME = re.compile(
    r"^(?:性别|年龄|民族|婚姻|职业|科室|床号|住院|病区|诊断|籍贯|入院|出院|不详|未知|无|电话|同上|本人|日期|时间|签名|签字|陪同|代诉|关系|已签|意见|手术|检查|记录|主诉|病史|地址|证件|身份|号码|及其|家属|父母|配偶|患者|病人|医生|医师|护士|知情|同意|拒绝|目前|曾|因|于)"
)
STRONG = (
    r"(?:患者|病人|患儿|病员|产妇|孕妇|受试者|伤者|死者|参保人|被保险人|投保人|持卡人|收件人|收货人|申请人|联系人|监护人|代理人|委托人|责任人|经办人|户主|家属|家长|父亲|母亲|配偶|紧急联系人|新生儿|医生|医师|护士)?(?:的)?(?:姓名|名字|名叫|姓名为|姓氏)(?:是|为|：|:)?"
    r"|签名|签字|签章|签署人|联系人|联络人|监护人|委托人|代理人|收件人|投保人|被保险人|持卡人|(?:报告|审核|检查|诊断|申请|送检|管床|主管|经治|接诊|首诊|记录|手术|主刀|麻醉|住院|主治|主任|副主任|责任|上级|会诊|值班|开单|操作|书写|复核|签发|审签|检验|诊治|随访)(?:医师|医生|者|人|护士)|术者|主刀|助手|一助|二助|麻醉师|记录人|记录者|检查者|报告者|审核者|陪护人|报告人|我叫|名叫|叫做|化名|户名|抬头|巡回护士|器械护士|交班者|接班者"
)
WEAK = r"患者|病人|患儿|病员|产妇|孕妇|受试者|伤者|死者|老人|家属|亲属|陪同|父亲|母亲|父|母|其父|其母|丈夫|妻子|配偶|爱人|儿子|女儿|长子|长女|次子|次女|儿媳|女婿|哥哥|弟弟|姐姐|妹妹|兄|弟|姐|妹|之子|之女|之妻|之夫|医生|医师|大夫|护士长|护士|教授|主任医师|主任|主治|专家|同事|朋友|邻居|保姆|护工|由|请|与|经|遵|转告|告知|联系|电话告知|致电|陪同者"
TITLES = r"(?:副?主任医师|副?主任护师|主治医师|住院医师|主管护师|医师|医生|大夫|教授|护士长|护士|护师|主任|院长|副院长|科主任|老师|先生|女士|小姐|太太|同志|技师|药师|博士|阿姨|叔叔|奶奶|爷爷|大爷|大妈)"
_NEVER = (
    "的了是不未无及或被把让给个病症痛肿炎癌胀血尿便咳喘痰热烧吐泻晕疼痒麻药术查诊治疗检验腹胸肺肝肾胃肠脑骨皮肤"
    "科室床班值级资任年月日时分内外上下前后侧部处量次约较则予行因由其此该但且均仍已拟诉述述系属者们我你他她它"
)
"""Characters of notes that no given name has."""
_DOUBTFUL = "于任全都应和时有项成管向单代生师官曾位经常付包来路过连同关解支干车计原保"
"""Surnames that are words of every note: they need a given name of the table."""
_DEFINITE = "".join(sorted(SURNAMES - set(_DOUBTFUL)))
_LOOSE_VERB = re.compile(
    "沟通|谈话|交谈|查房|查看|巡视|核对|审核|指示|会诊|医嘱|嘱|交班|接班|护送|陪同|陪护|签字|签名|执行|汇报|表示|要求|诉|自述|代述|教授|主任|医师|医生|护士|先生|女士|入院|出院|住院|门诊|因|男|女|电话|身份证|来电|来院|同意|拒绝|了解|已|拟|等|之[子女妻夫母父兄弟姐妹]"
)
_REPEATED = 40
"""How many names of a text are looked for again in it."""
_GIVEN = "".join(sorted(GIVEN))
_SURNAME = "".join(sorted(SURNAMES))
_COMPOUND = "|".join(sorted(COMPOUND))
_HAN = "一-鿿"
_GAP = r"[\s:()\[\]【】“”\"'、,_-]{0,4}(?:为|是|叫|系|:)?\s{0,3}"

_STRONG = re.compile(rf"(?:{STRONG}){_GAP}(?=[{_HAN}])")
_WEAK = re.compile(rf"(?:{WEAK})(?:[:\s(\"“]{{0,2}})(?=[{_HAN}])")
_RUN = re.compile(rf"[{_HAN}]{{1,8}}")
_ETHNIC = re.compile(
    rf"(?<![{_HAN}])[{_HAN}]{{2,6}}(?:·[{_HAN}]{{2,6}}){{1,2}}(?![{_HAN}])|(?:{WEAK}|姓名){_GAP}([{_HAN}]{{2,6}}(?:·[{_HAN}]{{2,6}}){{1,2}})"
)
_BEFORE_TITLE = re.compile(rf"((?:{_COMPOUND})[{_HAN}]{{0,2}}|[{_SURNAME}][{_GIVEN}]{{0,2}})(?={TITLES})")
_ALONE = re.compile(
    rf"(?<![{_HAN}A-Za-z0-9])((?:{_COMPOUND})[{_GIVEN}]{{1,2}}|[{_SURNAME}][{_GIVEN}]{{1,2}})(?=\s{{0,2}}(?:$|[,，、。;；()（）\n/|]|\s|男|女|[0-9]{{1,3}}岁))",
    re.MULTILINE,
)
_LOOSE = rf"(?:{_COMPOUND}|[{_DEFINITE}])[^\W\d_A-Za-z{_NEVER}]{{1,2}}"
_ROLE = re.compile(
    rf"(?:[{_HAN}](?:者|人|员|师|士|长|助|名|医)|[父母夫妻子女兄弟姐妹爷奶公婆叔姨舅姑孙侄])\s?[:(]\s{{0,3}}(?=[{_HAN}])"
)
_LOOSE_TITLE = re.compile(
    rf"(?:(?<![{_HAN}])|(?<=[请由经与和遵到见后诉日随向告邀及按]))({_LOOSE})(?={TITLES})"
)
_LOOSE_ALONE = re.compile(
    rf"(?<![{_HAN}A-Za-z0-9])({_LOOSE})(?=\s?[,，(（]?\s?(?:[男女](?![{_HAN}])|[0-9]{{1,3}}岁))"
)
_RELATION = re.compile(
    r"[之其](?:长|次|大|小|三)?(?:[父母夫妻子女兄弟姐妹媳婿孙]|父亲|母亲|丈夫|妻子|儿子|女儿|女婿|儿媳)(?=[一-鿿])"
)
_NEXT = re.compile(rf"\s?[、/,和与及]\s?({_LOOSE})(?={TITLES}|[^{_HAN}]|[等均在]|$)")
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
    loose = _loose(run, surname)
    fits = [n for n in (longest, shorter) if len(run) >= n and all(c in GIVEN for c in run[surname:n])]
    ends = [n for n in fits if _FOLLOWS.match(run, n)]
    if loose and loose > max(ends, default=0) and not (ends and run[ends[0]] in _SPOKEN):
        return loose
    if ends:
        # "李明行手术": the third character may be a name's or the next word's; what follows decides.
        return (
            ends[0] if len(ends) < 2 or run[surname + 1] not in "行在有和为因于自同与代经来已不" else ends[-1]
        )
    return fits[0] if fits else 0


_SPOKEN = frozenset(
    "男女诉称说今已拟行查术来到住签无有近曾被经陪代进报审发突昨去不要需将是请对做送复再转述并"
)
"""What begins the next word after a name more often than it ends a name."""


def _loose(run: str, surname: int) -> int:
    """The length of a name of any characters that names may have, up to the end of ``run`` or a verb; 0: none."""
    if run[0] in _DOUBTFUL:
        return 0
    for n in (surname + 2, surname + 1):
        if (
            len(run) >= n
            and not any(character in _NEVER for character in run[surname:n])
            and (len(run) == n or _LOOSE_VERB.match(run, n))
        ):
            return n
    return 0


def chinese_names(text: str) -> Iterator[Candidate]:
    """Names that a label, a role, a title or their place between punctuation gives away, the names that are listed
    with them, and the same names where they stand again.
    """
    found = list(_given_away(text))
    ends: set[int] = set()
    for one in list(found):
        end = one.end
        while end not in ends and (another := _NEXT.match(text, end)):
            ends.add(end)
            if _WORD.match(another.group(1)):
                break
            found.append(Candidate(Kind.PERSON_NAME, *another.span(1), 50))
            end = another.end(1)
    yield from found
    yield from _again(text, found)


def _again(text: str, found: list[Candidate]) -> Iterator[Candidate]:
    names: set[str] = set()
    for one in found:
        name = text[one.start : one.end]
        if one.trust >= 55 and len(name) >= 3 and len(names) < _REPEATED:
            names.add(re.escape(name))
    if names:
        for match in re.finditer("|".join(sorted(names, key=len, reverse=True)), text):
            yield Candidate(Kind.PERSON_NAME, *match.span(), 50)


def _given_away(text: str) -> Iterator[Candidate]:
    yield from _labelled(text)
    yield from _beside(text)


def _labelled(text: str) -> Iterator[Candidate]:
    for match in _STRONG.finditer(text):
        run = _RUN.match(text, match.end())
        if run is None:
            continue
        word = run.group()
        length = _after_label(word, at_end=True)
        announced = re.search(r"[:\s(【]|姓名|名叫|我叫", match.group())
        if (
            not length
            and announced
            and 2 <= len(word) <= 4
            and not NO_NAME.match(word)
            and not _WORD.match(word)
        ):
            length = len(word)
        elif (
            not length
            and ":" in match.group()
            and not _WORD.match(word)
            and (word[:2] in COMPOUND or word[0] in SURNAMES)
            and len(word) > 2
            and not NO_NAME.match(word)
        ):
            # A rare given name: up to the word that follows it.
            length = next((n for n in (3, 2, 4) if n <= len(word) and _FOLLOWS.match(word, n)), 3)
        if length:
            yield Candidate(Kind.PERSON_NAME, match.end(), match.end() + length, 80)


def _beside(text: str) -> Iterator[Candidate]:
    """Names beside a role, a relation, a title, a sex or an age."""
    for match in (*_WEAK.finditer(text), *_ROLE.finditer(text), *_RELATION.finditer(text)):
        run = _RUN.match(text, match.end())
        if run is not None and (run.group()[0] in SURNAMES or not NO_NAME.match(run.group())):
            length = _after_label(run.group(), at_end=False)
            if length:
                yield Candidate(Kind.PERSON_NAME, match.end(), match.end() + length, 60)
    for match in _BEFORE_TITLE.finditer(text):
        yield from _before_title(match)
    for pattern, trust in ((_LOOSE_TITLE, 56), (_LOOSE_ALONE, 56)):
        for match in pattern.finditer(text):
            if not _WORD.match(match.group(1)):
                yield Candidate(Kind.PERSON_NAME, *match.span(1), trust)
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
    if len(name) == 1 and (
        name in "任全都应和时有于项成管向单代生师官曾位"
        or re.match("[一-鿿]", text[match.start() - 1 : match.start()] or " ")
    ):
        before = text[max(0, match.start() - 1) : match.start()]
        if (
            name in "任全都应和时有于项成管向单代生师官曾位"
            or before not in "请由经与和遵，。；、到见后是了诉"
        ):
            return
    yield Candidate(Kind.PERSON_NAME, *match.span(1), 55)
