-- How much of what was sent came back: pieces returned of pieces shipped, by category, type of order and its month.
with items as (

    select * from {{ ref('int_order_items__counted') }}

),

returned as (

    -- one row an item before the join, so that two returns cannot double what was shipped
    select
        order_item_id,
        sum(quantity_returned) as units_returned,
        sum(case when is_refunded then quantity_returned else 0 end) as units_refunded
    from {{ ref('int_return_lines__counted') }}
    group by order_item_id

),

products as (

    select * from {{ ref('dim_products') }}

),

sent as (

    select
        coalesce(products.product_category_name, 'no category') as product_category_name,
        items.order_type,
        items.order_month,
        items.units_shipped,
        coalesce(returned.units_returned, 0) as units_returned,
        coalesce(returned.units_refunded, 0) as units_refunded
    from items
    left join returned on items.order_item_id = returned.order_item_id
    left join products on items.product_id = products.product_id

),

final as (

    select
        cast(product_category_name as {{ dbt.type_string() }}) as product_category_name,
        order_type,
        order_month,
        cast(sum(units_shipped) as bigint) as units_shipped,
        cast(sum(units_returned) as bigint) as units_returned,
        cast(sum(units_refunded) as bigint) as units_refunded,
        {{ ratio('sum(units_returned)', 'sum(units_shipped)') }} as return_rate
    from sent
    group by product_category_name, order_type, order_month

)

select * from final
