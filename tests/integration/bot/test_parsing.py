"""No schema is parsed twice."""

from tests.benchmarks.parses import parses_of_each_act


def test_a_schema_is_parsed_once_however_often_its_prompt_is_drawn_opened_and_answered() -> None:
    """The card parses the prompt's schema and that of its list's entries. What follows parses nothing."""
    drawn, *later = [parses for _, parses in parses_of_each_act()]
    assert drawn == 2
    assert later == [0, 0, 0, 0]
