-- The orders that count, with their money: gross, refunded, net, cost, margin.
with orders as (

    select * from {{ ref('int_orders__activated') }}

),

items as (

    select
        order_id,
        count(*) as item_count,
        count(cost_of_goods) as costed_item_count,
        sum(quantity) as units,
        sum(gross_revenue) as gross_revenue,
        sum(refunded_amount) as refunded_amount,
        sum(net_revenue) as net_revenue,
        sum(cost_of_goods) as cost_of_goods,
        sum(margin) as margin
    from {{ ref('int_order_items__counted') }}
    group by order_id

),

final as (

    select
        orders.order_id,
        orders.contact_id,
        orders.account_id,
        orders.order_number,
        orders.order_type,
        orders.ordered_at,
        orders.order_date,
        orders.order_month,
        cast(coalesce(items.item_count, 0) as integer) as item_count,
        cast(coalesce(items.units, 0) as integer) as units,
        {{ money('coalesce(items.gross_revenue, 0)') }} as gross_revenue,
        {{ money('coalesce(items.refunded_amount, 0)') }} as refunded_amount,
        {{ money('coalesce(items.net_revenue, 0)') }} as net_revenue,
        -- unknown as soon as one item's cost is: a part of the cost would overstate the margin
        cast(case
            when items.item_count is null then 0
            when items.costed_item_count = items.item_count then items.cost_of_goods
        end as decimal(18, 2)) as cost_of_goods,
        cast(case
            when items.item_count is null then 0
            when items.costed_item_count = items.item_count then items.margin
        end as decimal(18, 2)) as margin,
        {{ is_one_of('orders.order_type', 'retail_order_types') }}
        and orders.contact_id is not null as is_purchase_occasion
    from orders
    left join items on orders.order_id = items.order_id

)

select * from final
