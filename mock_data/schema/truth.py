"""What only the simulator knows: each customer's real behaviour. No dbt model reads it; tests and one chapter do."""

from .declaration import Field, FieldType, Object, datetime, number

OBJECTS = (
    Object(
        name="purchaser",
        prefix="",
        description="The latent parameters of one contact who has bought at least once.",
        fields=(
            Field("contact_id", FieldType.REFERENCE, "The contact.", references=("contact",), required=True),
            number("purchase_rate", "λ: purchases a week of the season's clock while alive.", required=True),
            number("dropout_probability", "p: chance of leaving for good after any purchase.", required=True),
            number(
                "spend_scale", "ν: rate of the Gamma distribution that each purchase's spend comes from.", required=True
            ),
            datetime("first_purchase_at", "t0: when the first purchase was made, UTC.", required=True),
            datetime("dropout_at", "τ: when the contact left for good, UTC; NULL while alive at the as-of date."),
        ),
        schema="truth",
        key="contact_id",
    ),
)
