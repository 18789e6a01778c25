-- One row an order that counts, with its money net of what was paid back of it.
with orders as (

    select * from {{ ref('int_orders__counted') }}

),

final as (

    select
        order_id,
        contact_id,
        account_id,
        order_number,
        order_type,
        ordered_at,
        order_date,
        order_month,
        is_purchase_occasion,
        item_count,
        units,
        gross_revenue,
        refunded_amount,
        net_revenue,
        cost_of_goods,
        margin
    from orders

)

select * from final
