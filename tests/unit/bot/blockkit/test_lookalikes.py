"""Labels that people could not tell apart are made different."""

from hypothesis import given
from hypothesis import strategies as st

from signoff.bot.blockkit.lookalikes import exact, look_of, told_apart
from signoff.bot.forms.elements.options import labelled


def test_labels_that_differ_stay() -> None:
    """Only what could be mistaken is changed."""
    assert told_apart(["Red", "Green"], ['"red"', '"green"'], 75) == ("Red", "Green")


def test_equal_labels_show_their_values() -> None:
    """And so do labels that differ in case, spaces or invisible characters."""
    values = ["low", "Low", "lo\u200bw", "l ow", 1, "1"]
    labels = told_apart(["Low", "Low", "Low", "Low", "1", "1"], list(map(exact, values)), 75)

    assert labels == ('Low ("low")', 'Low ("Low")', 'Low ("lo\\u200bw")', 'Low ("l ow")', "1", '"1"')


def test_every_character_of_a_value_can_be_seen() -> None:
    """Spaces that a client would not show, and what looks the same in two encodings."""
    values = ["a b", "a  b", "a\u00a0b", "é", "e\u0301"]
    labels = [choice.label for choice in labelled([(value, None) for value in values])]

    assert labels == ['a b ("a b")', 'a b ("a␣␣b")', 'a b ("a\\u00a0b")', 'é ("é")', 'e\u0301 ("e\\u0301")']


def test_long_values_are_shown_where_they_differ() -> None:
    """Also if that is at their end."""
    values = [f"{'x' * 200}{end}" for end in ("one", "two")]
    one, two = told_apart(values, list(map(exact, values)), 75)

    assert one.endswith('xone"')
    assert two.endswith('xtwo"')
    assert max(len(one), len(two)) <= 75


def test_reserved_labels_stay_apart() -> None:
    """A choice cannot look like a button that means something else."""
    assert told_apart(["Reject…", "Go"], ['"reject…"', '"go"'], 75, ["Reject…"]) == ('Reject… ("reject…")', "Go")


@given(st.lists(st.text(max_size=8) | st.sampled_from(["a", "A", "a ", 'a ("a")', "a" * 90]), max_size=12, unique=True))
def test_no_two_labels_are_equal(values: list[str]) -> None:
    """However hostile they are, and within the limit."""
    labels = told_apart([value or "–" for value in values], list(map(exact, values)), 75)

    assert len(set(labels)) == len(labels)
    assert all(len(label) <= 75 for label in labels)
    alike = [label for label in labels if [look_of(each) for each in labels].count(look_of(label)) > 1]
    assert all("(" in label or '"' in label for label in alike)
