-- One row an article or a plan, with its shelf, its cost and its standard price.
with products as (

    select * from {{ ref('stg_crm__products') }}

),

categories as (

    select * from {{ ref('stg_crm__product_categories') }}

),

standard_prices as (

    -- an article has one active standard price; should a landing hold two, the lower one counts
    select
        entries.product_id,
        {{ money('min(entries.unit_price)') }} as standard_price
    from {{ ref('stg_crm__pricebook_entries') }} as entries
    inner join {{ ref('stg_crm__pricebooks') }} as pricebooks on entries.pricebook_id = pricebooks.pricebook_id
    where
        pricebooks.is_standard
        and entries.is_active
        and not entries.is_deleted
        and not pricebooks.is_deleted
    group by entries.product_id

),

priced as (

    select
        products.*,
        standard_prices.standard_price,
        -- a plan's price is for a billing period, its cost for each month's box
        products.unit_cost * case coalesce(products.billing_period, 'once')
            when 'once' then 1
            when 'monthly' then 1
            when 'quarterly' then 3
            when 'annual' then 12
        end as standard_cost
    from products
    left join standard_prices on products.product_id = standard_prices.product_id

),

final as (

    select
        products.product_id,
        products.product_code,
        products.product_name,
        products.product_category_id,
        categories.product_category_name,
        products.sales_channel,
        products.billing_period,
        products.is_active,
        products.is_deleted,
        products.unit_cost,
        products.standard_price,
        {{ ratio('products.standard_price - products.standard_cost', 'products.standard_price') }}
            as standard_margin_rate,
        cast(products.stock_quantity as integer) as stock_quantity
    from priced as products
    left join categories on products.product_category_id = categories.product_category_id

)

select * from final
