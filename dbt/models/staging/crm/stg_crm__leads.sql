-- Somebody who might become a customer.
with source as (

    select * from {{ crm_table(source('crm', 'lead')) }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as lead_id,
        {{ as_text('converted_account_id') }} as converted_account_id,
        {{ as_text('converted_contact_id') }} as converted_contact_id,
        {{ as_text('converted_opportunity_id') }} as converted_opportunity_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('email') }} as email,
        {{ as_text('lead_source') }} as lead_source,
        {{ as_text('status') }} as lead_status,
        {{ as_text('first_name') }} as first_name,
        {{ as_text('last_name') }} as last_name,
        {{ as_text('name') }} as lead_name,
        {{ as_text('company') }} as company,
        {{ as_text('title') }} as lead_title,
        {{ as_text('phone') }} as lead_phone,
        {{ as_text('street') }} as street,
        {{ as_text('city') }} as city,
        {{ as_text('state') }} as state,
        {{ as_text('state_code') }} as state_code,
        {{ as_text('postal_code') }} as postal_code,
        {{ as_text('country') }} as country,
        {{ as_text('country_code') }} as country_code,
        {{ as_text('industry') }} as industry,
        {{ as_text('rating') }} as rating,

        {{ as_boolean('is_converted') }} as is_converted,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_money('annual_revenue') }} as annual_revenue,
        {{ as_integer('number_of_employees') }} as number_of_employees,

        {{ as_date('last_activity_date') }} as last_activity_date,
        {{ as_utc('converted_date') }} as converted_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
