"""Nothing is parsed twice."""

from tests.benchmarks.parses import parses_of_each_act


def test_a_schema_is_parsed_once_however_often_its_prompt_is_drawn_opened_and_answered() -> None:
    """The card takes the prompt's own schema, the modal that of its list's entries; later acts parse nothing."""
    assert [parses for _, parses in parses_of_each_act()] == [1, 1, 0, 0, 0]
