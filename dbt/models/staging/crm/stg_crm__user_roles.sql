-- A place in the sales and service hierarchy.
with source as (

    select * from {{ source('crm', 'user_role') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as user_role_id,
        {{ as_text('parent_role_id') }} as parent_role_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('name') }} as user_role_name,
        {{ as_text('developer_name') }} as developer_name,
        {{ as_text('rollup_description') }} as rollup_description,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
