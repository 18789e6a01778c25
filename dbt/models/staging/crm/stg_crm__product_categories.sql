-- A shelf of the shop: shirts, knitwear, shoes.
with source as (

    select * from {{ source('crm', 'product_category') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as product_category_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('name') }} as product_category_name,
        {{ as_text('description') }} as product_category_description,

        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('number_of_products') }} as number_of_products,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
