-- A person or a process that signs in to the CRM and owns or changes records.
with source as (

    select * from {{ source('crm', 'user') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as user_id,
        {{ as_text('manager_id') }} as manager_id,
        {{ as_text('user_role_id') }} as user_role_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('username') }} as username,
        {{ as_text('name') }} as full_name,
        {{ as_text('email') }} as email,
        {{ as_text('city') }} as city,
        {{ as_text('state') }} as state,
        {{ as_text('first_name') }} as first_name,
        {{ as_text('last_name') }} as last_name,
        {{ as_text('alias') }} as alias,
        {{ as_text('phone') }} as user_phone,
        {{ as_text('title') }} as user_title,
        {{ as_text('department') }} as department,
        {{ as_text('company_name') }} as company_name,
        {{ as_text('user_type') }} as user_type,
        {{ as_text('state_code') }} as state_code,
        {{ as_text('country') }} as country,
        {{ as_text('country_code') }} as country_code,
        {{ as_text('time_zone_sid_key') }} as time_zone_sid_key,

        {{ as_boolean('is_active') }} as is_active,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
