-- What came back of counted orders, refunded yet or not: deleted nowhere on its way, opened by the as-of date.
with order_lines as (

    select * from {{ ref('stg_crm__order_items') }}
    where not is_deleted

),

orders as (

    select * from {{ ref('int_orders__activated') }}

),

returns as (

    select * from {{ ref('stg_crm__return_orders') }}
    where not is_deleted

),

return_lines as (

    select * from {{ ref('stg_crm__return_order_line_items') }}
    where not is_deleted

),

dated as (

    select
        return_lines.return_order_line_item_id,
        return_lines.return_order_id,
        -- the order that the piece was sold on, which is what a refund takes from
        order_lines.order_id,
        return_lines.order_item_id,
        order_lines.product_id,
        orders.contact_id,
        orders.account_id,
        orders.order_date,
        orders.order_month,
        returns.shipment_type,
        return_lines.reason_for_return,
        return_lines.quantity_returned,
        {{ business_date('return_lines.created_at') }} as return_date,
        {{ business_date('return_lines.processed_at') }} as processed_date,
        return_lines.refund_amount
    from return_lines
    inner join returns on return_lines.return_order_id = returns.return_order_id
    inner join order_lines on return_lines.order_item_id = order_lines.order_item_id
    inner join orders on order_lines.order_id = orders.order_id

),

final as (

    select
        return_order_line_item_id,
        return_order_id,
        order_id,
        order_item_id,
        product_id,
        contact_id,
        account_id,
        order_date,
        order_month,
        shipment_type,
        reason_for_return,
        cast(quantity_returned as integer) as quantity_returned,
        return_date,
        coalesce(processed_date <= {{ as_of_date() }}, false) as is_refunded,
        case when processed_date <= {{ as_of_date() }} then processed_date end as refund_date,
        cast(
            case when processed_date <= {{ as_of_date() }} then coalesce(refund_amount, 0) end as decimal(18, 2)
        ) as refund_amount
    from dated
    where return_date <= {{ as_of_date() }}

)

select * from final
