-- Continuous purchases fall-off: the month of a purchase against the month of the same contact's next one.
with occasions as (

    select
        {{ month_of('occasion_date') }} as purchase_month,
        {{ month_of('next_occasion_date') }} as next_purchase_month,
        order_count
    from {{ ref('int_purchase_occasions') }}

),

cells as (

    select
        purchase_month,
        next_purchase_month,
        sum(order_count) as purchases,
        count(*) as occasions
    from occasions
    group by purchase_month, next_purchase_month

),

compared as (

    select
        *,
        sum(purchases) over (partition by purchase_month) as purchases_in_month,
        -- purchases that nothing has followed yet stand outside the comparison
        max(case when next_purchase_month is not null then purchases end) over (
            partition by purchase_month
        ) as row_maximum
    from cells

),

final as (

    select
        purchase_month,
        next_purchase_month,
        {{ months_between('purchase_month', 'next_purchase_month') }} as months_to_next,
        cast(purchases as bigint) as purchases,
        cast(occasions as bigint) as occasions,
        {{ ratio('purchases', 'purchases_in_month') }} as share_of_month,
        next_purchase_month is not null and purchases = row_maximum as is_row_maximum
    from compared

)

select * from final
