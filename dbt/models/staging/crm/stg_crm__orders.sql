-- One order of one customer at one store or channel.
with source as (

    select * from {{ source('crm', 'order') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as order_id,
        {{ as_text('account_id') }} as account_id,
        {{ as_text('bill_to_contact_id') }} as bill_to_contact_id,
        {{ as_text('pricebook_2_id') }} as pricebook_id,
        {{ as_text('original_order_id') }} as original_order_id,
        {{ as_text('related_order_id') }} as related_order_id,
        {{ as_text('subscription_c') }} as subscription_id,
        {{ as_text('billing_address_id') }} as billing_address_id,
        {{ as_text('shipping_address_id') }} as shipping_address_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('order_number') }} as order_number,
        {{ as_text('status') }} as order_status,
        {{ as_text('type') }} as order_type,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('total_amount') }} as total_amount,
        {{ as_money('total_tax_amount') }} as total_tax_amount,

        {{ as_date('effective_date') }} as effective_date,
        {{ as_utc('activated_date') }} as activated_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
