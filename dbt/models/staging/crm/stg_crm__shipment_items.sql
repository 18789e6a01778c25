-- The pieces of one order item in one parcel.
with source as (

    select * from {{ source('crm', 'shipment_item') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as shipment_item_id,
        {{ as_text('shipment_id') }} as shipment_id,
        {{ as_text('order_item_id') }} as order_item_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('quantity') }} as quantity,

        {{ as_date('expected_delivery_date') }} as expected_delivery_date,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
