"""What a person has entered is stored until the prompt is settled, for that person alone."""

from datetime import timedelta

import pytest

from signoff.store.database import Database
from signoff.store.prompts import drafts
from signoff.store.prompts.drafts import NO_DRAFT, DraftChanged, StoredDraft
from tests.integration.store.samples import ANA, BEN, NOON, an_open_prompt, settle

TYPED = {"values": {"size": "large"}, "kept": {}}


def test_a_person_gets_their_own_draft(db: Database) -> None:
    """The last one, and nobody else gets it."""
    prompt = an_open_prompt(db)

    first = drafts.save(db, prompt.id, ANA.id, {"values": {}, "kept": {}}, revision=NO_DRAFT, now=NOON)
    assert first is not None
    second = drafts.save(db, prompt.id, ANA.id, TYPED, revision=first, now=NOON + timedelta(seconds=1))
    assert second is not None

    assert drafts.load(db, prompt.id, ANA.id) == StoredDraft(TYPED, second)
    assert drafts.load(db, prompt.id, BEN.id) is None


def test_a_draft_can_be_discarded(db: Database) -> None:
    """The drafts of other people stay."""
    prompt = an_open_prompt(db)
    drafts.save(db, prompt.id, ANA.id, TYPED, revision=NO_DRAFT, now=NOON)
    drafts.save(db, prompt.id, BEN.id, TYPED, revision=NO_DRAFT, now=NOON)

    drafts.discard(db, prompt.id, ANA.id)

    assert drafts.load(db, prompt.id, ANA.id) is None
    assert drafts.load(db, prompt.id, BEN.id) == StoredDraft(TYPED, NO_DRAFT + 1)


def test_a_save_never_undoes_another(db: Database) -> None:
    """One that was made from an earlier draft, or from none, is refused, and what is stored stays."""
    prompt = an_open_prompt(db)
    first = drafts.save(db, prompt.id, ANA.id, {"values": {}}, revision=NO_DRAFT, now=NOON)
    assert first is not None
    drafts.save(db, prompt.id, ANA.id, TYPED, revision=first, now=NOON)

    for outdated in (NO_DRAFT, first):
        with pytest.raises(DraftChanged):
            drafts.save(db, prompt.id, ANA.id, {"values": {"size": "small"}}, revision=outdated, now=NOON)

    stored = drafts.load(db, prompt.id, ANA.id)
    assert stored is not None
    assert stored.values == TYPED


def test_a_settled_prompt_has_no_drafts(db: Database) -> None:
    """Settling deletes them, and no new one is stored."""
    prompt = an_open_prompt(db)
    drafts.save(db, prompt.id, BEN.id, TYPED, revision=NO_DRAFT, now=NOON)

    settle(db, prompt)

    assert drafts.load(db, prompt.id, BEN.id) is None
    assert not drafts.save(db, prompt.id, BEN.id, TYPED, revision=NO_DRAFT, now=NOON)


def test_there_is_no_draft_of_an_unknown_prompt(db: Database) -> None:
    """Nothing is stored for a prompt that is not in the database."""
    assert not drafts.save(db, "0" * 36, ANA.id, TYPED, revision=NO_DRAFT, now=NOON)
