-- How many customers lapse each month, every month judged as it stood at its own start and end.
--
-- A purchase keeps its contact from lapsing at every month end inside its window. So each purchase is turned into
-- the first and the last month end that it covers; where a contact's next purchase leaves a month end uncovered, the
-- contact lapsed in that month. One pass over the purchases, however long the history.
with months as (

    select distinct month_start
    from {{ ref('dim_dates') }}

),

covers as (

    select
        contact_id,
        occasion_date,
        {{ month_of('first_occasion_date') }} as first_purchase_month,
        {{ month_of('occasion_date') }} as first_month,
        -- the month before the one that holds the first lapsed day
        {{ add_months(month_of(add_days('occasion_date', var('lapse_window_days') | int + 1)), -1) }} as last_month
    from {{ ref('int_purchase_occasions') }}

),

neighbours as (

    select
        contact_id,
        first_purchase_month,
        first_month,
        last_month,
        lag(last_month) over (partition by contact_id order by occasion_date) as previous_last_month,
        lead(first_month) over (partition by contact_id order by occasion_date) as next_first_month
    from covers
    -- a window shorter than a month may end before the month does
    where last_month >= first_month

),

changes as (

    select
        first_month as month_start,
        case when first_month = first_purchase_month then 1 else 0 end as new_contacts,
        case when first_month = first_purchase_month then 0 else 1 end as reactivated_contacts,
        0 as lapsed_contacts
    from neighbours
    where previous_last_month is null or first_month > {{ add_months('previous_last_month', 1) }}

    union all

    select
        {{ add_months('last_month', 1) }} as month_start,
        0 as new_contacts,
        0 as reactivated_contacts,
        1 as lapsed_contacts
    from neighbours
    where next_first_month is null or next_first_month > {{ add_months('last_month', 1) }}

),

monthly as (

    select
        months.month_start,
        {{ add_months('months.month_start', 1) }} <= {{ add_days(as_of_date(), 1) }} as is_over,
        coalesce(sum(changes.new_contacts), 0) as new_contacts,
        coalesce(sum(changes.reactivated_contacts), 0) as reactivated_contacts,
        coalesce(sum(changes.lapsed_contacts), 0) as lapsed_contacts
    from months
    left join changes on months.month_start = changes.month_start
    group by months.month_start

),

running as (

    select
        *,
        sum(new_contacts + reactivated_contacts - lapsed_contacts) over (
            order by month_start
            rows between unbounded preceding and current row
        ) as active_at_end
    from monthly

),

final as (

    select
        month_start,
        cast(active_at_end - new_contacts - reactivated_contacts + lapsed_contacts as bigint) as active_at_start,
        -- a month that is not over has no end to be judged at
        cast(case when is_over then new_contacts end as bigint) as new_contacts,
        cast(case when is_over then reactivated_contacts end as bigint) as reactivated_contacts,
        cast(case when is_over then lapsed_contacts end as bigint) as lapsed_contacts,
        cast(case when is_over then active_at_end end as bigint) as active_at_end,
        {{ ratio(
            'case when is_over then lapsed_contacts end',
            'active_at_end - new_contacts - reactivated_contacts + lapsed_contacts'
        ) }} as attrition_rate
    from running

)

select * from final
