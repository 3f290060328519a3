from __future__ import annotations

from itertools import product

import pytest

from provisioning.refusal import Refusal
from provisioning.registry.models import Project, ProjectStatus
from provisioning.registry.project_status import check_declared, move

LEGAL = {
    ("draft", "active"),
    ("draft", "closed"),
    ("active", "suspended"),
    ("active", "closed"),
    ("suspended", "active"),
    ("suspended", "closed"),
    ("closed", "archived"),
    ("closed", "deleted"),
    ("archived", "deleted"),
}


@pytest.mark.parametrize(("before", "after"), list(product(ProjectStatus, ProjectStatus)))
def test_a_project_moves_by_the_table_only(before: ProjectStatus, after: ProjectStatus) -> None:
    project = Project(name="heart", title_en="x", title_zh="x", status=before)
    if before is after:
        assert not move(project, after)
    elif (before, after) in LEGAL:
        assert move(project, after)
        assert project.status is after
    else:
        with pytest.raises(Refusal, match="heart is") as caught:
            move(project, after)
        assert project.status is before
        possible = [to for start, to in LEGAL if start == before]
        assert all(to in str(caught.value) for to in possible)


@pytest.mark.parametrize("status", [ProjectStatus.ARCHIVED, ProjectStatus.DELETED])
def test_what_takes_more_than_a_word_is_not_declared(status: ProjectStatus) -> None:
    for before in (None, ProjectStatus.CLOSED):
        with pytest.raises(Refusal, match=r"carrel project (archive|delete) heart"):
            check_declared("heart", before, status)
    check_declared("heart", status, status)
