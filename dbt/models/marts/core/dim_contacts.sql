-- One row a contact, without names or addresses: who they are in broad strokes, and what they have bought.
with contacts as (

    select * from {{ ref('stg_crm__contacts') }}

),

accounts as (

    select * from {{ ref('stg_crm__accounts') }}

),

merged as (

    select * from {{ ref('int_contacts__merged') }}

),

merged_records as (

    select
        surviving_contact_id,
        count(*) - 1 as records_merged_in
    from merged
    group by surviving_contact_id

),

orders as (

    select
        contact_id,
        count(*) as order_count,
        sum(net_revenue) as net_revenue
    from {{ ref('int_orders__counted') }}
    where contact_id is not null
    group by contact_id

),

occasions as (

    select
        contact_id,
        count(*) as occasion_count,
        min(occasion_date) as first_occasion_date,
        max(occasion_date) as latest_occasion_date
    from {{ ref('int_purchase_occasions') }}
    group by contact_id

),

final as (

    select
        contacts.contact_id,
        contacts.account_id,
        contacts.lead_source,
        cast(floor(extract(year from contacts.birthdate) / 10.0) * 10 as integer) as birth_decade,
        contacts.mailing_state,
        contacts.mailing_country,
        contacts.do_not_call,
        contacts.has_opted_out_of_email,
        {{ business_date('contacts.created_at') }} as created_date,
        cast(merged_records.records_merged_in as integer) as records_merged_in,
        cast(coalesce(orders.order_count, 0) as integer) as order_count,
        cast(coalesce(occasions.occasion_count, 0) as integer) as occasion_count,
        occasions.first_occasion_date,
        occasions.latest_occasion_date,
        {{ money('coalesce(orders.net_revenue, 0)') }} as net_revenue
    from contacts
    left join accounts on contacts.account_id = accounts.account_id
    inner join merged on contacts.contact_id = merged.contact_id
    -- only survivors have merged records, themselves included
    inner join merged_records on contacts.contact_id = merged_records.surviving_contact_id
    left join orders on contacts.contact_id = orders.contact_id
    left join occasions on contacts.contact_id = occasions.contact_id
    where
        not merged.is_survivor_deleted
        -- the people whom the sales team deals with at a business are customers only where they buy themselves
        and (
            not {{ is_one_of('accounts.account_type', 'business_account_types') }}
            or orders.contact_id is not null
        )
        -- looking back at an earlier day, nobody who came later is there yet
        and (
            {{ business_date('contacts.created_at') }} <= {{ as_of_date() }}
            or orders.contact_id is not null
        )

)

select * from final
