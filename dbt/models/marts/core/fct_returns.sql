-- One row a line of a return of an order that counts, refunded yet or not.
with return_lines as (

    select * from {{ ref('int_return_lines__counted') }}

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
        return_date,
        {{ days_between('order_date', 'return_date') }} as days_to_return,
        shipment_type,
        reason_for_return,
        quantity_returned,
        is_refunded,
        refund_date,
        {{ money('refund_amount') }} as refund_amount
    from return_lines

)

select * from final
