"""What a person has filled in is kept until the prompt is settled, and for them alone."""

from datetime import timedelta

from signoff.store.database import Database
from signoff.store.prompts import drafts
from tests.integration.store.samples import ANA, BEN, NOON, an_open_prompt, settle

TYPED = {"values": {"size": "large"}, "kept": {}}


def test_a_draft_is_given_back_to_who_wrote_it(db: Database) -> None:
    """The last one, and to nobody else."""
    prompt = an_open_prompt(db)

    assert drafts.save(db, prompt.id, ANA.id, {"values": {}, "kept": {}}, now=NOON)
    assert drafts.save(db, prompt.id, ANA.id, TYPED, now=NOON + timedelta(seconds=1))

    assert drafts.load(db, prompt.id, ANA.id) == TYPED
    assert drafts.load(db, prompt.id, BEN.id) is None


def test_a_draft_can_be_thrown_away(db: Database) -> None:
    """Then there is none, and that of somebody else stays."""
    prompt = an_open_prompt(db)
    drafts.save(db, prompt.id, ANA.id, TYPED, now=NOON)
    drafts.save(db, prompt.id, BEN.id, TYPED, now=NOON)

    drafts.discard(db, prompt.id, ANA.id)

    assert drafts.load(db, prompt.id, ANA.id) is None
    assert drafts.load(db, prompt.id, BEN.id) == TYPED


def test_a_settled_prompt_has_no_drafts(db: Database) -> None:
    """They are gone with the settling, and none is kept any more."""
    prompt = an_open_prompt(db)
    drafts.save(db, prompt.id, BEN.id, TYPED, now=NOON)

    settle(db, prompt)

    assert drafts.load(db, prompt.id, BEN.id) is None
    assert not drafts.save(db, prompt.id, BEN.id, TYPED, now=NOON)


def test_there_is_no_draft_of_what_is_not_asked(db: Database) -> None:
    """A prompt that is not in the record keeps nothing."""
    assert not drafts.save(db, "0" * 36, ANA.id, TYPED, now=NOON)
