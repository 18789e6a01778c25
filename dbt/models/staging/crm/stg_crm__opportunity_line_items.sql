-- One product in one deal.
with source as (

    select * from {{ crm_table(source('crm', 'opportunity_line_item')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as opportunity_line_item_id,
        {{ as_text('opportunity_id') }} as opportunity_id,
        {{ as_text('pricebook_entry_id') }} as pricebook_entry_id,
        {{ as_text('product_2_id') }} as product_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('product_code') }} as product_code,
        {{ as_text('name') }} as line_name,
        {{ as_text('description') }} as line_description,

        {{ as_boolean('has_quantity_schedule') }} as has_quantity_schedule,
        {{ as_boolean('has_revenue_schedule') }} as has_revenue_schedule,
        {{ as_boolean('has_schedule') }} as has_schedule,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('quantity') }} as quantity,
        {{ as_money('unit_price') }} as unit_price,
        {{ as_money('list_price') }} as list_price,
        {{ as_money('total_price') }} as total_price,
        {{ as_percent('discount') }} as discount_percent,
        {{ as_integer('sort_order') }} as sort_order,

        {{ as_date('service_date') }} as service_date,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
