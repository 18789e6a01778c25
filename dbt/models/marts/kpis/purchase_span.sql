-- Latest purchase relative to initial: how long customers stay, in whole weeks from first purchase to latest.
with contacts as (

    select
        contact_id,
        max(contact_orders) as orders,
        max(weeks_since_first_purchase) as weeks_between_first_and_latest
    from {{ ref('fct_purchases') }}
    group by contact_id

),

final as (

    select
        weeks_between_first_and_latest,
        cast(count(*) as bigint) as contacts,
        cast(sum(case when orders = 1 then 1 else 0 end) as bigint) as one_time_contacts,
        {{ ratio('count(*)', 'sum(count(*)) over ()') }} as share_of_contacts
    from contacts
    group by weeks_between_first_and_latest

)

select * from final
