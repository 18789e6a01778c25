{#- Every row satisfies the expression; a row for which it is NULL fails too, unless `where` leaves it out. -#}
{% test holds(model, expression, column_name=none) %}

    select *
    from {{ model }}
    where not coalesce({{ (column_name ~ ' ') if column_name else '' }}{{ expression }}, false)

{% endtest %}
