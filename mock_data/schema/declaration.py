"""The words a table is declared in: objects, fields and their types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FieldType(Enum):
    """What a field holds, named as Salesforce names it; `render` knows how each engine spells it."""

    ID = "id"
    REFERENCE = "reference"
    TEXT = "text"
    PICKLIST = "picklist"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True)
class Field:
    """One column of one object.

    Attributes:
        name: the landed column, snake_case; custom fields end in ``_c``.
        type: its :class:`FieldType`.
        description: what the name alone does not say.
        references: names of the objects an id in it may point at.
        picklist: the values it may take.
        required: never NULL.
        personal: direct personal data: stays out of every mart but ``dim_contacts_pii``.
    """

    name: str
    type: FieldType
    description: str
    references: tuple[str, ...] = ()
    picklist: tuple[str, ...] = ()
    required: bool = False
    personal: bool = False

    @property
    def api_name(self) -> str:
        """The field's name in Salesforce: ``product_2_id`` is ``Product2Id``, ``unit_cost_c`` is ``Unit_Cost__c``."""
        return api_name(self.name)


@dataclass(frozen=True)
class Object:
    """One table: a Salesforce object as it lands in the warehouse, or a table of truths.

    Attributes:
        name: the landed table's name.
        prefix: first three characters of its ids; empty where rows carry another object's id.
        description: what one row stands for.
        fields: its columns in order, system fields last.
        prefix_note: said where no public source confirms the prefix.
        schema: warehouse schema.
        key: name of the primary key column.
    """

    name: str
    prefix: str
    description: str
    fields: tuple[Field, ...]
    prefix_note: str = ""
    schema: str = "crm"
    key: str = "id"

    @property
    def api_name(self) -> str:
        return api_name(self.name)

    def field(self, name: str) -> Field:
        """The field called `name`; KeyError where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no field {name}")


def api_name(name: str) -> str:
    """Salesforce's name for a landed one (Fivetran's rule read backwards); empty for the loader's own column."""
    if name.startswith("_fivetran"):
        return ""
    words = [word.capitalize() for word in name.removesuffix("_c").split("_")]
    return "_".join(words) + "__c" if name.endswith("_c") else "".join(words)


# --- constructors: one word a type, so that a declaration reads as a table ------------------------------------------


def text(name: str, description: str, *, required: bool = False, personal: bool = False) -> Field:
    return Field(name, FieldType.TEXT, description, required=required, personal=personal)


def picklist(name: str, values: str, description: str, *, required: bool = False) -> Field:
    """A text field with a closed list of values, given as ``"one | two"``."""
    return Field(
        name, FieldType.PICKLIST, description, picklist=tuple(v.strip() for v in values.split("|")), required=required
    )


def reference(name: str, to: str, description: str, *, required: bool = False) -> Field:
    """An id of another row; `to` names the object, or several as ``"contact | lead"``."""
    return Field(
        name,
        FieldType.REFERENCE,
        description,
        references=tuple(t.strip() for t in to.split("|")),
        required=required,
    )


def boolean(name: str, description: str) -> Field:
    return Field(name, FieldType.BOOLEAN, description, required=True)


def integer(name: str, description: str, *, required: bool = False) -> Field:
    return Field(name, FieldType.INTEGER, description, required=required)


def number(name: str, description: str, *, required: bool = False, personal: bool = False) -> Field:
    return Field(name, FieldType.NUMBER, description, required=required, personal=personal)


def money(name: str, description: str, *, required: bool = False) -> Field:
    return Field(name, FieldType.MONEY, description, required=required)


def percent(name: str, description: str) -> Field:
    return Field(name, FieldType.PERCENT, description)


def date(name: str, description: str, *, required: bool = False, personal: bool = False) -> Field:
    return Field(name, FieldType.DATE, description, required=required, personal=personal)


def datetime(name: str, description: str, *, required: bool = False) -> Field:
    return Field(name, FieldType.DATETIME, description, required=required)


def postal_address(
    prefix: str = "", *, street: str = "House number and street.", coarse: str = ""
) -> tuple[Field, ...]:
    """Where a person lives; state and country in full and by code. `coarse` is said of what marts may hold."""
    return (
        text(f"{prefix}street", street, personal=True),
        text(f"{prefix}city", "City.", personal=True),
        text(f"{prefix}state", f"State, in full{coarse}."),
        text(f"{prefix}state_code", "Its two letters."),
        text(f"{prefix}postal_code", "Postal code.", personal=True),
        text(f"{prefix}country", f"Country, in full{coarse}."),
        text(f"{prefix}country_code", "Its two letters."),
    )


_SYSTEM_FIELDS = (
    datetime("created_date", "When the row came into being, UTC.", required=True),
    reference("created_by_id", "user", "Who or what created the row.", required=True),
    datetime("last_modified_date", "When a person or a process last changed the row, UTC.", required=True),
    reference("last_modified_by_id", "user", "Who or what last changed the row.", required=True),
    datetime(
        "system_modstamp",
        "When the row last changed for any reason, UTC; what a replication tool reads to find changed rows.",
        required=True,
    ),
    boolean("is_deleted", "In the recycle bin: no KPI counts it at any grain."),
    datetime("_fivetran_synced", "When the row was landed in the warehouse, UTC.", required=True),
)


def crm_object(
    name: str, prefix: str, description: str, *fields: Field, owner: bool = True, prefix_note: str = ""
) -> Object:
    """A CRM object: its id, its own fields, its owner (unless ``owner=False``: line items) and the system fields."""
    columns = (
        Field("id", FieldType.ID, f"Record id: 18 characters, `{prefix}` first, a case checksum last.", required=True),
        *fields,
        *((reference("owner_id", "user", "The user who owns the record.", required=True),) if owner else ()),
        *_SYSTEM_FIELDS,
    )
    return Object(name, prefix, description, columns, prefix_note)
