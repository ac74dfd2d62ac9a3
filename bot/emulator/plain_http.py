"""What HTTP clients need for addresses without TLS, such as the emulator's own."""

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody. A client otherwise loads every certificate authority, which takes longer than the emulator's start."""
