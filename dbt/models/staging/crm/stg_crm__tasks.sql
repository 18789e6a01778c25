-- Something a user has to do, or did, for somebody.
with source as (

    select * from {{ crm_table(source('crm', 'task')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as task_id,
        {{ as_text('account_id') }} as account_id,
        {{ as_text('who_id') }} as who_id,
        {{ as_text('what_id') }} as what_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('status') }} as task_status,
        {{ as_text('subject') }} as subject,
        {{ as_text('priority') }} as task_priority,
        {{ as_text('task_subtype') }} as task_subtype,

        {{ as_boolean('is_high_priority') }} as is_high_priority,
        {{ as_boolean('is_closed') }} as is_closed,
        {{ as_boolean('is_archived') }} as is_archived,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_date('activity_date') }} as activity_date,
        {{ as_utc('completed_date_time') }} as completed_date_time,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
