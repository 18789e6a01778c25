-- One row a deal as it stands on the as-of date: how far it has come, what it is worth, and where its time went.
with opportunities as (

    select * from {{ ref('stg_crm__opportunities') }}
    where
        not is_deleted
        and {{ business_date('created_at') }} <= {{ as_of_date() }}

),

spells as (

    select * from {{ ref('int_opportunity_stages') }}

),

sales_stages as (

    select * from {{ ref('int_sales_stages') }}

),

open_stages as (

    select count(*) as stage_count
    from sales_stages
    where not is_closed

),

standing as (

    -- the last change up to the as-of date; a deal without a history is taken as the CRM shows it
    select
        opportunities.opportunity_id,
        coalesce(spells.stage_name, opportunities.stage_name) as stage_name,
        coalesce(spells.amount, opportunities.amount) as amount,
        coalesce(spells.probability, opportunities.probability) as probability,
        coalesce(spells.close_date, opportunities.close_date) as close_date,
        coalesce(spells.is_closed, opportunities.is_closed or opportunities.is_won) as is_closed,
        coalesce(spells.is_won, opportunities.is_won) as is_won,
        spells.days_in_stage
    from opportunities
    left join spells on opportunities.opportunity_id = spells.opportunity_id and spells.is_latest

),

stages as (

    select
        standing.opportunity_id,
        sales_stages.stage_rank,
        coalesce(standing.is_closed, sales_stages.is_closed) as is_closed,
        coalesce(standing.is_won, sales_stages.is_won) as is_won
    from standing
    left join sales_stages on standing.stage_name = sales_stages.stage_name

),

time_spent as (

    select
        opportunity_id,
        -- a stage that was jumped over was reached all the same; a lost deal got as far as its last open stage
        max(case when is_won or not is_closed then stage_rank end) as furthest_stage_rank,
        sum(case when stage_name = 'Prospecting' then days_in_stage end) as days_in_prospecting,
        sum(case when stage_name = 'Qualification' then days_in_stage end) as days_in_qualification,
        sum(case when stage_name = 'Proposal' then days_in_stage end) as days_in_proposal,
        sum(case when stage_name = 'Negotiation' then days_in_stage end) as days_in_negotiation
    from spells
    group by opportunity_id

),

dated as (

    select
        opportunities.*,
        {{ business_date('opportunities.created_at') }} as created_date
    from opportunities

),

final as (

    select
        dated.opportunity_id,
        dated.opportunity_name,
        dated.account_id,
        dated.owner_id,
        dated.campaign_id,
        dated.opportunity_type,
        dated.lead_source,
        standing.stage_name,
        cast(stages.stage_rank as integer) as stage_rank,
        not stages.is_closed as is_open,
        stages.is_won,
        stages.is_closed and not stages.is_won as is_lost,
        {{ money('standing.amount') }} as amount,
        standing.probability,
        {{ round_money('standing.amount * standing.probability * 0.01') }} as expected_amount,
        dated.created_date,
        {{ month_of('dated.created_date') }} as created_month,
        standing.close_date,
        {{ month_of('standing.close_date') }} as close_month,
        {{ start_of('quarter', 'standing.close_date') }} as close_quarter,
        {{ days_between(
            'dated.created_date',
            'case when stages.is_closed then standing.close_date else ' ~ as_of_date() ~ ' end'
        ) }} as age_days,
        standing.days_in_stage,
        -- a deal won has passed every open stage, and no other deal has come further than the last of them
        cast(
            case
                when stages.is_won
                    then greatest(
                        coalesce(time_spent.furthest_stage_rank, stages.stage_rank), open_stages.stage_count + 1
                    )
                else least(
                    coalesce(
                        time_spent.furthest_stage_rank,
                        -- lost, and no open stage is on record: it was a deal, so it was in the first
                        case when stages.is_closed then 1 else stages.stage_rank end
                    ),
                    greatest(open_stages.stage_count, 1)
                )
            end as integer
        ) as furthest_stage_rank,
        cast(time_spent.days_in_prospecting as integer) as days_in_prospecting,
        cast(time_spent.days_in_qualification as integer) as days_in_qualification,
        cast(time_spent.days_in_proposal as integer) as days_in_proposal,
        cast(time_spent.days_in_negotiation as integer) as days_in_negotiation
    from dated
    inner join standing on dated.opportunity_id = standing.opportunity_id
    inner join stages on dated.opportunity_id = stages.opportunity_id
    cross join open_stages
    left join time_spent on dated.opportunity_id = time_spent.opportunity_id

)

select * from final
