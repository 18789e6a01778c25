{#-
A total over the model equals a total over another relation, to 0.00: nothing is lost or doubled on the way.
`expression` and `to_expression` aggregate; the second is the first unless given. `only_where` cuts the model, `to_where`
the other relation. Two empty sides agree (0 = 0).
-#}
{% test same_total(model, to, expression, to_expression=none, only_where=none, to_where=none) %}

    select
        here.total as total_here,
        there.total as total_there
    from (
        select cast(coalesce({{ expression }}, 0) as decimal(38, 2)) as total
        from {{ model }}
        {{ 'where ' ~ only_where if only_where }}
    ) as here
    cross join (
        select cast(coalesce({{ to_expression or expression }}, 0) as decimal(38, 2)) as total
        from {{ to }}
        {{ 'where ' ~ to_where if to_where }}
    ) as there
    where here.total <> there.total

{% endtest %}
