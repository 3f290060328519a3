"""Names in Docker: two desks never share one, and they are read back as they were written."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_config import naming
from hub_config.naming import DeskNames
from provisioning.refusal import Refusal
from provisioning.registry.models import Project

PARTS = ("desk", "engine", "sockets", "network")


def names_of(desk: DeskNames) -> set[str]:
    return {getattr(desk, part) for part in PARTS}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("t", "a-b", "cc"), ("t", "aa", "b-cc")),
        (("t", "heart", "li"), ("t", "heart-li", "li")),
        (("t", "heart", "desk"), ("t", "desk", "heart")),
        (("t", "heart", "li"), ("u", "heart", "li")),
        (("t-desk", "heart", "li"), ("t", "desk-heart", "li")),
    ],
)
def test_two_desks_share_no_name(one, other):
    assert names_of(DeskNames(*one)).isdisjoint(names_of(DeskNames(*other)))


good_name = st.from_regex(naming.NAME, fullmatch=True)


@given(st.tuples(good_name, good_name, good_name), st.tuples(good_name, good_name, good_name))
def test_a_name_tells_whose_it_is(one, other):
    shared = names_of(DeskNames(*one)) & names_of(DeskNames(*other))
    assert bool(shared) == (one == other)


def test_the_parts_of_a_desk_have_four_names():
    desk = DeskNames("carrel", "heart", "li-wei")
    assert [getattr(desk, part) for part in PARTS] == [f"carrel.{part}.heart.li-wei" for part in PARTS]
    assert naming.run_engine_name("carrel", "0" * 32) == f"carrel.run.{'0' * 32}"


def test_a_run_never_has_the_name_of_a_desks_part():
    run = naming.run_engine_name("carrel", "0" * 32)
    for project, account in itertools.product(("run", "heart"), ("0" * 32, "li")):
        assert run not in names_of(DeskNames("carrel", project, account))


def test_the_labels_say_site_role_project_and_account():
    assert DeskNames("carrel", "heart", "li-wei").labels("desk") == {
        "carrel.site": "carrel",
        "carrel.role": "desk",
        "carrel.project": "heart",
        "carrel.account": "li-wei",
    }


@given(st.from_regex(r"[a-z0-9-]{0,34}", fullmatch=True) | st.text(max_size=6))
def test_every_name_that_the_registry_takes_is_one_that_hub_and_gate_take(name):
    try:
        Project(name=name, title_en="x", title_zh="x")
    except Refusal:
        return
    assert naming.NAME.fullmatch(name)


@pytest.mark.parametrize(
    "name", ["", "a", "1a", "-a", "a-", "A", "aB", "a.b", "a_b", "a/b", "..", "a\n", "a" * 33, "名字", "a b"]
)
def test_what_could_mean_something_to_docker_or_a_path_is_no_name(name):
    assert not naming.NAME.fullmatch(name)


@pytest.mark.parametrize(
    "run", ["", "0" * 31, "0" * 33, "A" * 32, "g" * 32, "0" * 31 + "\n", "../" + "0" * 29]
)
def test_what_is_not_thirty_two_hexadecimal_digits_is_no_run(run):
    assert not naming.RUN_ID.fullmatch(run)
