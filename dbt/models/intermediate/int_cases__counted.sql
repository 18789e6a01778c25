-- The cases that count, each with its customer after merges, its business days, and whether it is still open.
with cases as (

    select * from {{ ref('stg_crm__cases') }}
    where not is_deleted

),

contacts as (

    select * from {{ ref('int_contacts__merged') }}

),

dated as (

    select
        case_id,
        account_id,
        contact_id,
        case_origin,
        coalesce(case_reason, 'not stated') as case_reason,
        created_at as opened_at,
        {{ business_date('created_at') }} as opened_date,
        -- looking back at an earlier day, a case that was closed later is still open
        case when is_closed and {{ business_date('closed_at') }} <= {{ as_of_date() }} then closed_at end as closed_at
    from cases

),

final as (

    select
        dated.case_id,
        dated.account_id,
        case when not contacts.is_survivor_deleted then contacts.surviving_contact_id end as contact_id,
        dated.case_origin,
        cast(dated.case_reason as {{ dbt.type_string() }}) as case_reason,
        dated.opened_at,
        dated.opened_date,
        {{ month_of('dated.opened_date') }} as opened_month,
        dated.closed_at is null as is_open,
        dated.closed_at,
        {{ business_date('dated.closed_at') }} as closed_date,
        {{ month_of(business_date('dated.closed_at')) }} as closed_month
    from dated
    left join contacts on dated.contact_id = contacts.contact_id
    where dated.opened_date <= {{ as_of_date() }}

)

select * from final
