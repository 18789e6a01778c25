-- How many buyers come back within w days, among those who have been watched for w days.
with first_occasions as (

    select
        contact_id,
        occasion_date,
        next_occasion_date
    from {{ ref('int_purchase_occasions') }}
    where occasion_number = 1

),

windows as (

    {% for days in [30, 60, 90, 180, 365] -%}
    select {{ days }} as window_days{{ ' union all' if not loop.last }}
    {% endfor %}

),

eligible as (

    select
        windows.window_days,
        first_occasions.contact_id,
        case
            when
                {{ days_between('first_occasions.occasion_date', 'first_occasions.next_occasion_date') }}
                <= windows.window_days
                then 1
            else 0
        end as has_repeated
    from windows
    left join first_occasions
        on {{ days_between('first_occasions.occasion_date', as_of_date()) }} >= windows.window_days

),

final as (

    select
        cast(window_days as integer) as window_days,
        cast(count(contact_id) as bigint) as eligible_contacts,
        cast(sum(has_repeated) as bigint) as repeat_contacts,
        {{ ratio('sum(has_repeated)', 'count(contact_id)') }} as repeat_rate
    from eligible
    group by window_days

)

select * from final
