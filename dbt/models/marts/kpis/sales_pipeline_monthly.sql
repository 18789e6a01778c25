-- The sales team's month: deals opened, won and lost, how often and how fast they are won, and what is still open.
with deals as (

    select * from {{ ref('sales_pipeline') }}

),

spells as (

    select * from {{ ref('int_opportunity_stages') }}

),

months as (

    {{ months_since(ref('sales_pipeline'), 'created_date') }}

),

-- the pipeline is read at the end of the month's last day; of the month that is not over, at the end of the as-of day
readings as (

    select
        month_start,
        case
            when {{ add_months('month_start', 1) }} <= {{ add_days(as_of_date(), 1) }}
                then {{ add_days(add_months('month_start', 1), -1) }}
            else {{ as_of_date() }}
        end as pipeline_date
    from months

),

opened as (

    select
        created_month,
        count(*) as deals_opened
    from deals
    group by created_month

),

closed as (

    select
        close_month,
        count(*) as deals_closed,
        sum(case when is_won then 1 else 0 end) as deals_won,
        sum(case when is_won then 0 else 1 end) as deals_lost,
        sum(amount) as amount_closed,
        sum(case when is_won then amount else 0 end) as amount_won,
        sum(case when is_won then 0 else amount end) as amount_lost,
        {{ double('percentile_cont(0.5) within group (order by case when is_won then age_days end)') }}
            as median_days_to_win
    from deals
    where not is_open
    group by close_month

),

-- replayed from the history: a deal counts at the stage and the amount that it had on the day
pipeline as (

    select
        readings.month_start,
        count(*) as deals_open,
        sum(spells.amount) as amount_open,
        sum(spells.expected_amount) as expected_amount_open
    from readings
    inner join spells
        on
            readings.pipeline_date >= spells.entered_date
            and (spells.left_date is null or readings.pipeline_date < spells.left_date)
            and not spells.is_closed
    group by readings.month_start

),

final as (

    select
        readings.month_start,
        {{ start_of('quarter', 'readings.month_start') }} as quarter_start,
        readings.pipeline_date,
        cast(coalesce(opened.deals_opened, 0) as bigint) as deals_opened,
        cast(coalesce(closed.deals_closed, 0) as bigint) as deals_closed,
        cast(coalesce(closed.deals_won, 0) as bigint) as deals_won,
        cast(coalesce(closed.deals_lost, 0) as bigint) as deals_lost,
        {{ money('coalesce(closed.amount_won, 0)') }} as amount_won,
        {{ money('coalesce(closed.amount_lost, 0)') }} as amount_lost,
        {{ ratio('closed.deals_won', 'closed.deals_closed') }} as win_rate,
        {{ ratio('closed.amount_won', 'closed.amount_closed') }} as win_rate_by_amount,
        {{ ratio('closed.amount_won', 'closed.deals_won') }} as average_deal,
        closed.median_days_to_win,
        cast(coalesce(pipeline.deals_open, 0) as bigint) as deals_open,
        {{ money('coalesce(pipeline.amount_open, 0)') }} as amount_open,
        {{ money('coalesce(pipeline.expected_amount_open, 0)') }} as expected_amount_open
    from readings
    left join opened on readings.month_start = opened.created_month
    left join closed on readings.month_start = closed.close_month
    left join pipeline on readings.month_start = pipeline.month_start

)

select * from final
