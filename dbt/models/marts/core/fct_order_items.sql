-- One row an item of an order that counts: what was sold, sent, sent back, and what it earned.
with items as (

    select * from {{ ref('int_order_items__counted') }}

),

final as (

    select
        order_item_id,
        order_id,
        contact_id,
        account_id,
        product_id,
        order_type,
        order_date,
        order_month,
        quantity,
        units_shipped,
        units_refunded,
        list_price,
        unit_price,
        discount_percent,
        gross_revenue,
        refunded_amount,
        net_revenue,
        cost_of_goods,
        margin
    from items

)

select * from final
