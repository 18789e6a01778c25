"""Real input: any log of transactions, landed in the CRM's tables so that the same models run on it."""

from .command import import_transactions

__all__ = ["import_transactions"]
