"""The file of the settings that has policies for flows and tags."""

from pathlib import Path

import pytest

from signoff import Policy
from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.errors import BadSettings
from signoff.flows.policy_file import read_policies
from signoff.flows.settings import DatabaseSettings


def read(folder: Path, text: str) -> DefaultPolicies:
    file = folder / "signoff.toml"
    file.write_text(text, encoding="utf-8")
    return read_policies(file)


def test_a_policy_for_all_flows_for_some_and_for_tags(tmp_path: Path) -> None:
    """What is set for the flow goes before what is set for its tags, in their order, and that before the rest."""
    found = read(
        tmp_path,
        """
        [policy]
        channel = "#approvals"
        quorum = 2
        deadline = "PT4H"

        [policy.flows.deploy]
        approvers = ["@release-leads"]

        [policy.tags.production]
        approvers = ["@ops"]
        requester_may_answer = false

        [policy.tags."on call"]
        quorum = 3
        requester_may_answer = true
        """,
    )
    deploy = found.of("deploy", ["production", "on call", "unknown"])
    assert deploy == Policy(
        channel="#approvals", approvers=["@release-leads"], quorum=3, deadline=4 * 3600, requester_may_answer=False
    )
    assert found.of("deploy", ["on call", "production"]).requester_may_answer
    assert found.of("other") == found.everywhere
    assert found.of("deploy", otherwise=Policy(channel="#outer")) == Policy(
        channel="#outer", approvers=["@release-leads"]
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[policy.flows.deploy]\nquorom = 2",
            "policy.flows.deploy.quorom: a policy has no such field. Did you mean quorum?",
        ),
        ("[policy]\nzzz = 2", "policy.zzz: a policy has no such field."),
        ("[policy.tags.prod]\nquorum = 0", "policy.tags.prod.quorum."),
        ("[policy.tags.prod]\napprovers = '@ana'", "policy.tags.prod.approvers: give a list, even of one: ['@ana']."),
        ("[policy]\nflows = 3", "policy.flows: this has to be a table, as in [policy.flows.NAME]."),
        ("[policy.flows]\ndeploy = 3", "policy.flows.deploy: this has to be a table, as in [policy.flows.deploy]."),
        ("[polcy]", "polcy: there is no such table. Policies are in the table [policy]."),
        ("policy = 3", "policy: this has to be a table, as in [policy]."),
        ("[policy", "is not valid TOML: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    """Invariant 10: of a configuration, the setting."""
    with pytest.raises(BadSettings) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'signoff.toml'}")
    assert told in str(refused.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Each in a sentence of its own."""
    with pytest.raises(BadSettings) as refused:
        read(tmp_path, "[policy]\nzzz = 1\n[policy.flows.a]\nyyy = 1\n[policy.tags.b]\nxxx = 1")
    assert str(refused.value).count("a policy has no such field.") == 3


def test_the_file_is_the_one_of_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless SIGNOFF_POLICIES names another one, or none. The other settings take precedence over its first table."""
    monkeypatch.chdir(tmp_path)
    Path("signoff.toml").write_text('[policy]\nchannel = "#a"\nquorum = 2', encoding="utf-8")
    Path("other.toml").write_text('[policy]\nchannel = "#b"', encoding="utf-8")
    assert DatabaseSettings().defaults().of("any") == Policy(channel="#a", quorum=2)
    monkeypatch.setenv("SIGNOFF_CHANNEL", "#ops")
    assert DatabaseSettings().defaults().of("any") == Policy(channel="#ops", quorum=2)
    monkeypatch.setenv("SIGNOFF_POLICIES", "other.toml")
    assert DatabaseSettings().defaults().of("any") == Policy(channel="#ops")
    monkeypatch.setenv("SIGNOFF_POLICIES", "")
    assert DatabaseSettings().defaults().of("any") == Policy(channel="#ops")
    monkeypatch.setenv("SIGNOFF_POLICIES", "gone.toml")
    with pytest.raises(BadSettings, match=r"There is no file gone\.toml, which SIGNOFF_POLICIES names\."):
        DatabaseSettings().defaults()
