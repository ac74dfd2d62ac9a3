"""`signoff schedules`: when runs are made by themselves."""

from signoff.bot.cli.logs import log_to_stderr
from signoff.bot.cli.options import AsJson


def schedules(as_json: AsJson = False) -> None:
    """List the schedules, and when each makes its next run."""
    from signoff.bot.cli.as_json import print_json, schedule_as_json
    from signoff.bot.cli.as_text import print_table, until
    from signoff.bot.cli.database import existing
    from signoff.flows.names import now
    from signoff.store.runs.schedules import in_force

    log_to_stderr()
    with existing() as db:
        found = in_force(db)
    if as_json:
        print_json([schedule_as_json(each) for each in found])
        return
    moment = now()
    print_table(
        ("SCHEDULE", "CRON", "TIME ZONE", "NEXT"),
        ((each.full_name, each.cron, each.timezone, until(each.next_at, moment)) for each in found),
        empty="There are no schedules. A flow gets one by @flow(cron=…), once a worker knows it.",
    )
