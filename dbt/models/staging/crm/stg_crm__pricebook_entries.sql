-- One product's price in one price book.
with source as (

    select * from {{ source('crm', 'pricebook_entry') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as pricebook_entry_id,
        {{ as_text('pricebook_2_id') }} as pricebook_id,
        {{ as_text('product_2_id') }} as product_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_boolean('is_active') }} as is_active,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('unit_price') }} as unit_price,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
