-- Why it came back: pieces returned by category, type of order and the reason that the customer gave.
with return_lines as (

    select * from {{ ref('fct_returns') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

products as (

    select * from {{ ref('dim_products') }}

),

shipped as (

    select
        product_category_name,
        order_type,
        sum(units_shipped) as units_shipped
    from {{ ref('return_rates') }}
    group by product_category_name, order_type

),

labelled as (

    select
        coalesce(products.product_category_name, 'no category') as product_category_name,
        orders.order_type,
        coalesce(return_lines.reason_for_return, 'not stated') as reason_for_return,
        return_lines.quantity_returned,
        return_lines.refund_amount
    from return_lines
    inner join orders on return_lines.order_id = orders.order_id
    left join products on return_lines.product_id = products.product_id

),

returned as (

    select
        product_category_name,
        order_type,
        reason_for_return,
        sum(quantity_returned) as units_returned,
        sum(refund_amount) as refund_amount
    from labelled
    group by product_category_name, order_type, reason_for_return

),

final as (

    select
        cast(returned.product_category_name as {{ dbt.type_string() }}) as product_category_name,
        returned.order_type,
        cast(returned.reason_for_return as {{ dbt.type_string() }}) as reason_for_return,
        cast(returned.units_returned as bigint) as units_returned,
        {{ ratio(
            'returned.units_returned',
            'sum(returned.units_returned) over (partition by returned.product_category_name, returned.order_type)'
        ) }} as share_of_returns,
        cast(coalesce(shipped.units_shipped, 0) as bigint) as units_shipped,
        {{ ratio('returned.units_returned', 'shipped.units_shipped') }} as return_rate_for_reason,
        {{ money('coalesce(returned.refund_amount, 0)') }} as refund_amount
    from returned
    left join shipped
        on
            returned.product_category_name = shipped.product_category_name
            and returned.order_type = shipped.order_type

)

select * from final
