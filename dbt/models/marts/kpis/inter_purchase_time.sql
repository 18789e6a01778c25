-- How long customers take to come back: the gaps that have closed, for all contacts and by the year they first bought.
with occasions as (

    select
        contact_id,
        occasion_date,
        next_occasion_date,
        cast(extract(year from first_occasion_date) as integer) as first_purchase_year
    from {{ ref('int_purchase_occasions') }}

),

gaps as (

    select
        'all' as segment,
        contact_id,
        {{ days_between('occasion_date', 'next_occasion_date') }} as gap_days
    from occasions

    union all

    select
        cast(first_purchase_year as {{ dbt.type_string() }}) as segment,
        contact_id,
        {{ days_between('occasion_date', 'next_occasion_date') }} as gap_days
    from occasions

),

final as (

    select
        cast(segment as {{ dbt.type_string() }}) as segment,
        cast(count(distinct contact_id) as bigint) as contacts,
        cast(count(gap_days) as bigint) as closed_gaps,
        -- the last gap of each contact has not closed: it is left out here, which makes this median too short
        cast(count(*) - count(gap_days) as bigint) as open_gaps,
        {{ ratio('sum(gap_days)', 'count(gap_days)') }} as naive_mean_days,
        {{ double('percentile_cont(0.5) within group (order by gap_days)') }} as naive_median_days
    from gaps
    group by segment

)

select * from final
