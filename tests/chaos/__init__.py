"""Chaos: `make chaos`. Campaigns of senders like the vendor's, a target with faults, and processes that are killed with
-9; in the end what was answered with success is compared, id by id, with what the inbox's own ledger holds.
"""
