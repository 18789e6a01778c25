-- How long customers take to come back, over all and by the year they first bought: by their first gap, which everybody
-- begins; and, for comparison, by what is biased.
with occasions as (

    select
        contact_id,
        occasion_date,
        -- gaps from the fourth on only count among all
        case when occasion_number <= 3 then occasion_number else 4 end as gap_number,
        next_occasion_date,
        cast(extract(year from first_occasion_date) as integer) as first_purchase_year
    from {{ ref('int_purchase_occasions') }}

),

segmented as (

    select
        'all' as segment,
        contact_id,
        occasion_date,
        gap_number,
        next_occasion_date
    from occasions

    union all

    select
        cast(first_purchase_year as {{ dbt.type_string() }}) as segment,
        contact_id,
        occasion_date,
        gap_number,
        next_occasion_date
    from occasions

),

gaps as (

    select
        segment,
        contact_id,
        gap_number,
        {{ days_between('occasion_date', 'next_occasion_date') }} as gap_days,
        -- a gap that is open was watched until the as-of date
        {{ days_between('occasion_date', 'coalesce(next_occasion_date, ' ~ as_of_date() ~ ')') }} as days_watched
    from segmented

),

days as (

    select
        segment,
        gap_number,
        days_watched as day_number,
        count(gap_days) as closing,
        count(*) as leaving
    from gaps
    group by
        segment,
        gap_number,
        days_watched

),

days_of_gaps as (

    select
        segment,
        gap_number,
        day_number,
        closing,
        leaving
    from days
    where gap_number <= 3

    union all

    -- gap 0 stands for all gaps together
    select
        segment,
        0 as gap_number,
        day_number,
        sum(closing) as closing,
        sum(leaving) as leaving
    from days
    group by
        segment,
        day_number

),

at_risk as (

    -- what is open after so many days, or was watched for just so long
    select
        segment,
        gap_number,
        day_number,
        closing,
        sum(leaving) over (
            partition by segment, gap_number
            order by day_number desc
            rows between unbounded preceding and current row
        ) as gaps_at_risk
    from days_of_gaps

),

survival as (

    -- the product of the shares that stay open; where all close, none does
    select
        segment,
        gap_number,
        day_number,
        sum(case when closing < gaps_at_risk then ln(1 - {{ ratio('closing', 'gaps_at_risk') }}) end) over (
            partition by segment, gap_number
            order by day_number
            rows between unbounded preceding and current row
        ) as log_share_open,
        closing = gaps_at_risk as all_close
    from at_risk

),

medians as (

    -- a share of one half that comes out a trifle above it, as sums of logarithms do, is one half
    select
        segment,
        gap_number,
        min(day_number) as median_days
    from survival
    where
        all_close
        or log_share_open <= ln({{ double('0.5') }}) + {{ double('0.000000001') }}
    group by
        segment,
        gap_number

),

medians_of_segments as (

    select
        segment,
        max(case when gap_number = 1 then median_days end) as first_gap,
        max(case when gap_number = 2 then median_days end) as second_gap,
        max(case when gap_number = 3 then median_days end) as third_gap,
        max(case when gap_number = 0 then median_days end) as all_gaps
    from medians
    group by segment

),

counted as (

    select
        segment,
        count(distinct contact_id) as contacts,
        count(case when gap_number = 1 then gap_days end) as closed_first_gaps,
        count(gap_days) as closed_gaps,
        count(*) - count(gap_days) as open_gaps,
        {{ ratio('sum(gap_days)', 'count(gap_days)') }} as naive_mean_days,
        {{ double('percentile_cont(0.5) within group (order by gap_days)') }} as naive_median_days
    from gaps
    group by segment

),

final as (

    select
        cast(counted.segment as {{ dbt.type_string() }}) as segment,
        cast(counted.contacts as bigint) as contacts,
        cast(counted.closed_first_gaps as bigint) as closed_first_gaps,
        cast(medians.first_gap as integer) as median_days,
        cast(counted.closed_gaps as bigint) as closed_gaps,
        cast(counted.open_gaps as bigint) as open_gaps,
        counted.naive_mean_days,
        counted.naive_median_days,
        cast(medians.all_gaps as integer) as biased_median_days_all_gaps,
        cast(medians.second_gap as integer) as biased_median_days_second_gap,
        cast(medians.third_gap as integer) as biased_median_days_third_gap
    from counted
    left join medians_of_segments as medians on counted.segment = medians.segment

)

select * from final
