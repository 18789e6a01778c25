-- The service team's month, by what the cases are about: opened, closed, still waiting at its end, and how fast.
with cases as (

    select * from {{ ref('service_cases') }}

),

months as (

    {{ months_since(ref('service_cases'), 'opened_date') }}

),

reasons as (

    select distinct case_reason
    from cases

),

opened as (

    select
        case_reason,
        opened_month,
        count(*) as cases_opened
    from cases
    group by case_reason, opened_month

),

closed as (

    select
        case_reason,
        closed_month,
        count(*) as cases_closed,
        {{ double('percentile_cont(0.5) within group (order by hours_to_close)') }} as median_hours_to_close
    from cases
    where not is_open
    group by case_reason, closed_month

),

final as (

    select
        months.month_start,
        reasons.case_reason,
        cast(coalesce(opened.cases_opened, 0) as bigint) as cases_opened,
        cast(coalesce(closed.cases_closed, 0) as bigint) as cases_closed,
        cast(sum(coalesce(opened.cases_opened, 0) - coalesce(closed.cases_closed, 0)) over (
            partition by reasons.case_reason
            order by months.month_start
            rows between unbounded preceding and current row
        ) as bigint) as backlog_at_end,
        closed.median_hours_to_close
    from months
    cross join reasons
    left join opened
        on
            months.month_start = opened.opened_month
            and reasons.case_reason = opened.case_reason
    left join closed
        on
            months.month_start = closed.closed_month
            and reasons.case_reason = closed.case_reason

)

select * from final
