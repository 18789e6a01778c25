-- Demographics: who buys, by decade of birth. Every purchaser stands in exactly one decade, or under unknown.
with purchasers as (

    select
        contact_id,
        count(*) as purchases,
        sum(purchase_amount) as purchase_amount
    from {{ ref('fct_purchases') }}
    group by contact_id

),

contacts as (

    select
        contact_id,
        birth_decade
    from {{ ref('dim_contacts') }}

),

final as (

    select
        cast(
            coalesce(cast(contacts.birth_decade as {{ dbt.type_string() }}) || 's', 'unknown')
            as {{ dbt.type_string() }}
        ) as birth_decade,
        cast(count(*) as bigint) as purchasers,
        {{ ratio('count(*)', 'sum(count(*)) over ()') }} as share_of_purchasers,
        cast(sum(purchasers.purchases) as bigint) as purchases,
        {{ money('sum(purchasers.purchase_amount)') }} as purchase_amount
    from purchasers
    left join contacts on purchasers.contact_id = contacts.contact_id
    group by contacts.birth_decade

)

select * from final
