{#- Schemas are called what dbt_project.yml calls them, on every target and for every user: no prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
