"""What the store returns: frozen values, never rows.

Times are timezone-aware and in UTC. Identifiers are UUIDs as text.
"""
