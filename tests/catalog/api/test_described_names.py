"""What the API's description says of names is what it takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from catalog.schemas.texts import AttributeName

NAMES: TypeAdapter[str] = TypeAdapter(AttributeName)
DESCRIBED = NAMES.json_schema()
FIRST = st.sampled_from("ab .\x00\t\n\x1c\x1f\x85\xa0\u2003\ufeff") | st.characters(exclude_categories=["Cs"])


def is_taken(name: str) -> bool:
    try:
        NAMES.validate_python(name)
    except ValidationError:
        return False
    return True


@given(st.builds("{}{}".format, FIRST, st.text(st.sampled_from("ab .\x00\t\n"), max_size=4)))
@example("\x1cprice")
@example("\ufeffprice")
@example("price\n")
def test_attribute_names_are_taken_as_described(name: str) -> None:
    assert is_taken(name) == bool(re.search(DESCRIBED["pattern"].replace("$", r"\Z"), name))


@pytest.mark.parametrize("name", ["", "a" * 65])
def test_their_length_is_described(name: str) -> None:
    assert not is_taken(name) and (DESCRIBED["minLength"], DESCRIBED["maxLength"]) == (1, 64)
