-- A meeting or a call with a time.
with source as (

    select * from {{ crm_table(source('crm', 'event')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as event_id,
        {{ as_text('account_id') }} as account_id,
        {{ as_text('who_id') }} as who_id,
        {{ as_text('what_id') }} as what_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('subject') }} as subject,
        {{ as_text('description') }} as event_description,
        {{ as_text('location') }} as event_location,
        {{ as_text('event_subtype') }} as event_subtype,

        {{ as_boolean('is_all_day_event') }} as is_all_day_event,
        {{ as_boolean('is_group_event') }} as is_group_event,
        {{ as_boolean('is_child') }} as is_child,
        {{ as_boolean('is_recurrence') }} as is_recurrence,
        {{ as_boolean('is_archived') }} as is_archived,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('duration_in_minutes') }} as duration_in_minutes,

        {{ as_date('activity_date') }} as activity_date,
        {{ as_date('end_date') }} as end_date,
        {{ as_utc('start_date_time') }} as started_at,
        {{ as_utc('end_date_time') }} as ended_at,
        {{ as_utc('activity_date_time') }} as activity_date_time,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
