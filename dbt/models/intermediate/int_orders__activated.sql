-- The orders that count: activated, not deleted, up to the as-of date; each with its business day and its customer.
with orders as (

    select * from {{ ref('stg_crm__orders') }}

),

contacts as (

    select * from {{ ref('int_contacts__merged') }}

),

dated as (

    select
        order_id,
        account_id,
        bill_to_contact_id,
        order_number,
        order_type,
        total_amount,
        coalesce(activated_at, {{ start_of_day('effective_date') }}) as ordered_at,
        case
            when activated_at is null then effective_date
            else {{ business_date('activated_at') }}
        end as order_date
    from orders
    where
        {{ is_one_of('order_status', 'activated_order_statuses') }}
        and not is_deleted

),

final as (

    select
        dated.order_id,
        -- a deleted customer's order stays revenue and belongs to nobody
        case when not contacts.is_survivor_deleted then contacts.surviving_contact_id end as contact_id,
        dated.account_id,
        dated.order_number,
        dated.order_type,
        dated.ordered_at,
        dated.order_date,
        {{ month_of('dated.order_date') }} as order_month,
        dated.total_amount
    from dated
    left join contacts on dated.bill_to_contact_id = contacts.contact_id
    where dated.order_date <= {{ as_of_date() }}

)

select * from final
