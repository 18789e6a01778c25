{#- Types and arithmetic that differ between engines. Models call these and write no engine's own spelling. -#}

{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'menswear')()) }}
{%- endmacro %}

{% macro default__type_double() %}double precision{% endmacro %}
{% macro spark__type_double() %}double{% endmacro %}

{#- Fixed-point money: 18 digits, two of them cents. -#}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{% macro double(expression) -%}
    cast({{ expression }} as {{ type_double() }})
{%- endmacro %}

{#- Rounded half-up (away from zero) to the cent. Six decimals first, so that a double such as 2.675 counts as it reads. -#}
{% macro round_money(expression) -%}
    cast(round(cast({{ expression }} as decimal(38, 6)), 2) as decimal(18, 2))
{%- endmacro %}

{#- numerator ÷ denominator as a double; NULL, never an error or infinity, where the denominator is 0. -#}
{% macro ratio(numerator, denominator) -%}
    {{ double(numerator) }} / nullif({{ double(denominator) }}, 0)
{%- endmacro %}
