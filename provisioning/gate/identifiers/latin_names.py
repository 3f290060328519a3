"""Names of people in Latin letters: English ones and Chinese ones in pinyin."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioning.gate.identifiers import tables
from provisioning.gate.identifiers.found import Candidate
from provisioning.gate.identifiers.kinds import Kind

GIVEN = tables.words("latin_given_names")
"""Given names that are common in English texts."""
SURNAMES = tables.words("latin_surnames")
_PINYIN_SURNAMES = tables.words("pinyin_surnames")
_FORMED = re.compile(
    r"(?:o'|mc|mac|fitz)[a-z]{4,12}|[a-z]{3,12}(?:ski|ska|wicz|czyk|opoulos|opoulou|escu|enko|sson|shvili|ovic|ovich|ovsky|"
    r"ianu|stein|mann|qvist|strom|gaard|worth|thwaite|bottom|shaw|field|croft)"
)
"""How surnames are formed that no table lists: O'…, Mc…, …ski, …opoulos, …worth."""
_SYLLABLE = r"(?:[zcs]h?|[bpmfdtnlgkhjqxryw])?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ui|ao|ou|iu|ie|ue|ve|er|an|en|in|un|ia|ua|uo|a|o|e|i|u|v)"
_PINYIN_GIVEN = re.compile(rf"{_SYLLABLE}(?:[-']?{_SYLLABLE})?", re.IGNORECASE)

_WORD = r"[A-ZÀ-Þ](?:[a-zß-ÿ]{1,20}(?:[A-Z][a-z]{1,15})?|['’][A-Z][a-z]{1,15}|[A-Z]{1,20})(?:[-'’][A-ZÀ-Þ][a-zß-ÿ]{1,20})?"
_NAME = rf"{_WORD}(?:,? (?:[A-Z]\.? )?(?:(?:de|da|van|von|der|la|del|bin|al|el|St\.) ){{0,2}}{_WORD}){{0,2}}"
_TITLED = re.compile(
    rf"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Professor|Doctor|Nurse|Sister|Rev|Sir|Madam|Lady|Lord|Matron|Registrar|Consultant|Mme|Herr|Frau)\.?\s{{1,2}}((?:[A-Z]\. ){{0,2}}{_NAME})"
)
_LABEL = re.compile(
    rf"(?<![A-Za-z])(?i:(?:patient|full|first|last|given|family|maiden|middle|mother'?s|father'?s|spouse|guardian|contact|insured|subscriber|legal|preferred|physician|provider|doctor|nurse|next of kin|emergency contact)?(?:'s)? ?(?:sur|fore)?names?(?: is| was)?|(?:electronically )?signed(?: off)?(?: by)?|(?:dictated|transcribed|reported|reviewed|verified|approved|interpreted|read|performed|ordered|referred|requested|seen|examined|accompanied|witnessed|prepared|recorded|authored|attended|escorted|assisted|discharged|obtained|consented|supervised) by|"
    rf"(?:attending|referring|primary care|ordering|consulting|admitting|treating|family|responsible|operating)(?: (?:physician|doctor|surgeon|provider|radiologist|clinician))?|physician|surgeon|radiologist|pathologist|anesthesiologist|anaesthetist|provider|assistant|operator|technologist|author|resident|PCP|cardiologist|oncologist|neurologist|patient|pt|client|subject|next of kin|NOK|emergency contact|contact|informant|caregiver|guardian|witness|spouse|wife|husband|partner|son|daughter|mother|father|brother|sister|aunt|uncle|niece|nephew|cousin|grandson|granddaughter|friend|neighbor|neighbour|attn|attention|dear|cc|to|name|called|named|RE)"
    rf"[\s:,.(=-]{{1,4}}(?:is |was |with |name |named |called )?((?:(?:Mr|Mrs|Ms|Dr)\.? )?{_NAME})"
)
_ROLE = re.compile(
    rf"(?<![A-Za-z])(?i:interpreter|caller|claimant|participant|volunteer|investigator|policy ?holder|employee|parent|carer|midwife|(?:physio)?therapist|dietitian|pharmacist|counsell?or|social worker|case manager|reviewer|recorder|examiner|sonographer|endoscopist|consultant|registrar|intern|applicant|donor|recipient|guarantor|responsible party|teacher|colleague|GP|general practitioner|chaperone|scribe|supervisor|co-?ordinator|signature(?: of [a-z]{{2,12}})?|signed|fianc[eé]e?|(?:step|grand|god)(?:mother|father|son|daughter)|ex-(?:wife|husband)|mum|mom|dad|next-of-kin|assessor|therapist|technician|radiographer|manager|owner|I,|spoke (?:to|with)|spoken (?:to|with)|speaking (?:to|with)|discussed with|seeing|referring|given to|handed over to|on behalf of|regards|sincerely|faithfully|telephoned|phoned|informed|updated|interviewed|thank you,|confirmed with|checked by|countersigned by|explained by|presence of)"
    rf"[\s:,.(=-]{{0,4}}(?<=[\s:(,=])((?:(?:Mr|Mrs|Ms|Dr|Prof)\.? )?{_NAME})"
)
"""People whom a note names beside the patient and the physician, and what is done with people only."""
_FOLLOWED = re.compile(
    rf"(?<![A-Za-z])({_WORD}(?: [A-Z]\.?)? {_WORD})(?=,? \(?(?:is an? [1-9]\d|was (?:born|discharged|admitted|seen|transferred|referred|reviewed)|presented |attended |DOB|D\.O\.B|d\.o\.b|aged? [1-9]|born |MRN|[1-9]\d ?(?:y/?o|yrs?|years?)))"
)
_ANOTHER = re.compile(
    rf"(?:, and |, | and | & | ?/ ?)((?:(?:Mr|Mrs|Ms|Dr|Prof)\.? )?{_WORD}(?: [A-Z]\.?)? {_WORD})(?![A-Za-z])"
)
_INITIALLED = re.compile(rf"{_WORD} [A-Z]\. {_WORD}")
_REPEATED = 40
"""How many names of a text are looked for again in it."""
_COMMA = re.compile(
    r"(?<![A-Za-z])([A-Z][A-Za-z'’-]{1,20}, ?[A-Z][A-Za-z'’-]{1,20}(?: [A-Z]\.?(?![A-Za-z]))?)(?![A-Za-z])"
)
_CREDENTIAL = re.compile(
    rf"(?<![A-Za-z])({_WORD}(?: [A-Z]\.?)? {_WORD}),? (?:MD|M\.D\.|DO|D\.O\.|RN|R\.N\.|NP|PA-C|PA|PhD|Ph\.D\.|DDS|FACS|FACC|FRCP|MBBS|PharmD|DPM|LPN|CRNA|MSN|BSN|APRN|Jr|Sr|III)\b"
)
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
        second in _PINYIN_SURNAMES
        and bool(_PINYIN_GIVEN.fullmatch(first))
        and len(first) > 3
        and first not in GIVEN
    )


def is_name(value: str) -> bool:
    """Whether all of ``value`` can be a person's name in Latin letters: two to four words, or one known one."""
    words = [word for word in re.split(r"[ ,.]+", value) if word]
    words = [
        word
        for word in words
        if word.lower()
        not in (
            "mr",
            "mrs",
            "ms",
            "dr",
            "miss",
            "md",
            "jr",
            "sr",
            "phd",
            "dds",
            "dvm",
            "ii",
            "iii",
            "iv",
            "v",
        )
    ]
    if not 1 <= len(words) <= 4 or not all(re.fullmatch(r"[A-Za-zÀ-ÿ'’-]{1,24}", word) for word in words):
        return False
    if len(words) == 1:
        return _known(words[0])
    return any(map(_known, words)) or _plausible_pinyin(words) or _INITIALLED.fullmatch(value) is not None


def latin_names(text: str) -> Iterator[Candidate]:
    """Names that a title, a label, a credential or the tables of names give away, the names that are listed with
    them, and the same names where they stand again.
    """
    found = list(_given_away(text))
    ends: set[int] = set()
    for one in found:
        end = one.end
        while (
            end not in ends
            and (another := _ANOTHER.match(text, end))
            and (more := list(_trimmed(another, 50)))
        ):
            ends.add(end)
            if not any(map(_known, text[more[0].start : more[0].end].split())):
                break
            yield more[0]
            end = max(more[0].end, end + 1)
    yield from found
    yield from _again(text, found)


def _again(text: str, found: list[Candidate]) -> Iterator[Candidate]:
    names: set[str] = set()
    for one in found:
        if one.trust >= 60 and len(names) < _REPEATED:
            name = text[one.start : one.end]
            # A surname that is a word as well ("Long", "Young") is one only inside the whole name.
            names |= {name, name.split(" ")[-1]} if len(name.split(" ")[-1]) > 4 else {name}
    names = {name for name in names if len(name) > 3 and not _PLAIN_WORD.match(name)}
    if names:
        for match in re.finditer(
            rf"(?<![A-Za-z])(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?![A-Za-z])",
            text,
        ):
            if not _EPONYM.match(text, match.end()):
                yield Candidate(Kind.PERSON_NAME, *match.span(), 50)


def _given_away(text: str) -> Iterator[Candidate]:
    for match in _TITLED.finditer(text):
        yield from _trimmed(match, 80, titled=True)
    for match in _LABEL.finditer(text):
        yield from _trimmed(match, 60)
    for match in _ROLE.finditer(text):
        yield from _trimmed(match, 60)
    for match in _FOLLOWED.finditer(text):
        yield from _trimmed(match, 60)
    for match in _CREDENTIAL.finditer(text):
        yield from _trimmed(match, 70)
    for match in _COMMA.finditer(text):
        last, first = re.split(", ?", match.group(1), maxsplit=1)
        first = first.split(" ")[0]
        if (
            first.lower() in GIVEN
            and not _PLAIN_WORD.match(last.capitalize())
            and last.lower() not in GIVEN - SURNAMES
        ):
            yield Candidate(Kind.PERSON_NAME, *match.span(1), 65)
    for match in _PAIR.finditer(text):
        words = match.group(1).split(" ")
        if _EPONYM.match(text, match.end(1)) or any(_PLAIN_WORD.match(word.capitalize()) for word in words):
            continue
        if (words[0].lower() in GIVEN and len(words[-1].strip(".")) > 1) or _plausible_pinyin(words):
            yield Candidate(Kind.PERSON_NAME, *match.span(1), 50)


def _trimmed(match: re.Match[str], trust: int, titled: bool = False) -> Iterator[Candidate]:
    """The name without the ordinary words that begin or follow it."""
    start, _end = match.span(1)
    words = [
        (one.start() + start, one.end() + start, one.group())
        for one in re.finditer(r"[^\s,]+", match.group(1))
    ]
    while words and re.fullmatch(r"(?:Mrs?|Ms|Dr)\.?", words[0][2]):
        words.pop(0)
    kept: list[tuple[int, int, str]] = []
    for word in words:
        if _PLAIN_WORD.match(word[2].rstrip(".").capitalize()) or (
            word[2].isupper() and len(word[2]) in (2, 3) and not titled and not kept
        ):
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
    return plain in GIVEN or plain in SURNAMES or formed_as_surname(plain)


def formed_as_surname(word: str) -> bool:
    """Whether a word in lower case has a form that only surnames (and some places) have."""
    return _FORMED.fullmatch(word.replace("’", "'")) is not None
