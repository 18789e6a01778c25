-- One row per purchase: what each order meant in the history of the contact who made it.
with purchases as (

    select
        order_id,
        contact_id,
        account_id,
        order_date,
        ordered_at,
        gross_revenue,
        net_revenue
    from {{ ref('int_orders__counted') }}
    where is_purchase_occasion

),

-- intervals run from one day of buying to the next: two orders of one day have the same neighbours
occasions as (

    select
        contact_id,
        occasion_date,
        first_occasion_date,
        previous_occasion_date,
        next_occasion_date
    from {{ ref('int_purchase_occasions') }}

),

ranked as (

    select
        purchases.order_id,
        purchases.contact_id,
        purchases.account_id,
        purchases.order_date,
        purchases.gross_revenue,
        purchases.net_revenue,
        occasions.first_occasion_date,
        occasions.previous_occasion_date,
        occasions.next_occasion_date,
        row_number() over (
            partition by purchases.contact_id
            order by purchases.order_date, purchases.ordered_at, {{ in_byte_order('purchases.order_id') }}
        ) as purchase_rank,
        row_number() over (
            partition by purchases.contact_id, purchases.account_id
            order by purchases.order_date, purchases.ordered_at, {{ in_byte_order('purchases.order_id') }}
        ) as purchase_rank_in_store,
        count(*) over (partition by purchases.contact_id) as contact_orders,
        sum(purchases.net_revenue) over (partition by purchases.contact_id) as contact_amount,
        count(*) over (partition by purchases.contact_id, purchases.account_id) as contact_store_orders,
        sum(purchases.net_revenue) over (
            partition by purchases.contact_id, purchases.account_id
        ) as contact_store_amount
    from purchases
    inner join occasions
        on
            purchases.contact_id = occasions.contact_id
            and purchases.order_date = occasions.occasion_date

),

compared as (

    select
        *,
        -- a store counts once, at the contact's first purchase in it
        sum(case when purchase_rank_in_store = 1 then 1 else 0 end) over (partition by contact_id) as contact_stores,
        max(case when purchase_rank = 1 then account_id end) over (partition by contact_id) as first_account_id,
        -- amount > average, without dividing: exact to the cent
        net_revenue * contact_orders > contact_amount as is_above_contact_average
    from ranked

),

final as (

    select
        order_id,
        contact_id,
        account_id,
        order_date as purchase_date,
        {{ month_of('order_date') }} as purchase_month,
        {{ money('gross_revenue') }} as gross_revenue,
        {{ money('net_revenue') }} as purchase_amount,
        cast(purchase_rank as bigint) as purchase_rank,
        cast(contact_orders as bigint) as contact_orders,
        cast(contact_stores as bigint) as contact_stores,
        first_account_id,
        {{ ratio('contact_amount', 'contact_orders') }} as contact_average_amount,
        {{ ratio('contact_store_amount', 'contact_store_orders') }} as contact_store_average_amount,
        previous_occasion_date as previous_purchase_date,
        next_occasion_date as next_purchase_date,
        {{ weeks_between('previous_occasion_date', 'order_date') }} as weeks_since_previous_purchase,
        {{ weeks_between('first_occasion_date', 'order_date') }} as weeks_since_first_purchase,
        is_above_contact_average,
        is_above_contact_average and sum(case when is_above_contact_average then 1 else 0 end) over (
            partition by contact_id
            order by purchase_rank
            rows between unbounded preceding and current row
        ) = 1 as is_first_above_contact_average
    from compared

)

select * from final
