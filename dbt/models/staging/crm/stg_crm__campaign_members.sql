-- One lead or contact that a campaign reached.
with source as (

    select * from {{ crm_table(source('crm', 'campaign_member')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as campaign_member_id,
        {{ as_text('campaign_id') }} as campaign_id,
        {{ as_text('lead_id') }} as lead_id,
        {{ as_text('contact_id') }} as contact_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('status') }} as member_status,

        {{ as_boolean('has_responded') }} as has_responded,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_date('first_responded_date') }} as first_responded_date,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
