"""What a person filled in: normalised when good, every mistake named when not."""

from __future__ import annotations

from typing import Any

import pytest

from templates_nb.manifest import TemplateManifest
from templates_nb.parameters import ParameterError, validate


def problems(template: TemplateManifest, values: dict[str, Any], extract: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ParameterError) as error:
        validate(template, values, [extract])
    assert all("\n" not in line for line in error.value.problems.values())
    return error.value.problems


def test_good_values_gain_their_defaults(
    template: TemplateManifest, parameters: dict[str, Any], extract: dict[str, Any]
) -> None:
    values = validate(template, parameters | {"horizon_years": "3.5", "random_seed": "7"}, [extract])
    assert set(values) == {parameter.name for parameter in template.parameters}
    assert (values["horizon_years"], values["random_seed"]) == (3.5, 7)
    assert values["missing_values"] == "complete_cases"
    assert validate(template, values, [extract]) == values


def test_every_bad_parameter_is_named_at_once(
    template: TemplateManifest, parameters: dict[str, Any], extract: dict[str, Any]
) -> None:
    bad = {
        "time_column": "size",
        "group_column": "pgr'; import os",
        "numeric_covariates": ["age", "age"],
        "horizon_years": 500,
        "random_seed": 1.5,
        "missing_values": "guess",
        "language": "fr",
        "secret": 1,
    }
    found = problems(template, parameters | bad, extract)
    assert set(found) == set(bad)
    assert found["time_column"] == "Time to event: column size is not numeric; choose a column of numbers"
    assert found["horizon_years"] == "Horizon (years): 500 is too large; at most 50"


def test_coded_numbers_are_categories_and_not_measurements(
    template: TemplateManifest, parameters: dict[str, Any], extract: dict[str, Any]
) -> None:
    assert "numeric_covariates" in problems(template, parameters | {"numeric_covariates": ["meno"]}, extract)
    assert validate(template, parameters | {"group_column": "meno"}, [extract])["group_column"] == "meno"


def test_extract_outside_the_grants_closes_everything_below_it(
    template: TemplateManifest, parameters: dict[str, Any], extract: dict[str, Any]
) -> None:
    found = problems(template, parameters | {"extract": "other"}, extract)
    assert "not an extract that this project may use" in found["extract"]
    assert found["table"] == "Table: choose an extract first"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "many", [1]])
def test_what_is_no_number(
    template: TemplateManifest, parameters: dict[str, Any], extract: dict[str, Any], value: object
) -> None:
    assert set(problems(template, parameters | {"horizon_years": value}, extract)) == {"horizon_years"}


def test_required_parameters(template: TemplateManifest, extract: dict[str, Any]) -> None:
    assert set(problems(template, {}, extract)) == {"extract", "table", "time_column", "event_column"}
