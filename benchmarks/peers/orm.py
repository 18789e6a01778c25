"""What most projects write first: a loop that asks Faker for each value and hands each row to SQLAlchemy's ORM.

Run by the peers' Python: ``orm.py CONTACTS DATABASE``. It makes the same rows and columns as ``recipe.yml``.
"""

from __future__ import annotations

import sys
from datetime import date

from faker import Faker
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

ORDERS, ITEMS = 3, 2  # a contact's orders, an order's lines
COMMIT_EVERY = 1_000  # contacts


class Base(DeclarativeBase):
    """The tables' common ancestor, as SQLAlchemy wants it."""


class Contact(Base):
    """A customer."""

    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    birthdate: Mapped[date]
    mailing_street: Mapped[str]
    mailing_city: Mapped[str]
    mailing_postal_code: Mapped[str]
    lead_source: Mapped[str]
    orders: Mapped[list[Order]] = relationship()


class Order(Base):
    """A customer's order."""

    __tablename__ = "order"
    id: Mapped[int] = mapped_column(primary_key=True)
    bill_to_contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    effective_date: Mapped[date]
    status: Mapped[str]
    type: Mapped[str]
    total_amount: Mapped[int]
    items: Mapped[list[OrderItem]] = relationship()


class OrderItem(Base):
    """A line of an order."""

    __tablename__ = "order_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    product_2_id: Mapped[int]
    quantity: Mapped[int]
    unit_price: Mapped[int]
    discount: Mapped[int]


def contact(fake: Faker) -> Contact:
    """A customer with orders and lines."""
    return Contact(
        first_name=fake.first_name(),
        last_name=fake.last_name(),
        email=fake.email(),
        phone=fake.phone_number(),
        birthdate=fake.date_of_birth(minimum_age=18, maximum_age=80),
        mailing_street=fake.street_address(),
        mailing_city=fake.city(),
        mailing_postal_code=fake.postcode(),
        lead_source=fake.random_element(("Web", "Store", "Mall", "Referral")),
        orders=[order(fake) for _ in range(ORDERS)],
    )


def order(fake: Faker) -> Order:
    """An order with its lines."""
    return Order(
        effective_date=fake.date_between(date(2023, 1, 1), date(2025, 12, 31)),
        status=fake.random_element(("Draft", "Activated", "Completed")),
        type=fake.random_element(("Online", "Store")),
        total_amount=fake.random_int(20, 900),
        items=[item(fake) for _ in range(ITEMS)],
    )


def item(fake: Faker) -> OrderItem:
    """A line of an order."""
    return OrderItem(
        product_2_id=fake.random_int(1, 1000),
        quantity=fake.random_int(1, 4),
        unit_price=fake.random_int(10, 300),
        discount=fake.random_element((0, 5, 10, 20)),
    )


def main(contacts: int, database: str) -> None:
    """Fill the SQLite file `database`."""
    Faker.seed(1)
    fake = Faker()
    engine = create_engine(f"sqlite:///{database}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for number in range(contacts):
            session.add(contact(fake))
            if number % COMMIT_EVERY == COMMIT_EVERY - 1:
                session.commit()
        session.commit()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
