{#-
The landed rows reach up to the as-of date. A warehouse that ends months before it would show every customer as lapsed.
Warns when the newest row landed more than 31 days before the as-of date; fails beyond the lapse window, where that has
come true. (A shop of a handful of customers may be quiet for a month; one without a row has nothing to be late.)
-#}
{% test fresh_as_of(model, column_name) %}

    {{ config(fail_calc='max(days_late)', warn_if='> 31', error_if='> ' ~ var('lapse_window_days')) }}

    select coalesce({{ days_between(business_date('max(' ~ column_name ~ ')'), as_of_date()) }}, 0) as days_late
    from {{ model }}

{% endtest %}
