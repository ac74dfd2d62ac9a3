"""What the rules of a policy have said about a prompt, for those who are asked all the same."""

from signoff.bot.blockkit.markup import escape, unescaped
from signoff.store.records.prompts import Prompt

_NOTE = 100


def ruling_line(prompt: Prompt) -> str:
    """Why people are asked although the policy has rules, as mrkdwn; empty if there is nothing to say."""
    ruling = prompt.ruling
    if ruling is None or ruling.has_answered or not ruling.rule:
        return ""
    rule = f"The rule “{escape(ruling.rule, _NOTE)}”"
    if ruling.problem:
        return f"⚠️ {rule} failed, so a person has to answer."
    if ruling.is_sampled:
        return f"🎲 *Sampled.* {rule} would have approved this."
    return f"{rule} asks for a person."


def ruling_as_text(prompt: Prompt) -> str:
    """The same as plain text, for the command line."""
    return unescaped(ruling_line(prompt)).replace("*", "")
