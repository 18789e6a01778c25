-- When customers bought: all one-off retail orders of one contact on one business day are one occasion.
with orders as (

    select * from {{ ref('int_orders__counted') }}
    where is_purchase_occasion

),

occasions as (

    select
        contact_id,
        order_date as occasion_date,
        min(ordered_at) as first_ordered_at,
        count(*) as order_count,
        sum(net_revenue) as net_revenue
    from orders
    group by
        contact_id,
        order_date

),

final as (

    select
        contact_id,
        occasion_date,
        first_ordered_at,
        cast(row_number() over (partition by contact_id order by occasion_date) as integer) as occasion_number,
        cast(order_count as integer) as order_count,
        {{ money('net_revenue') }} as net_revenue,
        min(occasion_date) over (partition by contact_id) as first_occasion_date,
        lag(occasion_date) over (partition by contact_id order by occasion_date) as previous_occasion_date,
        lead(occasion_date) over (partition by contact_id order by occasion_date) as next_occasion_date
    from occasions

)

select * from final
