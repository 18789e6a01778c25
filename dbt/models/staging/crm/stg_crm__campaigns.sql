-- One effort to win or win back customers, with a budget.
with source as (

    select * from {{ crm_table(source('crm', 'campaign')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as campaign_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('name') }} as campaign_name,
        {{ as_text('type') }} as campaign_type,
        {{ as_text('status') }} as campaign_status,
        {{ as_text('description') }} as campaign_description,

        {{ as_boolean('is_active') }} as is_active,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('actual_cost') }} as actual_cost,
        {{ as_money('budgeted_cost') }} as budgeted_cost,
        {{ as_money('expected_revenue') }} as expected_revenue,

        {{ as_date('start_date') }} as start_date,
        {{ as_date('end_date') }} as end_date,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
