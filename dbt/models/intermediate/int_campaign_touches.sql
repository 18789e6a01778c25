-- Every answer to a campaign, whose it is, and whether it was their first or last before they first ordered.
with members as (

    select * from {{ ref('stg_crm__campaign_members') }}
    where not is_deleted

),

campaigns as (

    select * from {{ ref('stg_crm__campaigns') }}
    where not is_deleted

),

leads as (

    select * from {{ ref('stg_crm__leads') }}

),

contacts as (

    select * from {{ ref('int_contacts__merged') }}

),

first_orders as (

    select * from {{ ref('int_contacts__first_orders') }}

),

touches as (

    select
        members.campaign_member_id,
        members.campaign_id,
        members.lead_id,
        case when not contacts.is_survivor_deleted then contacts.surviving_contact_id end as contact_id,
        members.first_responded_date as touch_date,
        members.created_at as reached_at
    from members
    inner join campaigns on members.campaign_id = campaigns.campaign_id
    left join leads on members.lead_id = leads.lead_id
    -- a member that is still a lead is nobody's contact yet
    left join contacts on coalesce(members.contact_id, leads.converted_contact_id) = contacts.contact_id
    where
        members.has_responded
        and members.first_responded_date <= {{ as_of_date() }}
        and {{ business_date('members.created_at') }} <= {{ as_of_date() }}

),

winning as (

    -- of two answers on one day, the one to the message that was sent first is the earlier
    select
        touches.campaign_member_id,
        row_number() over (
            partition by touches.contact_id
            order by touches.touch_date, touches.reached_at, {{ in_byte_order('touches.campaign_member_id') }}
        ) as rank_from_first,
        row_number() over (
            partition by touches.contact_id
            order by
                touches.touch_date desc, touches.reached_at desc,
                {{ in_byte_order('touches.campaign_member_id') }} desc
        ) as rank_from_last
    from touches
    inner join first_orders on touches.contact_id = first_orders.contact_id
    where touches.touch_date <= first_orders.first_order_date

),

final as (

    select
        touches.campaign_member_id,
        touches.campaign_id,
        touches.lead_id,
        touches.contact_id,
        touches.touch_date,
        first_orders.first_order_date,
        winning.campaign_member_id is not null as is_before_first_order,
        coalesce(winning.rank_from_first = 1, false) as is_first_touch,
        coalesce(winning.rank_from_last = 1, false) as is_last_touch
    from touches
    left join first_orders on touches.contact_id = first_orders.contact_id
    left join winning on touches.campaign_member_id = winning.campaign_member_id

)

select * from final
