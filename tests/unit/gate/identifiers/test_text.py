"""Texts: redaction leaves nothing, hostile texts take bounded time, disguises do not help."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.gate.identifiers import ColumnScan, Kind, find_in_text, kind_of_name, redact

HOSTILE = [
    "1",
    "138 ",
    "张",
    "患者",
    "A a ",
    "Mr. ",
    "a@",
    "1-",
    "浙江省",
    "::",
    "John Smith ",
    "1.2.",
    "电话:",
    "省",
    "12 A ",
    "A-",
    "http://",
    "John, ",
    "李伟、",
    "李伟医生和",
    "之子李",
    "者:李伟",
    "Ann Lee, and ",
    "signed by Ann Lee / ",
    "Flat 2, 1, ",
    "01/02/03",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_bounded_time(piece):
    started = time.monotonic()
    find_in_text(piece * (100_000 // len(piece)))
    assert time.monotonic() - started < 5


@given(
    st.text(alphabet=st.sampled_from("0123456789 -:.@/张伟患者姓名电话市路号年月日ABab１\u200b"), max_size=80)
)
def test_found_are_in_order_without_overlaps(text):
    found = find_in_text(text)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert all(0 <= one.start < one.end <= len(text) for one in found)


@pytest.mark.parametrize("number", ["13812345678", "１３８１２３４５６７８", "138\u200b1234\u200b5678"])
def test_full_width_and_invisible_characters_hide_nothing(number):
    text = f"请拨打{number}。"
    assert redact(text, find_in_text(text)) == "请拨打[mobile-phone]。"


def test_the_check_digit_decides():
    assert [one.kind for one in find_in_text("编码 11010519491231002X")] == [Kind.RESIDENT_ID]
    assert find_in_text("编码 110105194912310021") == []


def test_random_numbers_are_no_mobile_numbers_and_real_ones_are():
    scan = ColumnScan("x")
    scan.feed([str(10_000_000_019 + 8_999_917 * n) for n in range(9_999)])
    assert scan.findings() == []
    scan = ColumnScan("x")
    scan.feed([None, *[13800000000 + 7919 * n for n in range(100)]])
    assert [(one.kind, one.count, one.positions[0]) for one in scan.findings()] == [
        (Kind.MOBILE_PHONE, 100, 1)
    ]


def test_one_number_in_a_text_column_is_found_where_it_stands():
    scan = ColumnScan("remark")
    scan.feed(["复查", "请拨打13812345678", "复查"])
    scan.feed(["无"])
    (finding,) = scan.findings()
    assert (finding.kind, finding.count, finding.rows_checked, finding.positions) == (
        Kind.MOBILE_PHONE,
        1,
        4,
        (1,),
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [("身份证号", Kind.RESIDENT_ID), ("xm", Kind.PERSON_NAME), ("lxdh", Kind.LANDLINE_PHONE), ("patientName", Kind.PERSON_NAME),
     ("DOB", Kind.BIRTH_DATE), ("住院号", Kind.MEDICAL_RECORD_NUMBER), ("药品名称", None), ("drug_name", None), ("age", None)],
)  # fmt: skip
def test_names_of_columns(name, kind):
    assert kind_of_name(name) is kind


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("2024年3月5日10:30患者诉头痛", "2024年3月5日", Kind.DATE),
        ("2024-03-0510:30 cough", "2024-03-05", Kind.DATE),
        ("Seen 03/05/24 in clinic", "03/05/24", Kind.DATE),
        ("与其子郑禺鸥沟通病情", "郑禺鸥", Kind.PERSON_NAME),
        ("审核者：郑禺鸥、钱甪直、李伟", "钱甪直", Kind.PERSON_NAME),
        ("Seen with John Smith and Mary Zzyzx today.", "Mary Zzyzx", Kind.PERSON_NAME),
        ("Dr Qwertin Zzyzx called. Later Zzyzx left.", "Zzyzx", Kind.PERSON_NAME),
        ("born at home. 21 October 1943. Dear Dr. Villanueva, thanks", "21 October 1943", Kind.DATE),
    ],
)
def test_found_by_what_stands_beside(text, value, kind):
    start = text.rindex(value)
    found = [one for one in find_in_text(text) if one.start <= start < one.end]
    assert [(one.kind, one.end >= start + len(value)) for one in found] == [(kind, True)]


@pytest.mark.parametrize(
    "text",
    ["患者家属同意手术方案，方式已告知。", "May 2 tablets be given", "请全科医师会诊，由值班医生处理。"],
)
def test_words_beside_a_role_are_no_names(text):
    assert find_in_text(text) == []
