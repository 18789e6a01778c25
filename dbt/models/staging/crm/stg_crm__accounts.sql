-- A place that takes orders: a shop, an online channel, a mall counter; or a wholesale customer.
with source as (

    select * from {{ source('crm', 'account') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as account_id,
        {{ as_text('parent_id') }} as parent_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('name') }} as account_name,
        {{ as_text('account_number') }} as account_number,
        {{ as_text('account_source') }} as account_source,
        {{ as_text('industry') }} as industry,
        {{ as_text('type') }} as account_type,
        {{ as_text('billing_city') }} as billing_city,
        {{ as_text('billing_state') }} as billing_state,
        {{ as_text('billing_postal_code') }} as billing_postal_code,
        {{ as_text('billing_country') }} as billing_country,
        {{ as_text('rating') }} as rating,
        {{ as_text('site') }} as site,
        {{ as_text('website') }} as website,
        {{ as_text('ownership') }} as ownership,
        {{ as_text('description') }} as account_description,
        {{ as_text('phone') }} as account_phone,
        {{ as_text('billing_street') }} as billing_street,
        {{ as_text('billing_state_code') }} as billing_state_code,
        {{ as_text('billing_country_code') }} as billing_country_code,
        {{ as_text('shipping_street') }} as shipping_street,
        {{ as_text('shipping_city') }} as shipping_city,
        {{ as_text('shipping_state') }} as shipping_state,
        {{ as_text('shipping_state_code') }} as shipping_state_code,
        {{ as_text('shipping_postal_code') }} as shipping_postal_code,
        {{ as_text('shipping_country') }} as shipping_country,
        {{ as_text('shipping_country_code') }} as shipping_country_code,

        {{ as_boolean('is_person_account') }} as is_person_account,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_integer('number_of_employees') }} as number_of_employees,
        {{ as_money('annual_revenue') }} as annual_revenue,

        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
