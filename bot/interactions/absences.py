"""`/approvals away` and `/approvals back`: somebody is out of office, and somebody else covers for them."""

import re
from datetime import datetime

from signoff.bot.blockkit.blocks import Message
from signoff.bot.blockkit.markup import day_in_words, escape, together
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.people import People
from signoff.bot.interactions.commands import Invocation, SubCommand
from signoff.bot.interactions.showing import message
from signoff.flows.approval.approvers import Person, Unknowable
from signoff.flows.approval.moments import Unreadable, moment_in
from signoff.flows.schema.slack_ids import USER_MENTION, is_user_id
from signoff.store.database import Database
from signoff.store.prompts import absences
from signoff.store.records.absence import Absence, cover_of, covered_by
from signoff.store.records.actors import Actor

_COVERS = re.compile(r"(?P<when>.*?)(?:,|;|\s+and|\s)\s*(?P<cover>\S+)\s+covers?(?:\s+for\s+me)?\.?", re.IGNORECASE)
_NAME = 80


def absence_commands(db: Database, directory: SlackDirectory, people: People) -> tuple[SubCommand, ...]:
    """The sub-commands."""
    away = Away(db, directory, people)
    return (
        SubCommand(
            "away",
            "have somebody else asked in your place, as in `/approvals away until Monday, @ben covers`; without more, "
            "show until when you are away",
            away.away,
            "[UNTIL WHEN, @WHO covers]",
        ),
        SubCommand("back", "end that", away.back),
    )


class _CannotCover(Exception):
    """Somebody cannot cover. The message says why, as mrkdwn."""


class Away:
    """Takes down who is away."""

    def __init__(self, db: Database, directory: SlackDirectory, people: People) -> None:
        self._db = db
        self._directory = directory
        self._people = people

    def away(self, typed: Invocation) -> Message:
        """Somebody goes away, or asks whether they are."""
        if not typed.argument:
            return message(self._as_it_is(typed.actor))
        found = _COVERS.fullmatch(typed.argument)
        when, covering = (found["when"], found["cover"]) if found else (typed.argument.rstrip("., "), "")
        try:
            until = moment_in(when, self._local_now(typed.actor))
            cover = self._cover(typed.actor, covering) if covering else None
        except (Unreadable, _CannotCover) as fault:
            return message(f"Nothing has changed. {fault}")
        absence = Absence(Actor(typed.actor.id, typed.actor.name), until, cover)
        number = absences.begin(self._db, absence, now=self._db.now())
        asked = "1 open prompt asks" if number == 1 else f"{number} open prompts ask"
        return message(f"{self._as_it_is(typed.actor)} {asked} for you by name.")

    def back(self, typed: Invocation) -> Message:
        """Somebody is back."""
        if absences.end(self._db, typed.actor.id, now=self._db.now()) is None:
            return message("You are not away.")
        return message("Welcome back. You are asked again from now on.")

    def _as_it_is(self, actor: Actor) -> str:
        """Whether somebody is away, until when in full, and who covers for whom, as sentences."""
        away = absences.current(self._db, now=self._db.now())
        told = []
        own = next((each for each in away if each.person.id == actor.id), None)
        if own is None:
            told.append("You are not away.")
        else:
            told.append(f"You are away until {self._in_full(actor, own.until)}.")
            stand_in = cover_of(actor.id, away)
            if stand_in is not None:
                told.append(
                    f"<@{stand_in.id}> covers: reminders go to them, and they may answer in your place where a policy "
                    "has `may_delegate`."
                )
            elif own.cover is not None:
                told.append(f"<@{own.cover.id}> is away, too, so nobody covers for you.")
            else:
                told.append("Nobody covers for you. Add `, @somebody covers` to name somebody.")
        covered = [f"<@{each.id}>" for each in covered_by(actor.id, away)]
        if covered:
            told.append(f"You cover for {together(covered)}.")
        left = [f"<@{each.person.id}>" for each in away if each.cover is not None and each.cover.id == actor.id]
        if own is not None and left and cover_of(actor.id, away) is None:
            told.append(f"Nobody covers for {together(left)} until you are back.")
        return " ".join(told)

    def _cover(self, actor: Actor, named: str) -> Actor:
        """The person who is to cover.

        Raises:
            _CannotCover: If they cannot.
        """
        mention = USER_MENTION.match(named.split("|")[0] + ">") if named.startswith("<@") else None
        name = mention[1] if mention else named
        found = self._directory.find(name)
        if isinstance(found, Unknowable):
            raise _CannotCover(f"{escape(found.reason, 300)} Try again in a moment.")
        if found.fault or found.id is None:
            raise _CannotCover(f"{escape(name, _NAME)} cannot cover. {escape(found.fault, 300)}")
        if not is_user_id(found.id):
            raise _CannotCover(f"{escape(name, _NAME)} is not a person. Name one person.")
        if found.id == actor.id:
            raise _CannotCover("You cannot cover for yourself. Name somebody else.")
        person = self._directory.person(found.id)
        is_colleague = self._directory.is_colleague(Actor(found.id, name))
        if not isinstance(person, Person) or isinstance(is_colleague, Unknowable):
            raise _CannotCover(f"Slack did not say who {escape(name, _NAME)} is. Try again in a moment.")
        if not is_colleague:
            raise _CannotCover(f"{escape(person.name, _NAME)} is not of this workspace. Name a colleague.")
        now = self._db.now()
        theirs = next((each for each in absences.current(self._db, now=now) if each.person.id == found.id), None)
        if theirs is not None:
            until = self._in_full(actor, theirs.until)
            raise _CannotCover(f"{escape(person.name, _NAME)} is away until {until}. Name somebody else.")
        return Actor(person.id, person.name)

    def _local_now(self, actor: Actor) -> datetime:
        return self._db.now().astimezone(self._people.zone(actor.id))

    def _in_full(self, actor: Actor, moment: datetime) -> str:
        """A moment where somebody is: `Monday, May 6, 2026, 00:00 (Europe/Madrid)`."""
        zone = self._people.zone(actor.id)
        there = moment.astimezone(zone)
        return f"{there:%A}, {day_in_words(there)}, {there:%H:%M} ({zone})"
