{#-
The landed rows reach up to the as-of date. A warehouse that ends months before it would show every customer as lapsed.
Warns when the newest row landed more than 7 days before the as-of date, fails after 31, and fails on an empty table.
-#}
{% test fresh_as_of(model, column_name) %}

    {{ config(fail_calc='max(days_late)', warn_if='> 7', error_if='> 31') }}

    select coalesce({{ days_between('max(' ~ business_time(column_name) ~ ')', as_of_date()) }}, 99999) as days_late
    from {{ model }}

{% endtest %}
