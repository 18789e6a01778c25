-- A deal as it stood after one change of stage or amount.
with source as (

    select * from {{ crm_table(source('crm', 'opportunity_history')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as opportunity_history_id,
        {{ as_text('opportunity_id') }} as opportunity_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('stage_name') }} as stage_name,
        {{ as_text('forecast_category') }} as forecast_category,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('amount') }} as amount,
        {{ as_percent('probability') }} as probability,
        {{ as_money('expected_revenue') }} as expected_revenue,

        {{ as_date('close_date') }} as close_date,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
