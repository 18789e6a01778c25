-- One membership of one customer as it stands now: what it was before is kept nowhere in the CRM.
with source as (

    select * from {{ crm_table(source('crm', 'subscription_c')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as subscription_id,
        {{ as_text('contact_c') }} as contact_id,
        {{ as_text('product_2_c') }} as product_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('status_c') }} as subscription_status,
        {{ as_text('billing_period_c') }} as billing_period,
        {{ as_text('cancel_reason_c') }} as cancel_reason,

        {{ as_boolean('cancel_at_period_end_c') }} as is_cancelled_at_period_end,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('quantity_c') }} as quantity,
        {{ as_money('unit_price_c') }} as unit_price,
        {{ as_money('discount_c') }} as discount_amount,

        {{ as_utc('started_at_c') }} as started_at,
        {{ as_utc('trial_end_c') }} as trial_ends_at,
        {{ as_utc('current_period_end_c') }} as current_period_ends_at,
        {{ as_utc('cancel_requested_at_c') }} as cancel_requested_at,
        {{ as_utc('paused_until_c') }} as paused_until,
        {{ as_utc('ended_at_c') }} as ended_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
