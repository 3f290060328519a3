"""Names of people in Latin letters: English ones and Chinese ones in pinyin."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioning.gate.identifiers.found import Candidate
from provisioning.gate.identifiers.kinds import Kind

GIVEN = frozenset(
    ["james", "robert", "john", "michael", "david", "william", "richard", "joseph", "thomas", "christopher", "charles", "daniel", "matthew", "anthony", "mark", "donald", "steven", "andrew", "paul", "joshua", "kenneth", "kevin", "brian", "timothy", "ronald", "jason", "george", "edward", "jeffrey", "ryan", "jacob", "nicholas", "gary", "eric", "jonathan", "stephen", "larry", "justin", "scott", "brandon", "benjamin", "samuel", "gregory", "alexander", "patrick", "frank", "raymond", "jack", "dennis", "jerry", "tyler", "aaron", "jose", "adam", "nathan", "henry", "zachary", "douglas", "peter", "kyle", "noah", "ethan", "jeremy", "christian", "walter", "keith", "austin", "roger", "terry", "sean", "gerald", "carl", "dylan", "harold", "jordan", "jesse", "bryan", "lawrence", "arthur", "gabriel", "bruce", "logan", "billy", "joe", "alan", "juan", "elijah", "willie", "albert", "wayne", "randy", "mason", "vincent", "liam", "roy", "bobby", "caleb", "bradley", "russell", "lucas", "philip", "phillip", "eugene", "louis", "johnny", "martin", "craig", "leonard", "stanley", "dale", "curtis", "norman", "allen", "marvin", "glenn", "travis", "jeffery", "chad", "jacob", "derek", "cody", "shawn", "todd", "jimmy", "danny", "tony", "luis", "mike", "rodney", "carlos", "antonio", "edwin", "fred", "howard", "ernest", "francis", "clarence", "victor", "marcus", "oscar", "evan", "trevor", "ian", "seth", "mary", "patricia", "jennifer", "linda", "elizabeth", "barbara", "susan", "jessica", "sarah", "karen", "lisa", "nancy", "betty", "sandra", "margaret", "ashley", "kimberly", "emily", "donna", "michelle", "carol", "amanda", "melissa", "deborah", "stephanie", "dorothy", "rebecca", "sharon", "laura", "cynthia", "amy", "kathleen", "angela", "shirley", "brenda", "emma", "anna", "pamela", "nicole", "samantha", "katherine", "christine", "helen", "debra", "rachel", "carolyn", "janet", "maria", "catherine", "heather", "diane", "olivia", "julie", "joyce", "victoria", "ruth", "virginia", "lauren", "kelly", "christina", "joan", "evelyn", "judith", "andrea", "hannah", "megan", "cheryl", "jacqueline", "martha", "madison", "teresa", "gloria", "sara", "janice", "ann", "kathryn", "abigail", "sophia", "frances", "jean", "alice", "judy", "isabella", "julia", "grace", "amber", "denise", "danielle", "marilyn", "beverly", "charlotte", "natalie", "theresa", "diana", "brittany", "doris", "kayla", "alexis", "lori", "marie", "tiffany", "tammy", "tracy", "tina", "kristen", "holly", "crystal", "erin", "monica", "wendy", "stacy", "dawn", "robin", "erica", "courtney", "sherry", "april", "vanessa", "caroline", "leslie", "veronica", "kristin", "melanie", "katie", "jill", "valerie", "jamie", "misty", "kara", "jenna", "kathy", "peggy", "rita", "tonya", "carla", "tara", "cassandra", "regina", "felicia", "claire", "lindsey", "lindsay", "bonnie", "cindy", "paula", "phyllis", "ellen", "elaine", "jane", "rose", "edna", "lucy", "leah", "sheila", "yolanda", "angelica", "alicia", "anne", "suzanne", "gina", "candice", "kelsey", "molly", "morgan", "krista", "kaitlyn", "haley", "savannah", "chelsea", "paige", "brooke", "sydney", "alexandra", "autumn", "destiny", "jasmine", "miranda", "shannon", "dana", "gail", "rhonda", "robyn", "kristina", "kathryn", "margaret", "norma", "miguel", "angel", "jesus", "javier", "manuel", "pedro", "jorge", "roberto", "ricardo", "fernando", "eduardo", "francisco", "rafael", "ramon", "raul", "sergio", "edgar", "ruben", "alejandro", "hector", "mario", "cesar", "arturo", "ivan", "julian", "adrian", "damon", "dustin", "jared", "brett", "brent", "corey", "casey", "derrick", "darren", "devin", "dakota", "garrett", "grant", "hunter", "jake", "jay", "jeremiah", "joel", "jon", "kirk", "lance", "lee", "leon", "levi", "lonnie", "luke", "mathew", "max", "micheal", "mitchell", "nathaniel", "neil", "omar", "parker", "preston", "reginald", "rick", "ricky", "ross", "ruben", "sam", "shane", "shaun", "spencer", "stuart", "theodore", "tom", "tommy", "troy", "wesley", "xavier", "zoe", "chloe", "ava", "mia", "ella", "lily", "hazel", "nora", "eleanor", "stella", "audrey", "skylar", "aria", "sofia", "camila", "luna", "elena", "isaac", "owen", "wyatt", "carter", "jayden", "oliver", "aiden", "leo", "ezra", "hudson", "lincoln", "jaxon", "cameron", "colin", "conor", "connor", "gavin", "cole", "blake", "chase", "clayton", "clinton", "clifford", "dean", "dwayne", "darrell", "darryl", "erik", "ernesto", "franklin", "gilbert", "gordon", "harry", "hugh", "jermaine", "karl", "kurt", "marc", "maurice", "melvin", "nicolas", "oliver", "perry", "ralph", "ray", "rene", "ronnie", "ruben", "salvador", "toby", "tyrone", "vernon", "warren", "brad", "dan", "dave", "don", "ed", "greg", "jim", "jeff", "ken", "matt", "pat", "phil", "rob", "ron", "steve", "tim", "will", "bill", "bob", "ben", "alex", "chris", "nick", "fatima", "mohammed", "muhammad", "ahmed", "ali", "hassan", "ibrahim", "yusuf", "omar", "aisha", "priya", "raj", "anil", "sunil", "ravi", "sanjay", "deepak", "amit", "anita", "sunita", "rajesh", "suresh", "olga", "natasha", "svetlana", "dmitri", "vladimir", "sergei", "ivan", "boris", "igor", "giovanni", "marco", "luca", "paolo", "francesca", "giulia", "pierre", "jacques", "francois", "hans", "klaus", "jurgen", "wolfgang", "ingrid", "heidi", "lars", "sven", "erik", "anders", "bjorn", "hiroshi", "kenji", "yuki", "akira", "takashi", "yoko", "ming", "wei"]
)
"""Given names that are common in English texts."""
SURNAMES = frozenset(
    ["smith", "johnson", "williams", "brown", "jones", "garcia", "miller", "davis", "rodriguez", "martinez", "hernandez", "lopez", "gonzalez", "wilson", "anderson", "thomas", "taylor", "moore", "jackson", "martin", "lee", "perez", "thompson", "white", "harris", "sanchez", "clark", "ramirez", "lewis", "robinson", "walker", "young", "allen", "king", "wright", "scott", "torres", "nguyen", "hill", "flores", "green", "adams", "nelson", "baker", "hall", "rivera", "campbell", "mitchell", "carter", "roberts", "gomez", "phillips", "evans", "turner", "diaz", "parker", "cruz", "edwards", "collins", "reyes", "stewart", "morris", "morales", "murphy", "cook", "rogers", "gutierrez", "ortiz", "morgan", "cooper", "peterson", "bailey", "reed", "kelly", "howard", "ramos", "kim", "cox", "ward", "richardson", "watson", "brooks", "chavez", "wood", "james", "bennett", "gray", "mendoza", "ruiz", "hughes", "price", "alvarez", "castillo", "sanders", "patel", "myers", "long", "ross", "foster", "jimenez", "powell", "jenkins", "perry", "russell", "sullivan", "bell", "coleman", "butler", "henderson", "barnes", "gonzales", "fisher", "vasquez", "simmons", "romero", "jordan", "patterson", "alexander", "hamilton", "graham", "reynolds", "griffin", "wallace", "moreno", "west", "cole", "hayes", "bryant", "herrera", "gibson", "ellis", "tran", "medina", "aguilar", "stevens", "murray", "ford", "castro", "marshall", "owens", "harrison", "fernandez", "mcdonald", "woods", "washington", "kennedy", "wells", "vargas", "henry", "chen", "freeman", "webb", "tucker", "guzman", "burns", "crawford", "olson", "simpson", "porter", "hunter", "gordon", "mendez", "silva", "shaw", "snyder", "mason", "dixon", "munoz", "hunt", "hicks", "holmes", "palmer", "wagner", "black", "robertson", "boyd", "rose", "stone", "salazar", "fox", "warren", "mills", "meyer", "rice", "schmidt", "garza", "daniels", "ferguson", "nichols", "stephens", "soto", "weaver", "ryan", "gardner", "payne", "grant", "dunn", "kelley", "spencer", "hawkins", "arnold", "pierce", "hansen", "peters", "santos", "hart", "bradley", "knight", "elliott", "cunningham", "duncan", "armstrong", "hudson", "carroll", "lane", "riley", "andrews", "alvarado", "ray", "delgado", "berry", "perkins", "hoffman", "johnston", "matthews", "pena", "richards", "contreras", "willis", "carpenter", "lawrence", "sandoval", "guerrero", "george", "chapman", "rios", "estrada", "ortega", "watkins", "greene", "nunez", "wheeler", "valdez", "harper", "burke", "larson", "santiago", "maldonado", "morrison", "franklin", "carlson", "austin", "dominguez", "carr", "lawson", "jacobs", "obrien", "lynch", "singh", "vega", "bishop", "montgomery", "oliver", "jensen", "harvey", "williamson", "gilbert", "dean", "sims", "espinoza", "howell", "li", "wong", "reid", "hanson", "le", "mccoy", "garrett", "burton", "fuller", "wang", "weber", "welch", "rojas", "lucas", "marquez", "fields", "park", "yang", "little", "banks", "padilla", "day", "walsh", "bowman", "schultz", "luna", "fowler", "mejia"]
)
_PINYIN_SURNAMES = frozenset(
    ["wang", "li", "zhang", "liu", "chen", "yang", "zhao", "huang", "zhou", "wu", "xu", "sun", "hu", "zhu", "gao", "lin", "he", "guo", "ma", "luo", "liang", "song", "zheng", "xie", "han", "tang", "feng", "yu", "dong", "xiao", "cheng", "cao", "yuan", "deng", "fu", "shen", "zeng", "peng", "lu", "lyu", "su", "jiang", "cai", "jia", "ding", "wei", "xue", "ye", "yan", "pan", "du", "dai", "xia", "zhong", "tian", "ren", "fan", "fang", "shi", "yao", "tan", "liao", "zou", "xiong", "jin", "hao", "kong", "bai", "cui", "kang", "mao", "qiu", "qin", "gu", "hou", "shao", "meng", "long", "wan", "duan", "lei", "qian", "yin", "yi", "chang", "qiao", "lai", "gong", "wen", "ouyang", "zhuge", "situ", "shangguan", "sima", "huangfu", "murong"]
)
_SYLLABLE = (
    r"(?:[zcs]h?|[bpmfdtnlgkhjqxryw])?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ui|ao|ou|iu|ie|ue|ve|er|an|en|in|un|ia|ua|uo|a|o|e|i|u|v)"
)
_PINYIN_GIVEN = re.compile(rf"{_SYLLABLE}(?:[-']?{_SYLLABLE})?", re.IGNORECASE)

_WORD = r"[A-ZÀ-Þ](?:[a-zß-ÿ]{1,20}(?:[A-Z][a-z]{1,15})?|['’][A-Z][a-z]{1,15}|[A-Z]{1,20})(?:[-'’][A-ZÀ-Þ][a-zß-ÿ]{1,20})?"
_NAME = rf"{_WORD}(?:,? (?:[A-Z]\.? )?(?:(?:de|da|van|von|der|la|del|bin|al|el|St\.) ){{0,2}}{_WORD}){{0,2}}"
_TITLED = re.compile(rf"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Professor|Doctor|Nurse|Sister|Rev|Sir|Madam)\.?\s{{1,2}}((?:[A-Z]\. ){{0,2}}{_NAME})")
_LABEL = re.compile(
    rf"(?<![A-Za-z])(?i:(?:patient|full|first|last|given|family|maiden|middle|mother'?s|father'?s|spouse|guardian|contact|insured|subscriber|legal|preferred|physician|provider|doctor|nurse|next of kin|emergency contact)?(?:'s)? ?(?:sur|fore)?names?(?: is| was)?|(?:electronically )?signed(?: off)?(?: by)?|(?:dictated|transcribed|reported|reviewed|verified|approved|interpreted|read|performed|ordered|referred|requested|seen|examined|accompanied|witnessed|prepared|recorded|authored|attended|escorted|assisted|discharged|obtained|consented|supervised) by|"
    rf"(?:attending|referring|primary care|ordering|consulting|admitting|treating|family|responsible|operating)(?: (?:physician|doctor|surgeon|provider|radiologist|clinician))?|physician|surgeon|radiologist|pathologist|anesthesiologist|anaesthetist|provider|assistant|operator|technologist|author|resident|PCP|cardiologist|oncologist|neurologist|patient|pt|client|subject|next of kin|NOK|emergency contact|contact|informant|caregiver|guardian|witness|spouse|wife|husband|partner|son|daughter|mother|father|brother|sister|aunt|uncle|niece|nephew|cousin|grandson|granddaughter|friend|neighbor|neighbour|attn|attention|dear|cc|to|name|called|named|RE)"
    rf"[\s:,.(=-]{{1,4}}(?:is |was |with |name |named |called )?((?:(?:Mr|Mrs|Ms|Dr)\.? )?{_NAME})"
)
_COMMA = re.compile(r"(?<![A-Za-z])([A-Z][A-Za-z'’-]{1,20}, ?[A-Z][A-Za-z'’-]{1,20}(?: [A-Z]\.?(?![A-Za-z]))?)(?![A-Za-z])")
_CREDENTIAL = re.compile(rf"(?<![A-Za-z])({_WORD}(?: [A-Z]\.?)? {_WORD}),? (?:MD|M\.D\.|DO|D\.O\.|RN|R\.N\.|NP|PA-C|PA|PhD|Ph\.D\.|DDS|FACS|FACC|FRCP|MBBS|PharmD|DPM|LPN|CRNA|MSN|BSN|APRN|Jr|Sr|III)\b")
_PAIR = re.compile(rf"(?<![A-Za-z])(?=({_WORD}(?: [A-Z]\.?| {_WORD})? {_WORD})(?![A-Za-z]))")
_PLAIN_WORD = re.compile(
    r"^(?:The|This|That|She|He|Her|His|They|We|It|No|Not|Normal|Patient|Was|Is|Has|Had|Admitted|Denies|Reports|Presented|Presents|Date|Age|Sex|Gender|Male|Female|Room|Ward|Bed|Unit|History|Family|Social|Chief|Complaint|Chest|Blood|Heart|Left|Right|Status|Past|Physical|Exam|Examination|Discharge|Admission|Diagnosis|Diagnoses|Medical|Medications?|Medication|Assessment|Plan|Impression|Findings|Technique|Comparison|Indication|Record|Records|Number|Phone|Address|Information|Education|Education|Instructions|Care|Center|Centre|Hospital|Clinic|Department|Emergency|Intensive|Service|Services|Follow|In|On|At|For|With|And|Or|From|To|By|After|Before|MRN|DOB|SSN|ID|ICU|CT|MRI|ECG|EKG|US|USA|Unknown|None|Yes|Home|Hospice|Rehab|Contact|Name|Physician|Doctor|Nurse|Tel|Fax|Email|Street|New|North|South|East|West|Day|Week|Month|Type|Stage|Grade|Class|Score|Level|Dose|Daily|Tablet|Given|Started|Continue|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|June|July|August|September|October|November|December|Mild|Moderate|Severe|Acute|Chronic|Stable|Positive|Negative|General|Internal|Medicine|Surgery|Cardiology|Oncology|Neurology|Radiology|Allergies|Vital|Signs|Dr|Mr|Mrs|Ms|Attending|Signed|Electronically|DOB|MD|DO|RN|NP|PA|PhD|Esq|Phone|Cell|Please|Call|Called|If|When|There|All|Both|Can|Per|See|Seen|Also)$",
    re.IGNORECASE,
)
_EPONYM = re.compile(
    r"(?:'s|’s)?[ -]?(?:syndrome|disease|sign|test|drain|score|scale|classification|criteria|murmur|man(?:o)?euver|reflex|catheter|procedure|operation|fracture|palsy|lymphoma|sarcoma|tumou?r|an(?:ae|e)mia|phenomenon|triad|law|index|formula|equation|method|stain|solution|lactate|clamp|tube|bodies|body|cells?|node|nodule|esophagus|ulcer|thyroiditis|encephalopathy|aphasia|area|point|line|angle|position|protocol|regimen|stage|staging|grade|grading|type|hernia|Hospital|Clinic|Cent(?:er|re)|University|Medical|School|College|Institute|Foundation|Memorial|Street|Avenue|Road|Ave|St|Rd|Blvd|Drive|Lane|Way|Court|County|City|Beach|Park|Pharmac|Laborator|Inc|LLC|Ltd|Group|Company|Corp|Health|Syndrome|Disease|Score|Scale|Ward|Wing|Building|Study|Trial|Stroke|Coma|Apgar|Questionnaire|Inventory|performance|status)\b"
)


def _plausible_pinyin(words: list[str]) -> bool:
    if len(words) == 3 and all(_PINYIN_GIVEN.fullmatch(word) for word in words):
        return words[0].lower() in _PINYIN_SURNAMES
    if len(words) != 2:
        return False
    first, second = words[0].lower(), words[1].lower()
    return (first in _PINYIN_SURNAMES and bool(_PINYIN_GIVEN.fullmatch(second))) or (
        second in _PINYIN_SURNAMES and bool(_PINYIN_GIVEN.fullmatch(first)) and len(first) > 3 and first not in GIVEN
    )


def is_name(value: str) -> bool:
    """Whether all of ``value`` can be a person's name in Latin letters: two to four words, or one known one."""
    words = [word for word in re.split(r"[ ,.]+", value) if word]
    words = [word for word in words if word.lower() not in ("mr", "mrs", "ms", "dr", "miss", "md", "jr", "sr", "phd", "dds", "dvm", "ii", "iii", "iv", "v")]
    if not 1 <= len(words) <= 4 or not all(re.fullmatch(r"[A-Za-zÀ-ÿ'’-]{1,24}", word) for word in words):
        return False
    if len(words) == 1:
        return words[0].lower() in GIVEN or words[0].lower() in SURNAMES
    known = any(word.lower() in GIVEN or word.lower() in SURNAMES for word in words)
    return known or _plausible_pinyin(words)


def latin_names(text: str) -> Iterator[Candidate]:
    """Names that a title, a label, a credential or the tables of names give away."""
    for match in _TITLED.finditer(text):
        yield from _trimmed(match, 80, titled=True)
    for match in _LABEL.finditer(text):
        yield from _trimmed(match, 60)
    for match in _CREDENTIAL.finditer(text):
        yield from _trimmed(match, 70)
    for match in _COMMA.finditer(text):
        last, first = re.split(", ?", match.group(1), maxsplit=1)
        first = first.split(" ")[0]
        if first.lower() in GIVEN and not _PLAIN_WORD.match(last.capitalize()) and last.lower() not in GIVEN - SURNAMES:
            yield Candidate(Kind.PERSON_NAME, *match.span(1), 65)
    for match in _PAIR.finditer(text):
        words = match.group(1).split(" ")
        if _EPONYM.match(text, match.end(1)) or any(_PLAIN_WORD.match(word.capitalize()) for word in words):
            continue
        if (words[0].lower() in GIVEN and len(words[-1]) > 1) or _plausible_pinyin(words):
            yield Candidate(Kind.PERSON_NAME, *match.span(1), 50)


def _trimmed(match: re.Match[str], trust: int, titled: bool = False) -> Iterator[Candidate]:
    """The name without the ordinary words that begin or follow it."""
    start, end = match.span(1)
    words = [(one.start() + start, one.end() + start, one.group()) for one in re.finditer(r"[^\s,]+", match.group(1))]
    while words and re.fullmatch(r"(?:Mrs?|Ms|Dr)\.?", words[0][2]):
        words.pop(0)
    kept = []
    for word in words:
        if _PLAIN_WORD.match(word[2].rstrip(".").capitalize()) or (word[2].isupper() and len(word[2]) in (2, 3) and not titled and not kept):
            break
        kept.append(word)
    while kept and kept[-1][2][0].islower():
        kept.pop()
    if not kept or _EPONYM.match(match.string, kept[-1][1]):
        return
    if not titled and len(kept) == 1 and not _known(kept[0][2]):
        # One capitalised word after a role is a name only where the tables know it.
        return
    yield Candidate(Kind.PERSON_NAME, kept[0][0], kept[-1][1], trust)


def _known(word: str) -> bool:
    plain = word.lower().removesuffix("'s")
    return plain in GIVEN or plain in SURNAMES
