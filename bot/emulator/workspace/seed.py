"""The initial workspace: five people, four channels and two user groups."""

from signoff.bot.emulator.workspace.directory import BOT_USER_ID, Conversation, Directory, User, UserGroup
from signoff.bot.manifest import AppManifest

PEOPLE = (
    User("U0ANARUIZ1", "ana", "Ana Ruiz", "Release lead", "ana@example.com", "Europe/Madrid", "2f6fdb", is_admin=True),
    User("U0BENOKAF1", "ben", "Ben Okafor", "Backend engineer", "ben@example.com", "Africa/Lagos", "c2571a"),
    User("U0CHLOEM01", "chloe", "Chloé Martin", "Purchasing", "chloe@example.com", "Europe/Paris", "7a3fb5"),
    User("U0DMITRIS1", "dmitri", "Dmitri Sokolov", "Finance", "dmitri@example.com", "UTC", "1f7a4d"),
    User("U0MEITANA1", "mei", "Mei Tanaka", "Data scientist", "mei@example.com", "Asia/Tokyo", "b3324b"),
)
ALL_PEOPLE = frozenset(person.id for person in PEOPLE)
CHANNELS = (
    # The app is not a member of #general. As in Slack, it can post there, but has to join before it can read.
    Conversation("C0GENERAL1", "general", "Company news", ALL_PEOPLE),
    Conversation("C0RELEASE1", "releases", "Releases and their dates", ALL_PEOPLE | {BOT_USER_ID}),
    Conversation("C0ORDERS01", "orders", "Things to buy", ALL_PEOPLE | {BOT_USER_ID}),
    Conversation("C0DATASET1", "data", "Data sets and reports", ALL_PEOPLE | {BOT_USER_ID}),
)
GROUPS = (
    UserGroup("S0BUYERS01", "buyers", "Buyers", ("U0CHLOEM01", "U0DMITRIS1")),
    UserGroup("S0RELEASE1", "release-leads", "Release leads", ("U0ANARUIZ1", "U0BENOKAF1")),
)


def seeded_directory(manifest: AppManifest) -> Directory:
    """The initial people, channels and groups, with this app's bot user."""
    bot = User(BOT_USER_ID, manifest.bot_name, manifest.name, is_bot=True)
    return Directory([*PEOPLE, bot], list(CHANNELS), list(GROUPS))
