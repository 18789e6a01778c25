-- When each customer was won: the first order of any type, and what all their orders have brought in since.
with orders as (

    select * from {{ ref('int_orders__counted') }}
    where contact_id is not null

),

final as (

    select
        contact_id,
        min(order_date) as first_order_date,
        min(order_month) as first_order_month,
        cast(count(*) as integer) as order_count,
        {{ money('sum(net_revenue)') }} as net_revenue,
        {{ money('sum(margin)') }} as margin
    from orders
    group by contact_id

)

select * from final
