-- The shop's day: orders, revenue, refunds and buyers, one row for every business day, also where nothing happened.
with days as (

    select
        date_day,
        month_start
    from {{ ref('dim_dates') }}

),

orders as (

    select
        order_date,
        count(*) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(net_revenue) as order_net_revenue,
        sum(case when net_revenue > 0 then 1 else 0 end) as orders_with_net_revenue,
        sum(units) as units
    from {{ ref('int_orders__counted') }}
    group by order_date

),

refunds as (

    select
        refund_date,
        sum(refund_amount) as refunds
    from {{ ref('int_refunds__processed') }}
    group by refund_date

),

purchasers as (

    select
        occasion_date,
        count(*) as purchasing_contacts,
        sum(case when occasion_number = 1 then 1 else 0 end) as new_contacts
    from {{ ref('int_purchase_occasions') }}
    group by occasion_date

),

final as (

    select
        days.date_day,
        days.month_start,
        cast(coalesce(orders.orders, 0) as bigint) as orders,
        {{ money('coalesce(orders.gross_revenue, 0)') }} as gross_revenue,
        {{ money('coalesce(refunds.refunds, 0)') }} as refunds,
        {{ money('coalesce(orders.gross_revenue, 0) - coalesce(refunds.refunds, 0)') }} as net_revenue,
        {{ money('coalesce(orders.order_net_revenue, 0)') }} as order_net_revenue,
        cast(coalesce(orders.orders_with_net_revenue, 0) as bigint) as orders_with_net_revenue,
        {{ ratio('orders.order_net_revenue', 'orders.orders_with_net_revenue') }} as average_order_value,
        cast(coalesce(orders.units, 0) as bigint) as units,
        cast(coalesce(purchasers.purchasing_contacts, 0) as bigint) as purchasing_contacts,
        cast(coalesce(purchasers.new_contacts, 0) as bigint) as new_contacts
    from days
    left join orders on days.date_day = orders.order_date
    left join refunds on days.date_day = refunds.refund_date
    left join purchasers on days.date_day = purchasers.occasion_date

)

select * from final
