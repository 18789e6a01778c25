-- The RFM grid: which of the eleven segments each pair of scores belongs to. Rules are declared here and nowhere else.
with rules as (

    {% for segment, recency_from, recency_to, value_from, value_to in [
        ('Champions', 5, 5, 4, 5),
        ('Loyal', 3, 4, 4, 5),
        ('Potential loyalists', 4, 5, 2, 3),
        ('New', 5, 5, 1, 1),
        ('Promising', 4, 4, 1, 1),
        ('Need attention', 3, 3, 3, 3),
        ('About to sleep', 3, 3, 1, 2),
        ('Cannot lose them', 1, 2, 5, 5),
        ('At risk', 1, 2, 3, 4),
        ('Hibernating', 2, 2, 1, 2),
        ('Lost', 1, 1, 1, 2),
    ] -%}
    select
        '{{ segment }}' as segment,
        {{ loop.index }} as segment_rank,
        {{ recency_from }} as recency_from,
        {{ recency_to }} as recency_to,
        {{ value_from }} as value_from,
        {{ value_to }} as value_to
    {{ 'union all' if not loop.last }}
    {% endfor %}

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
