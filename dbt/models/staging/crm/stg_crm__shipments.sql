-- One parcel of one order.
with source as (

    select * from {{ source('crm', 'shipment') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as shipment_id,
        {{ as_text('order_id') }} as order_id,
        {{ as_text('ship_from_address') }} as ship_from_address_id,
        {{ as_text('ship_to_address') }} as ship_to_address_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('status') }} as shipment_status,
        {{ as_text('tracking_number') }} as tracking_number,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('total_items_quantity') }} as total_items_quantity,

        {{ as_date('expected_delivery_date') }} as expected_delivery_date,
        {{ as_utc('actual_delivery_date') }} as delivered_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
