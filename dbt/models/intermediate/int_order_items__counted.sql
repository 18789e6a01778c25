-- The items of the orders that count, each with what it brought in, what was paid back of it and what it cost.
with orders as (

    select * from {{ ref('int_orders__activated') }}

),

order_items as (

    select * from {{ ref('stg_crm__order_items') }}
    where not is_deleted

),

products as (

    select * from {{ ref('stg_crm__products') }}

),

refunds as (

    -- one row an item before the join, so that two refunds cannot double the item
    select
        order_item_id,
        sum(quantity_returned) as units_refunded,
        sum(refund_amount) as refunded_amount
    from {{ ref('int_refunds__processed') }}
    group by order_item_id

),

shipped as (

    select
        shipment_items.order_item_id,
        sum(shipment_items.quantity) as units_shipped
    from {{ ref('stg_crm__shipment_items') }} as shipment_items
    inner join {{ ref('stg_crm__shipments') }} as shipments
        on shipment_items.shipment_id = shipments.shipment_id
    where
        not shipment_items.is_deleted
        and not shipments.is_deleted
        and {{ business_date('shipments.created_at') }} <= {{ as_of_date() }}
    group by shipment_items.order_item_id

),

final as (

    select
        order_items.order_item_id,
        orders.order_id,
        orders.contact_id,
        orders.account_id,
        order_items.product_id,
        orders.order_type,
        orders.order_date,
        orders.order_month,
        cast(order_items.quantity as integer) as quantity,
        cast(coalesce(shipped.units_shipped, 0) as integer) as units_shipped,
        cast(coalesce(refunds.units_refunded, 0) as integer) as units_refunded,
        order_items.list_price,
        order_items.unit_price,
        order_items.discount_percent,
        {{ money('order_items.total_price') }} as gross_revenue,
        {{ money('coalesce(refunds.refunded_amount, 0)') }} as refunded_amount,
        {{ money('order_items.total_price - coalesce(refunds.refunded_amount, 0)') }} as net_revenue,
        {{ money('order_items.quantity * products.unit_cost') }} as cost_of_goods,
        cast(
            order_items.total_price
            - coalesce(refunds.refunded_amount, 0)
            - order_items.quantity * products.unit_cost as decimal(18, 2)
        ) as margin
    from order_items
    inner join orders on order_items.order_id = orders.order_id
    left join products on order_items.product_id = products.product_id
    left join refunds on order_items.order_item_id = refunds.order_item_id
    left join shipped on order_items.order_item_id = shipped.order_item_id

)

select * from final
