-- One row a case: whose it is, what it is about, how long it took or has been waiting.
with cases as (

    select * from {{ ref('int_cases__counted') }}

),

orders as (

    select * from {{ ref('int_orders__counted') }}
    where contact_id is not null

),

orders_before as (

    select
        cases.case_id,
        orders.order_id,
        row_number() over (
            partition by cases.case_id
            order by orders.ordered_at desc, {{ in_byte_order('orders.order_id') }} desc
        ) as rank_from_case
    from cases
    inner join orders on cases.contact_id = orders.contact_id and cases.opened_at >= orders.ordered_at

),

final as (

    select
        cases.case_id,
        cases.account_id,
        cases.contact_id,
        orders_before.order_id as latest_order_id,
        cases.case_reason,
        cases.case_origin,
        cases.opened_at,
        cases.opened_date,
        cases.opened_month,
        cases.is_open,
        cases.closed_at,
        cases.closed_date,
        cases.closed_month,
        {{ double(seconds_between('cases.opened_at', 'cases.closed_at')) }} / 3600 as hours_to_close,
        case when cases.is_open then {{ days_between('cases.opened_date', as_of_date()) }} end as days_open
    from cases
    left join orders_before on cases.case_id = orders_before.case_id and orders_before.rank_from_case = 1

)

select * from final
