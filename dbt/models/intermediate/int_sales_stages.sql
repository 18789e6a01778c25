-- The stages that deals stand at or have passed, in their order, and which of them end a deal.
with listed as (

    select * from {{ ref('sales_stages') }}

),

deals as (

    select * from {{ ref('stg_crm__opportunities') }}
    where not is_deleted and stage_name is not null

),

history as (

    select * from {{ ref('stg_crm__opportunity_history') }}
    where not is_deleted and stage_name is not null

),

occurrences as (

    select
        stage_name,
        probability,
        1 as deal,
        case when is_closed or is_won then 1 else 0 end as closed_deal,
        case when is_won then 1 else 0 end as won_deal
    from deals

    union all

    -- a past change does not say whether it ended the deal
    select
        stage_name,
        probability,
        0 as deal,
        0 as closed_deal,
        0 as won_deal
    from history

),

seen as (

    select
        stage_name,
        {{ double('percentile_cont(0.5) within group (order by ' ~ double('probability') ~ ')') }} as probability,
        sum(deal) as deals,
        sum(closed_deal) as closed_deals,
        sum(won_deal) as won_deals
    from occurrences
    group by stage_name

),

-- a stage ends a deal where most that stand there have ended; where none stands, the list says so, else 0 and 100 %
judged as (

    select
        seen.stage_name,
        coalesce(seen.probability, listed.probability, 0) as probability,
        listed.stage_rank as listed_rank,
        case
            when seen.deals > 0 then seen.closed_deals * 2 >= seen.deals
            else coalesce(listed.is_closed, seen.probability in (0, 100), false)
        end as is_closed,
        case
            when seen.deals > 0 then seen.won_deals * 2 >= seen.deals
            else coalesce(listed.is_won, seen.probability = 100, false)
        end as is_won
    from seen
    left join listed on seen.stage_name = listed.stage_name

),

-- a stage that is not listed follows the last listed one that is no more probable
placed as (

    select
        judged.stage_name,
        judged.is_closed,
        judged.is_won,
        judged.probability,
        judged.listed_rank,
        coalesce(judged.listed_rank, max(listed.stage_rank), 0) as place
    from judged
    left join listed on judged.probability >= listed.probability and not listed.is_closed
    group by judged.stage_name, judged.is_closed, judged.is_won, judged.probability, judged.listed_rank

),

final as (

    select
        stage_name,
        cast(
            row_number() over (
                order by
                    case when is_closed then 1 else 0 end,
                    case when is_won then 0 else 1 end,
                    place,
                    case when listed_rank is not null then 0 else 1 end,
                    probability,
                    {{ in_byte_order('stage_name') }}
            ) as integer
        ) as stage_rank,
        is_closed,
        is_won
    from placed

)

select * from final
