-- Every lead on its way to a first order: the campaign that brought it, when it was converted, when it first ordered.
with leads as (

    select * from {{ ref('stg_crm__leads') }}
    where not is_deleted

),

campaigns as (

    select * from {{ ref('stg_crm__campaigns') }}
    where
        not is_deleted
        and {{ business_date('created_at') }} <= {{ as_of_date() }}

),

members as (

    select * from {{ ref('stg_crm__campaign_members') }}
    where
        not is_deleted
        and lead_id is not null
        and {{ business_date('created_at') }} <= {{ as_of_date() }}

),

contacts as (

    select * from {{ ref('int_contacts__merged') }}

),

first_orders as (

    select * from {{ ref('int_contacts__first_orders') }}

),

reached as (

    -- an answer of after the as-of date has not been given yet
    select
        *,
        {{ business_date('created_at') }} as reached_date,
        case when has_responded and first_responded_date <= {{ as_of_date() }} then first_responded_date end
            as answer_date
    from members

),

memberships as (

    -- one campaign a lead: that of the earliest answer, else the one that reached it first
    select
        reached.lead_id,
        reached.campaign_id,
        row_number() over (
            partition by reached.lead_id
            order by
                case when reached.answer_date is not null then 0 else 1 end,
                coalesce(reached.answer_date, reached.reached_date),
                reached.created_at,
                {{ in_byte_order('reached.campaign_member_id') }}
        ) as membership_rank
    from reached
    inner join campaigns on reached.campaign_id = campaigns.campaign_id

),

dated as (

    select
        lead_id,
        lead_source,
        {{ business_date('created_at') }} as lead_date,
        {{ business_date('converted_at') }} as converted_date,
        converted_contact_id
    from leads

),

converted as (

    -- the conditions are part of the keys: beside them, in a left join, they would cost a look at every pair of rows
    select
        lead_id,
        lead_source,
        lead_date,
        case when converted_date <= {{ as_of_date() }} then converted_date end as converted_date,
        case when converted_date <= {{ as_of_date() }} then converted_contact_id end as converted_contact_id
    from dated
    where lead_date <= {{ as_of_date() }}

),

customers as (

    select
        contact_id,
        case when not is_survivor_deleted then surviving_contact_id end as surviving_contact_id
    from contacts

),

final as (

    select
        converted.lead_id,
        memberships.campaign_id,
        converted.lead_source,
        converted.lead_date,
        {{ month_of('converted.lead_date') }} as lead_month,
        converted.converted_date,
        customers.surviving_contact_id as contact_id,
        -- who ordered before was a customer already, and is won by no lead
        case
            when first_orders.first_order_date >= converted.lead_date then first_orders.first_order_date
        end as first_order_date
    from converted
    left join memberships on converted.lead_id = memberships.lead_id and memberships.membership_rank = 1
    left join customers on converted.converted_contact_id = customers.contact_id
    left join first_orders on customers.surviving_contact_id = first_orders.contact_id

)

select * from final
