{#- Tie rules order by ids, and ids hold both cases: every engine must compare them byte by byte, whatever its collation. -#}
{% macro in_byte_order(text) -%}
    {{ return(adapter.dispatch('in_byte_order', 'menswear')(text)) }}
{%- endmacro %}

{% macro default__in_byte_order(text) %}{{ text }}{% endmacro %}
{% macro postgres__in_byte_order(text) %}{{ text }} collate "C"{% endmacro %}
