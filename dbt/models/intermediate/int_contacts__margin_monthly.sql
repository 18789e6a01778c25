-- What each customer earned in each month: sales in the month of the order, refunds in the month they are paid.
with orders as (

    -- an order whose cost is unknown has no margin to date
    select * from {{ ref('int_orders__counted') }}
    where contact_id is not null and margin is not null

),

refunds as (

    select * from {{ ref('int_refunds__processed') }}

),

movements as (

    select
        contact_id,
        order_month as month_start,
        gross_revenue - cost_of_goods as margin
    from orders

    union all

    select
        orders.contact_id,
        refunds.refund_month as month_start,
        -refunds.refund_amount as margin
    from refunds
    inner join orders on refunds.order_id = orders.order_id

),

final as (

    select
        contact_id,
        month_start,
        {{ money('sum(margin)') }} as margin
    from movements
    group by contact_id, month_start

)

select * from final
