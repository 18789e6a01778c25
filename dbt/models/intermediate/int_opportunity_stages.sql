-- How each deal stood between one change and the next, as its history tells: any day's pipeline can be read off it.
with opportunities as (

    select * from {{ ref('stg_crm__opportunities') }}
    where not is_deleted

),

history as (

    select
        opportunity_history_id,
        opportunity_id,
        stage_name,
        amount,
        probability,
        close_date,
        created_at as entered_at,
        {{ business_date('created_at') }} as entered_date
    from {{ ref('stg_crm__opportunity_history') }}
    where not is_deleted

),

stages as (

    select * from {{ ref('int_sales_stages') }}

),

spells as (

    select
        history.*,
        lead(history.entered_date) over (
            partition by history.opportunity_id
            order by history.entered_at, {{ in_byte_order('history.opportunity_history_id') }}
        ) as left_date
    from history
    where history.entered_date <= {{ as_of_date() }}

),

final as (

    select
        spells.opportunity_history_id,
        spells.opportunity_id,
        spells.stage_name,
        cast(stages.stage_rank as integer) as stage_rank,
        stages.is_closed,
        stages.is_won,
        spells.amount,
        spells.probability,
        spells.close_date,
        {{ round_money('spells.amount * spells.probability * 0.01') }} as expected_amount,
        spells.entered_at,
        spells.entered_date,
        spells.left_date,
        spells.left_date is null as is_latest,
        -- an ended deal waits for nothing
        case
            when not stages.is_closed
                then {{ days_between('spells.entered_date', 'coalesce(spells.left_date, ' ~ as_of_date() ~ ')') }}
        end as days_in_stage
    from spells
    inner join opportunities on spells.opportunity_id = opportunities.opportunity_id
    left join stages on spells.stage_name = stages.stage_name

)

select * from final
