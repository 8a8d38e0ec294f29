"""What is typed at `secondlook find` is told by its looks."""

import pytest

from cli.finding import way


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ("A12-345-678", "a_number"),
        ("a 1234567", "a_number"),
        ("55MY1-Z1HT0-H", "case_number"),
        ("55my1 z1ht0 h", "case_number"),
        ("A12", "case_number"),  # refused there, with how one looks
        ("Quintanabelle, Zoraida", "name"),
    ],
)
def test_a_name_has_no_digits_and_an_a_number_has_seven_to_nine(said: str, how: str) -> None:
    assert way(said) == how
