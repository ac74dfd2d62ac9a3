"""The policies of the settings: they hold where the author of a flow has said nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Self

from signoff.flows.approval.policy import merged
from signoff.store.policy import Policy


@dataclass(frozen=True, slots=True)
class DefaultPolicies:
    """Policies by the names of flows and by their tags, and one for all flows."""

    everywhere: Policy = field(default_factory=Policy)
    flows: Mapping[str, Policy] = field(default_factory=dict)
    tags: Mapping[str, Policy] = field(default_factory=dict)

    @classmethod
    def of_all(cls, policies: Self | Policy) -> Self:
        """The same; a single policy holds for all flows."""
        return cls(policies) if isinstance(policies, Policy) else policies

    def of(self, flow: str, tags: Iterable[str] = (), *, otherwise: Policy | None = None) -> Policy:
        """The policy for whatever a flow leaves open: what is set for its name, then for its tags, then for all.

        Args:
            flow: The name of the flow.
            tags: Its tags. What is set for the first one takes precedence over what is set for the next.
            otherwise: In place of the policy for all: that of the flow which calls this one.
        """
        found = [self.flows.get(flow), *(self.tags.get(tag) for tag in tags)]
        # From the last one on, so that each fills only what those before it leave open.
        beneath = self.everywhere if otherwise is None else otherwise
        return reduce(lambda policy, above: merged(above, policy), reversed([each for each in found if each]), beneath)
