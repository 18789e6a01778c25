-- The pieces of one order item in one return.
with source as (

    select * from {{ source('crm', 'return_order_line_item') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as return_order_line_item_id,
        {{ as_text('return_order_id') }} as return_order_id,
        {{ as_text('order_item_id') }} as order_item_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('reason_for_return') }} as reason_for_return,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('quantity_returned') }} as quantity_returned,
        {{ as_money('refund_amount_c') }} as refund_amount,

        {{ as_utc('processed_date_c') }} as processed_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
