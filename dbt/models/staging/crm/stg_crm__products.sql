-- An article that can be ordered, in one style; sizes are not kept apart.
with source as (

    select * from {{ source('crm', 'product_2') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as product_id,
        {{ as_text('product_category_id') }} as product_category_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('name') }} as product_name,
        {{ as_text('product_code') }} as product_code,
        {{ as_text('family') }} as family,
        {{ as_text('stock_keeping_unit') }} as stock_keeping_unit,
        {{ as_text('product_class_c') }} as sales_channel,
        {{ as_text('billing_period_c') }} as billing_period,
        {{ as_text('description') }} as product_description,
        {{ as_text('external_id') }} as external_id,
        {{ as_text('display_url') }} as display_url,
        {{ as_text('quantity_unit_of_measure') }} as quantity_unit_of_measure,
        {{ as_text('quantity_schedule_type') }} as quantity_schedule_type,
        {{ as_text('quantity_installment_period') }} as quantity_installment_period,
        {{ as_text('revenue_schedule_type') }} as revenue_schedule_type,
        {{ as_text('revenue_installment_period') }} as revenue_installment_period,

        {{ as_boolean('is_active') }} as is_active,
        {{ as_boolean('is_archived') }} as is_archived,
        {{ as_boolean('can_use_quantity_schedule') }} as can_use_quantity_schedule,
        {{ as_boolean('can_use_revenue_schedule') }} as can_use_revenue_schedule,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('unit_cost_c') }} as unit_cost,
        {{ as_integer('stock_quantity_c') }} as stock_quantity,
        {{ as_integer('number_of_quantity_installments') }} as number_of_quantity_installments,
        {{ as_integer('number_of_revenue_installments') }} as number_of_revenue_installments,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
