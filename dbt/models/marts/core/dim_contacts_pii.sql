-- The one mart with names and addresses: everything direct that is known of a customer, and nothing else.
{{
    config(
        tags=['personal_data'],
        grants={'select': []} if target.type == 'postgres' else {},
    )
}}

with contacts as (

    select * from {{ ref('stg_crm__contacts') }}

),

counted as (

    select contact_id from {{ ref('dim_contacts') }}

),

final as (

    select
        contacts.contact_id,
        contacts.first_name,
        contacts.last_name,
        contacts.email,
        contacts.birthdate,
        contacts.mailing_street,
        contacts.mailing_city,
        contacts.mailing_postal_code,
        contacts.mailing_state,
        contacts.mailing_country
    from contacts
    inner join counted on contacts.contact_id = counted.contact_id

)

select * from final
