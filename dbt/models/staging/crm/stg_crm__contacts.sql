-- A customer: somebody who left a name, whether or not they ever ordered.
with source as (

    select * from {{ source('crm', 'contact') }}

),

latest as (

    {{ latest_rows('source') }}

),

renamed as (

    select
        {{ as_text('id') }} as contact_id,
        {{ as_text('account_id') }} as account_id,
        {{ as_text('master_record_id') }} as master_record_id,
        {{ as_text('owner_id') }} as owner_id,
        {{ as_text('reports_to_id') }} as reports_to_id,
        {{ as_text('created_by_id') }} as created_by_id,
        {{ as_text('last_modified_by_id') }} as last_modified_by_id,

        {{ as_text('first_name') }} as first_name,
        {{ as_text('last_name') }} as last_name,
        {{ as_text('email') }} as email,
        {{ as_text('lead_source') }} as lead_source,
        {{ as_text('mailing_street') }} as mailing_street,
        {{ as_text('mailing_city') }} as mailing_city,
        {{ as_text('mailing_state') }} as mailing_state,
        {{ as_text('mailing_postal_code') }} as mailing_postal_code,
        {{ as_text('mailing_country') }} as mailing_country,
        {{ as_text('name') }} as contact_name,
        {{ as_text('title') }} as contact_title,
        {{ as_text('department') }} as department,
        {{ as_text('description') }} as contact_description,
        {{ as_text('phone') }} as contact_phone,
        {{ as_text('mobile_phone') }} as mobile_phone,
        {{ as_text('mailing_state_code') }} as mailing_state_code,
        {{ as_text('mailing_country_code') }} as mailing_country_code,

        {{ as_boolean('do_not_call') }} as do_not_call,
        {{ as_boolean('has_opted_out_of_email') }} as has_opted_out_of_email,
        {{ as_boolean('is_deleted') }} as is_deleted,

        {{ as_date('birthdate') }} as birthdate,
        {{ as_date('last_activity_date') }} as last_activity_date,
        {{ as_utc('email_bounced_date') }} as email_bounced_at,
        {{ as_utc('last_viewed_date') }} as last_viewed_at,
        {{ as_utc('last_referenced_date') }} as last_referenced_at,
        {{ as_utc('created_date') }} as created_at,
        {{ as_utc('last_modified_date') }} as last_modified_at,
        {{ as_utc('system_modstamp') }} as system_modstamp,
        {{ as_utc('_fivetran_synced') }} as synced_at
    from latest

)

select * from renamed
