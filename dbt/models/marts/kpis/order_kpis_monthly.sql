-- The shop's month: the days added up, and what does not add up (distinct buyers) counted again.
with days as (

    select
        month_start,
        orders,
        gross_revenue,
        refunds,
        net_revenue,
        order_net_revenue,
        orders_with_net_revenue,
        units,
        new_contacts
    from {{ ref('order_kpis_daily') }}

),

months as (

    select
        month_start,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunds) as refunds,
        sum(net_revenue) as net_revenue,
        sum(order_net_revenue) as order_net_revenue,
        sum(orders_with_net_revenue) as orders_with_net_revenue,
        sum(units) as units,
        sum(new_contacts) as new_contacts
    from days
    group by month_start

),

purchasers as (

    select
        {{ month_of('occasion_date') }} as month_start,
        count(distinct contact_id) as purchasing_contacts
    from {{ ref('int_purchase_occasions') }}
    group by {{ month_of('occasion_date') }}

),

final as (

    select
        months.month_start,
        cast(months.orders as bigint) as orders,
        {{ money('months.gross_revenue') }} as gross_revenue,
        {{ money('months.refunds') }} as refunds,
        {{ money('months.net_revenue') }} as net_revenue,
        {{ money('months.order_net_revenue') }} as order_net_revenue,
        cast(months.orders_with_net_revenue as bigint) as orders_with_net_revenue,
        {{ ratio('months.order_net_revenue', 'months.orders_with_net_revenue') }} as average_order_value,
        cast(months.units as bigint) as units,
        cast(coalesce(purchasers.purchasing_contacts, 0) as bigint) as purchasing_contacts,
        cast(months.new_contacts as bigint) as new_contacts
    from months
    left join purchasers on months.month_start = purchasers.month_start

)

select * from final
