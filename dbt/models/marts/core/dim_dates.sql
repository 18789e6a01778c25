-- One row a business day, without gaps: from the first month with an order up to the as-of date.
with bounds as (

    select {{ month_of('coalesce(min(order_date), ' ~ as_of_date() ~ ')') }} as first_day
    from {{ ref('int_orders__counted') }}

),

numbers as (

    {{ numbers(5) }}

),

days as (

    select {{ add_days('bounds.first_day', 'numbers.number') }} as date_day
    from bounds
    inner join numbers on {{ days_between('bounds.first_day', as_of_date()) }} >= numbers.number

),

final as (

    select
        date_day,
        {{ start_of('week', 'date_day') }} as week_start,
        {{ month_of('date_day') }} as month_start,
        {{ start_of('quarter', 'date_day') }} as quarter_start,
        {{ start_of('year', 'date_day') }} as year_start,
        cast(extract(year from date_day) as integer) as calendar_year,
        cast(extract(month from date_day) as integer) as month_of_year,
        cast(extract(day from date_day) as integer) as day_of_month,
        {{ iso_day_of_week('date_day') }} as day_of_week,
        {{ iso_day_of_week('date_day') }} >= 6 as is_weekend,
        {{ add_months(month_of('date_day'), 1) }} = {{ add_days('date_day', 1) }} as is_month_end
    from days

)

select * from final
