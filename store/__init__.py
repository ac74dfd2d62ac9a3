"""The record: tables, migrations, and the transactions on them, on SQLite or PostgreSQL.

Every function of `runs`, `prompts`, `cards`, `notices`, `journal`, `ledger`, `leases`, `artifacts` and `blocks`
that takes a `Database` is one transaction. What they return are the frozen values of `store.records`.
"""
