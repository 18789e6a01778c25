-- One parcel that a customer sends back.
with source as (

    select * from {{ source('crm', 'return_order') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as return_order_id,
        {{ as_text('order_id') }} as order_id,
        {{ as_text('contact_id') }} as contact_id,
        {{ as_text('account_id') }} as account_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('status') }} as return_order_status,
        {{ as_text('shipment_type') }} as shipment_type,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('total_amount') }} as total_amount,

        {{ as_date('expected_arrival_date') }} as expected_arrival_date,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
