-- A place that orders are billed or shipped to.
with source as (

    select * from {{ source('crm', 'address') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as address_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('street') }} as street,
        {{ as_text('city') }} as city,
        {{ as_text('state') }} as state,
        {{ as_text('postal_code') }} as postal_code,
        {{ as_text('country') }} as country,
        {{ as_text('time_zone') }} as time_zone,
        {{ as_text('address_type') }} as address_type,
        {{ as_text('geocode_accuracy') }} as geocode_accuracy,
        {{ as_text('state_code') }} as state_code,
        {{ as_text('country_code') }} as country_code,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_double('latitude') }} as latitude,
        {{ as_double('longitude') }} as longitude,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
