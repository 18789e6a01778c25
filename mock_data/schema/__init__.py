"""The CRM declared once: DDL, Arrow schemas, dbt sources and the schema chapter's tables all come from here."""

from . import catalogue, marketing, orders, people, sales, service, subscriptions
from . import truth as _truth
from .declaration import Field, FieldType, Object

CRM: dict[str, Object] = {
    o.name: o
    for module in (people, catalogue, orders, marketing, sales, service, subscriptions)
    for o in module.OBJECTS
}
TRUTH: dict[str, Object] = {o.name: o for o in _truth.OBJECTS}
TABLES: dict[str, Object] = {f"{o.schema}.{o.name}": o for o in (*CRM.values(), *TRUTH.values())}

__all__ = ["CRM", "TABLES", "TRUTH", "Field", "FieldType", "Object"]
