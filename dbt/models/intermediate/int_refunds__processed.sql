-- The refunds paid up to the as-of date: each lowers revenue on the day it is processed.
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
        refund_date,
        {{ month_of('refund_date') }} as refund_month,
        quantity_returned,
        {{ money('refund_amount') }} as refund_amount
    from return_lines
    where is_refunded

)

select * from final
