-- One complaint or question of one customer.
with source as (

    select * from {{ crm_table(source('crm', 'case')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as case_id,
        {{ as_text('account_id') }} as account_id,
        {{ as_text('contact_id') }} as contact_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('status') }} as case_status,
        {{ as_text('origin') }} as case_origin,
        {{ as_text('reason') }} as case_reason,
        {{ as_text('case_number') }} as case_number,
        {{ as_text('priority') }} as case_priority,
        {{ as_text('type') }} as case_type,
        {{ as_text('subject') }} as case_subject,
        {{ as_text('description') }} as case_description,

        {{ as_boolean('is_closed') }} as is_closed,
        {{ as_boolean('is_escalated') }} as is_escalated,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_utc('closed_date') }} as closed_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
