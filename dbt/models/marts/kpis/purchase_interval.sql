-- Prior-week interval: repeat purchases by whole weeks since the same contact's previous purchase, and what they spent.
with purchases as (

    select
        contact_id,
        purchase_date,
        purchase_amount,
        weeks_since_previous_purchase
    from {{ ref('fct_purchases') }}
    where weeks_since_previous_purchase is not null

),

occasions as (

    select
        weeks_since_previous_purchase,
        contact_id,
        purchase_date,
        count(*) as purchases,
        sum(purchase_amount) as amount
    from purchases
    group by weeks_since_previous_purchase, contact_id, purchase_date

),

final as (

    select
        weeks_since_previous_purchase,
        cast(sum(purchases) as bigint) as purchases,
        cast(count(*) as bigint) as occasions,
        {{ money('sum(amount)') }} as purchase_amount,
        {{ ratio('sum(amount)', 'sum(purchases)') }} as average_purchase_amount
    from occasions
    group by weeks_since_previous_purchase

)

select * from final
