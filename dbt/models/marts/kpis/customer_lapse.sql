-- Who has lapsed: every contact who ever bought, judged on the as-of date by the window rule.
with contacts as (

    select
        contact_id,
        min(occasion_date) as first_purchase_date,
        max(occasion_date) as last_purchase_date,
        count(*) as occasions
    from {{ ref('int_purchase_occasions') }}
    group by contact_id

),

aged as (

    select
        *,
        {{ days_between('last_purchase_date', as_of_date()) }} as days_since_last_purchase
    from contacts

),

final as (

    select
        contact_id,
        first_purchase_date,
        last_purchase_date,
        cast(occasions as bigint) as occasions,
        days_since_last_purchase,
        days_since_last_purchase > {{ var('lapse_window_days') }} as is_lapsed,
        case
            when days_since_last_purchase > {{ var('lapse_window_days') }}
                then {{ add_days('last_purchase_date', var('lapse_window_days') | int + 1) }}
        end as lapsed_on
    from aged

)

select * from final
