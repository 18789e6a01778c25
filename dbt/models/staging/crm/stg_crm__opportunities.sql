-- One deal with a wholesale account, won, lost or open.
with source as (

    select * from {{ crm_table(source('crm', 'opportunity')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as opportunity_id,
        {{ as_text('account_id') }} as account_id,
        {{ as_text('campaign_id') }} as campaign_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('name') }} as opportunity_name,
        {{ as_text('stage_name') }} as stage_name,
        {{ as_text('forecast_category') }} as forecast_category,
        {{ as_text('type') }} as opportunity_type,
        {{ as_text('lead_source') }} as lead_source,
        {{ as_text('fiscal') }} as fiscal,
        {{ as_text('forecast_category_name') }} as forecast_category_name,
        {{ as_text('record_type_id') }} as record_type_id,
        {{ as_text('description') }} as opportunity_description,
        {{ as_text('next_step') }} as next_step,

        {{ as_boolean('is_closed') }} as is_closed,
        {{ as_boolean('is_won') }} as is_won,
        {{ as_boolean('has_opportunity_line_item') }} as has_opportunity_line_item,
        {{ as_boolean('has_open_activity') }} as has_open_activity,
        {{ as_boolean('has_overdue_task') }} as has_overdue_task,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('amount') }} as amount,
        {{ as_percent('probability') }} as probability,
        {{ as_money('expected_revenue') }} as expected_revenue,
        {{ as_integer('fiscal_quarter') }} as fiscal_quarter,
        {{ as_integer('fiscal_year') }} as fiscal_year,

        {{ as_date('close_date') }} as close_date,
        {{ as_date('last_activity_date') }} as last_activity_date,
        {{ as_utc('last_viewed_date') }} as last_viewed_at,
        {{ as_utc('last_referenced_date') }} as last_referenced_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
