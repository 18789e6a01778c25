-- One row a store, channel or wholesale customer, with what it has taken in.
with accounts as (

    select * from {{ ref('stg_crm__accounts') }}

),

orders as (

    select
        account_id,
        count(*) as order_count,
        min(order_date) as first_order_date,
        max(order_date) as latest_order_date,
        sum(net_revenue) as net_revenue
    from {{ ref('int_orders__counted') }}
    group by account_id

),

final as (

    select
        accounts.account_id,
        accounts.parent_id as parent_account_id,
        accounts.account_number,
        accounts.account_name,
        accounts.account_source as sales_channel,
        accounts.account_type,
        accounts.industry,
        accounts.rating,
        accounts.billing_city,
        accounts.billing_state,
        accounts.billing_country,
        accounts.is_deleted,
        {{ business_date('accounts.created_at') }} as created_date,
        cast(coalesce(orders.order_count, 0) as integer) as order_count,
        orders.first_order_date,
        orders.latest_order_date,
        {{ money('coalesce(orders.net_revenue, 0)') }} as net_revenue
    from accounts
    left join orders on accounts.account_id = orders.account_id

)

select * from final
