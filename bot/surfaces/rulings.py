"""What the rules of a policy have said about a prompt, for those who are asked all the same."""

from signoff.bot.blockkit.markup import escape, plain, span, unescaped
from signoff.store.policy import Policy
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
        return f"*Sampled.* {rule} would have approved this."
    return f"{rule} asks for a person."


def ruling_as_text(prompt: Prompt) -> str:
    """The same as plain text, for the command line."""
    return unescaped(ruling_line(prompt)).replace("*", "")


_DOES = {"approve": "approves", "reject": "rejects", "ask": "asks for a person"}


def what_answers_first(policy: Policy) -> list[str]:
    """What may answer before anybody is asked, as sentences of clean text."""
    told = []
    if policy.rules:
        # In the order in which they are tried.
        ordered = sorted(policy.rules, key=lambda rule: rule.then != "reject")
        rules = ", ".join(f"“{plain(rule.note, _NOTE)}” {_DOES[rule.then]}" for rule in ordered)
        told.append(f"Before people are asked, rules may answer: {rules}.")
    if policy.sample is not None:
        told.append(f"{policy.sample:.0%} of what they approve is put to people all the same.")
    if policy.repeat is not None:
        told.append(f"An approval of the same request counts again for {span(policy.repeat)}.")
    return told
