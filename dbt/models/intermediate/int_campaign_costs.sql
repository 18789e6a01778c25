-- What each campaign spent on each member: its cost in equal parts, and whether the member was a customer already.
with campaigns as (

    select * from {{ ref('stg_crm__campaigns') }}
    where
        not is_deleted
        and {{ business_date('created_at') }} <= {{ as_of_date() }}

),

members as (

    select * from {{ ref('stg_crm__campaign_members') }}
    where
        not is_deleted
        and {{ business_date('created_at') }} <= {{ as_of_date() }}

),

leads as (

    select * from {{ ref('stg_crm__leads') }}

),

merged as (

    select * from {{ ref('int_contacts__merged') }}

),

contacts as (

    select * from {{ ref('stg_crm__contacts') }}

),

first_orders as (

    select * from {{ ref('int_contacts__first_orders') }}

),

numbered as (

    -- a campaign that has reached nobody keeps its cost to itself
    select
        campaigns.campaign_id,
        members.campaign_member_id,
        coalesce(members.contact_id, leads.converted_contact_id) as contact_id,
        leads.lead_source,
        {{ business_date('members.created_at') }} as reached_date,
        {{ double('campaigns.actual_cost * 100') }} as cents,
        count(*) over (partition by campaigns.campaign_id) as parts,
        row_number() over (
            partition by campaigns.campaign_id
            order by {{ in_byte_order('members.campaign_member_id') }}
        ) as part
    from campaigns
    left join members on campaigns.campaign_id = members.campaign_id
    left join leads on members.lead_id = leads.lead_id

),

shared as (

    -- in whole cents, so that the parts add up to the cost
    select
        *,
        floor(cents * part / parts) - floor(cents * (part - 1) / parts) as cents_of_part
    from numbered

),

final as (

    select
        shared.campaign_id,
        shared.campaign_member_id,
        merged.surviving_contact_id as contact_id,
        coalesce(contacts.lead_source, shared.lead_source) as lead_source,
        coalesce(first_orders.first_order_date < shared.reached_date, false) as is_customer_already,
        {{ money('shared.cents_of_part / 100') }} as cost
    from shared
    left join merged on shared.contact_id = merged.contact_id
    left join contacts on merged.surviving_contact_id = contacts.contact_id
    left join first_orders on merged.surviving_contact_id = first_orders.contact_id

)

select * from final
