-- A list of prices: the standard one, or one for a channel.
with source as (

    select * from {{ source('crm', 'pricebook_2') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as pricebook_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('name') }} as pricebook_name,
        {{ as_text('description') }} as pricebook_description,

        {{ as_boolean('is_standard') }} as is_standard,
        {{ as_boolean('is_active') }} as is_active,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
