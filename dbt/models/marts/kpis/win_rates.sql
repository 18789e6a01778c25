-- How many of the deals that have ended were won: of all, by how far they came, by who owned them, by kind.
with deals as (

    select * from {{ ref('sales_pipeline') }}
    where not is_open

),

stages as (

    select * from {{ ref('int_sales_stages') }}
    where not is_closed

),

broken_down as (

    select
        'all' as breakdown,
        'all' as breakdown_value,
        1 as breakdown_rank,
        is_won,
        amount
    from deals

    union all

    -- a deal stands under every stage that it reached or jumped over
    select
        'stage reached' as breakdown,
        stages.stage_name as breakdown_value,
        stages.stage_rank as breakdown_rank,
        deals.is_won,
        deals.amount
    from deals
    inner join stages on deals.furthest_stage_rank >= stages.stage_rank

    union all

    select
        'owner' as breakdown,
        owner_id as breakdown_value,
        1 as breakdown_rank,
        is_won,
        amount
    from deals

    union all

    select
        'type' as breakdown,
        coalesce(opportunity_type, 'unknown') as breakdown_value,
        1 as breakdown_rank,
        is_won,
        amount
    from deals

),

final as (

    select
        cast(breakdown as {{ dbt.type_string() }}) as breakdown,
        cast(breakdown_value as {{ dbt.type_string() }}) as breakdown_value,
        cast(breakdown_rank as integer) as breakdown_rank,
        cast(count(*) as bigint) as deals_closed,
        cast(sum(case when is_won then 1 else 0 end) as bigint) as deals_won,
        {{ ratio('sum(case when is_won then 1 else 0 end)', 'count(*)') }} as win_rate,
        {{ money('sum(coalesce(amount, 0))') }} as amount_closed,
        {{ money('sum(case when is_won then coalesce(amount, 0) else 0 end)') }} as amount_won,
        {{ ratio('sum(case when is_won then amount else 0 end)', 'sum(amount)') }} as win_rate_by_amount
    from broken_down
    group by breakdown, breakdown_value, breakdown_rank

)

select * from final
