-- What each campaign cost and whom it won, by first touch and by last touch, and when what they brought in repaid it.
with campaigns as (

    select * from {{ ref('stg_crm__campaigns') }}
    where
        not is_deleted
        and {{ business_date('created_at') }} <= {{ as_of_date() }}

),

members as (

    select
        campaign_id,
        count(*) as members
    from {{ ref('stg_crm__campaign_members') }}
    where
        not is_deleted
        and {{ business_date('created_at') }} <= {{ as_of_date() }}
    group by campaign_id

),

touches as (

    select * from {{ ref('int_campaign_touches') }}

),

responses as (

    select
        campaign_id,
        count(*) as responses
    from touches
    group by campaign_id

),

won as (

    select
        'first touch' as attribution,
        campaign_id,
        contact_id
    from touches
    where is_first_touch

    union all

    select
        'last touch' as attribution,
        campaign_id,
        contact_id
    from touches
    where is_last_touch

),

earned as (

    select
        won.attribution,
        won.campaign_id,
        count(*) as contacts_won,
        sum(contacts.net_revenue) as net_revenue,
        sum(contacts.margin) as margin
    from won
    inner join {{ ref('int_contacts__first_orders') }} as contacts on won.contact_id = contacts.contact_id
    group by won.attribution, won.campaign_id

),

earned_in_month as (

    select
        won.attribution,
        won.campaign_id,
        margins.month_start,
        sum(margins.margin) as margin
    from won
    inner join {{ ref('int_contacts__margin_monthly') }} as margins on won.contact_id = margins.contact_id
    group by won.attribution, won.campaign_id, margins.month_start

),

earned_by_month as (

    select
        attribution,
        campaign_id,
        month_start,
        sum(margin) over (
            partition by attribution, campaign_id
            order by month_start
            rows between unbounded preceding and current row
        ) as margin_so_far
    from earned_in_month

),

-- a contact's margin reaches the CAC when the margin of all of them reaches the cost
repaid as (

    select
        earned_by_month.attribution,
        earned_by_month.campaign_id,
        min(earned_by_month.month_start) as payback_month
    from earned_by_month
    inner join campaigns on earned_by_month.campaign_id = campaigns.campaign_id
    where earned_by_month.margin_so_far >= campaigns.actual_cost
    group by earned_by_month.attribution, earned_by_month.campaign_id

),

attributions as (

    select 'first touch' as attribution
    union all
    select 'last touch' as attribution

),

final as (

    select
        campaigns.campaign_id,
        cast(attributions.attribution as {{ dbt.type_string() }}) as attribution,
        campaigns.campaign_name,
        campaigns.campaign_type,
        campaigns.campaign_status,
        campaigns.start_date,
        campaigns.end_date,
        {{ money('campaigns.actual_cost') }} as cost,
        cast(coalesce(members.members, 0) as bigint) as members,
        cast(coalesce(responses.responses, 0) as bigint) as responses,
        {{ ratio('coalesce(responses.responses, 0)', 'members.members') }} as response_rate,
        cast(coalesce(earned.contacts_won, 0) as bigint) as contacts_won,
        {{ ratio('campaigns.actual_cost', 'earned.contacts_won') }} as cac,
        {{ money('coalesce(earned.net_revenue, 0)') }} as net_revenue,
        -- nobody won is 0; won, and no cost of goods known, is unknown
        {{ money('case when earned.contacts_won is null then 0 else earned.margin end') }} as margin,
        {{ ratio('earned.margin', 'earned.contacts_won') }} as margin_per_contact,
        repaid.payback_month,
        {{ months_between('campaigns.start_date', 'repaid.payback_month') }} as months_to_payback
    from campaigns
    cross join attributions
    left join members on campaigns.campaign_id = members.campaign_id
    left join responses on campaigns.campaign_id = responses.campaign_id
    left join earned
        on
            campaigns.campaign_id = earned.campaign_id
            and attributions.attribution = earned.attribution
    left join repaid
        on
            campaigns.campaign_id = repaid.campaign_id
            and attributions.attribution = repaid.attribution

)

select * from final
