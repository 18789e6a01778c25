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

staged as (

    -- where a deal stands today its own flags count; of a stage that it has left, those of the stage
    select
        spells.*,
        stages.stage_rank,
        case
            when spells.stage_name = opportunities.stage_name
                then coalesce(opportunities.is_closed or opportunities.is_won, stages.is_closed)
            else stages.is_closed
        end as is_closed,
        case
            when spells.stage_name = opportunities.stage_name then coalesce(opportunities.is_won, stages.is_won)
            else stages.is_won
        end as is_won
    from spells
    inner join opportunities on spells.opportunity_id = opportunities.opportunity_id
    left join stages on spells.stage_name = stages.stage_name

),

final as (

    select
        opportunity_history_id,
        opportunity_id,
        stage_name,
        cast(stage_rank as integer) as stage_rank,
        is_closed,
        is_won,
        amount,
        probability,
        close_date,
        {{ round_money('amount * probability * 0.01') }} as expected_amount,
        entered_at,
        entered_date,
        left_date,
        left_date is null as is_latest,
        -- an ended deal waits for nothing
        case
            when not is_closed
                then {{ days_between('entered_date', 'coalesce(left_date, ' ~ as_of_date() ~ ')') }}
        end as days_in_stage
    from staged

)

select * from final
