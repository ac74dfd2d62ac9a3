"""The database: tables, migrations, and the transactions on them, on SQLite or PostgreSQL.

Every function that takes a `Database` is one transaction, and returns frozen values, most of them from `store.records`.
Functions that take a `Transaction` are parts of a larger one.
"""
