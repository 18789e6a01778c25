-- The RFM grid: which of the eleven segments each pair of scores belongs to, by the rules of the seed.
with rules as (

    select * from {{ ref('rfm_segment_rules') }}

),

scores as (

    {% for score in range(1, 6) -%}
    select {{ score }} as score{{ ' union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        cast(recencies.score as integer) as recency_score,
        cast(vals.score as integer) as value_score,
        cast(rules.segment as {{ dbt.type_string() }}) as segment,
        cast(rules.segment_rank as integer) as segment_rank
    from scores as recencies
    cross join scores as vals
    inner join rules
        on
            recencies.score between rules.recency_from and rules.recency_to
            and vals.score between rules.value_from and rules.value_to

)

select * from final
