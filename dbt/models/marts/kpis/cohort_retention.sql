-- The cohort triangle: of the contacts who first bought in a month, how many bought again k months later.
with occasions as (

    -- the first purchase comes with every row, so that a filter on dates here could not move anybody's cohort
    select distinct
        contact_id,
        {{ month_of('first_occasion_date') }} as cohort_month,
        {{ month_of('occasion_date') }} as activity_month
    from {{ ref('int_purchase_occasions') }}

),

new_contacts as (

    select
        cohort_month,
        count(distinct contact_id) as cohort_contacts
    from occasions
    group by cohort_month

),

activity as (

    select
        cohort_month,
        activity_month,
        count(*) as active_contacts
    from occasions
    group by cohort_month, activity_month

),

months as (

    select distinct month_start
    from {{ ref('dim_dates') }}

),

month_numbers as (

    select row_number() over (order by month_start) - 1 as month_number
    from months

),

cohorts as (

    -- a month in which nobody came for the first time is a cohort of nobody
    select
        months.month_start as cohort_month,
        coalesce(new_contacts.cohort_contacts, 0) as cohort_contacts
    from months
    left join new_contacts on months.month_start = new_contacts.cohort_month

),

cells as (

    select
        cohorts.cohort_month,
        cohorts.cohort_contacts,
        month_numbers.month_number,
        {{ add_months('cohorts.cohort_month', 'month_numbers.month_number') }} as activity_month
    from cohorts
    cross join month_numbers

),

observed as (

    select
        cells.cohort_month,
        cells.month_number,
        cells.activity_month,
        cells.cohort_contacts,
        -- nobody came is 0; not yet known is NULL
        case
            when {{ add_months('cells.activity_month', 1) }} <= {{ add_days(as_of_date(), 1) }}
                then coalesce(activity.active_contacts, 0)
        end as active_contacts
    from cells
    left join activity
        on
            cells.cohort_month = activity.cohort_month
            and cells.activity_month = activity.activity_month

),

final as (

    select
        cohort_month,
        cast(month_number as integer) as month_number,
        activity_month,
        cast(cohort_contacts as bigint) as cohort_contacts,
        cast(active_contacts as bigint) as active_contacts,
        {{ ratio('active_contacts', 'cohort_contacts') }} as retention_rate
    from observed

)

select * from final
