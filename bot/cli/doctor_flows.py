"""What `signoff doctor FILE` checks: the policy that holds for each flow of a file, before anybody is asked."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from signoff.bot.blockkit.markup import plain
from signoff.bot.cli.doctor_checks import Finding, look_up_all, lookups_of
from signoff.bot.settings import Settings, load_settings
from signoff.flows.approval.approvers import Unknowable, names_person
from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.approval.names import spelling_fault
from signoff.flows.approval.policy import conflict, merged, policy_in, with_functions_named
from signoff.flows.code.module_loading import load_file
from signoff.flows.errors import BadSettings, InvalidFlow
from signoff.flows.flow import Flow
from signoff.flows.loading import flows_in, load_flows
from signoff.store.policy import SCHEMA_KEY, Policy, name_of_function
from signoff.store.policy_parts import Stage
from signoff.store.records.approvers import Approver
from signoff.store.sentences import faults_of, sentence

_CHECK = "policies"
_MESSAGE = 600


def policies_of_flows(files: Sequence[Path]) -> Iterator[Finding]:
    """The policy of each flow in these files, and what is wrong with it."""
    try:
        settings = load_settings()
        defaults = settings.defaults()
    except BadSettings:
        # Found by another check.
        return
    try:
        flows = load_flows(files)
    except InvalidFlow as error:
        yield Finding(_CHECK, False, str(error))
        return
    found = {flow.name: merged(flow.policy, defaults.of(flow.name, flow.tags)) for flow in flows}
    faults: list[str] = []
    for flow in flows:
        if fault := conflict(with_functions_named(found[flow.name]), None):
            source = _sources(flow, defaults)
            faults.append(sentence(f"A pause of {flow.name} that sets nothing else fails: {fault}"))
            faults[-1] += f" Its policy comes from {source}." if source else ""
    faults += _misspelt(defaults, found)
    faults += _faults_of_models(files, defaults)
    faults += _nobody(settings, found)
    yield from (Finding(_CHECK, False, plain(fault, _MESSAGE)) for fault in dict.fromkeys(faults))
    for name, policy in found.items():
        yield Finding(_CHECK, True, plain(f"{name}: {_as_text(policy)}", _MESSAGE))


def _misspelt(defaults: DefaultPolicies, found: Mapping[str, Policy]) -> Iterator[str]:
    """Tables for flows that are not in the files, and almost called like one. Others may be those of other files."""
    for name in defaults.flows:
        if name not in found and (close := get_close_matches(name, found.keys() - defaults.flows.keys(), n=1)):
            yield f"[policy.flows.{name}]: no flow in these files is called {name}. Did you mean {close[0]}?"


def _sources(flow: Flow[Any, Any], defaults: DefaultPolicies) -> str:
    tags = [f"[policy.tags.{tag}]" for tag in flow.tags if tag in defaults.tags]
    places = [
        "@flow(policy=…)" if flow.policy.model_fields_set else "",
        f"[policy.flows.{flow.name}]" if flow.name in defaults.flows else "",
        *tags,
        "the settings for all flows" if defaults.everywhere.model_fields_set else "",
    ]
    return ", ".join(filter(None, places))


def _faults_of_models(files: Sequence[Path], defaults: DefaultPolicies) -> Iterator[str]:
    """What is wrong with the policies of the models that the files define, for the flows beside them."""
    for module in map(load_file, files):
        models = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BaseModel)]
        for model in dict.fromkeys(models):
            extra = model.model_config.get("json_schema_extra")
            if model.__module__ != module.__name__ or not isinstance(extra, dict) or SCHEMA_KEY not in extra:
                continue
            try:
                policy = policy_in(extra)
            except ValidationError as error:
                yield sentence(f"The policy of the model {model.__name__} is invalid: {faults_of(error)}")
                continue
            for flow in flows_in(module):
                of_flow = merged(flow.policy, defaults.of(flow.name, flow.tags))
                fault = conflict(with_functions_named(merged(policy, of_flow)), None)
                if fault and fault != conflict(with_functions_named(of_flow), None):
                    yield sentence(f"The policy of the model {model.__name__} is invalid in {flow.name}: {fault}")


def _nobody(settings: Settings, policies: dict[str, Policy]) -> Iterator[str]:
    """Approvers and channels that do not exist, as far as Slack can be asked."""
    named = list(dict.fromkeys(name for policy in policies.values() for name in policy.named))
    known = look_up_all(settings, [Approver(name) for name in named])
    with lookups_of(settings) as lookups:
        for flow, policy in policies.items():
            for name in policy.named:
                found = known[name]
                fault = spelling_fault(name) if isinstance(found, Unknowable) else found.fault
                if fault:
                    yield f"{name} cannot answer prompts of {flow}. {fault}"
            channel = policy.channel
            if not channel or lookups is None or names_person(channel):
                continue
            if lookups.visible_channel(channel) is None:
                yield f"Signoff sees no channel {channel}, where {flow} asks. If it is private, invite Signoff to it."


def _shown(value: Any) -> str:
    if isinstance(value, Stage):
        return value.name
    return name_of_function(value) if callable(value) else str(value)


def _as_text(policy: Policy) -> str:
    """What a policy says that is no default, in one line."""
    told = []
    for name, value in policy:
        if value == type(policy).model_fields[name].get_default(call_default_factory=True):
            continue
        listed = value if isinstance(value, tuple) else (value,)
        told.append(f"{name} {', '.join(map(_shown, listed))}")
    return "; ".join(told) or "no policy of its own; its pauses and models may have one, see `signoff policy explain`"
