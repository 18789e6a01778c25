{#-
How staging reads the CRM. The one place to adapt when the CRM is your own:

- crm_schema names the schema that it lands in;
- crm_missing_columns lists columns that it lacks, by staging model, and they read as NULL:
      crm_missing_columns: {stg_crm__products: [unit_cost_c, stock_quantity_c]}
- crm_missing_tables lists the staging models whose table it lacks: they hold no row, and what reads them holds none either:
      crm_missing_tables: [stg_crm__subscriptions, stg_crm__leads]
- crm_timestamps_have_zone says that timestamps land with a zone, and they are turned into UTC without one;
- activated_order_statuses and retail_order_types list the picklist values that count, as your CRM spells them.
A column that goes by another name is renamed in its staging model.
-#}

{% macro crm_column(name) -%}
    {%- set is_missing = model.name in var('crm_missing_tables') or name in var('crm_missing_columns').get(model.name, []) -%}
    {{ 'null' if is_missing else name }}
{%- endmacro %}

{#- A source that a CRM may do without: the table, or nothing in its stead. -#}
{% macro crm_table(source) -%}
    {%- if model.name in var('crm_missing_tables') -%}
        (select null as id, null as system_modstamp, null as _fivetran_synced where 1 = 0) as missing
    {%- else -%}
        {{ source }}
    {%- endif -%}
{%- endmacro %}

{% macro as_text(name) -%}
    cast({{ crm_column(name) }} as {{ dbt.type_string() }})
{%- endmacro %}

{% macro as_boolean(name) -%}
    cast({{ crm_column(name) }} as boolean)
{%- endmacro %}

{% macro as_integer(name) -%}
    cast({{ crm_column(name) }} as bigint)
{%- endmacro %}

{% macro as_double(name) -%}
    {{ double(crm_column(name)) }}
{%- endmacro %}

{% macro as_money(name) -%}
    {{ money(crm_column(name)) }}
{%- endmacro %}

{#- Percent with two decimals: 12.50 is twelve and a half. -#}
{% macro as_percent(name) -%}
    cast({{ crm_column(name) }} as decimal(5, 2))
{%- endmacro %}

{% macro as_date(name) -%}
    cast({{ crm_column(name) }} as date)
{%- endmacro %}

{#- Whether a column holds one of the values that a var lists; false, never NULL, where it holds nothing. -#}
{% macro is_one_of(column, variable) -%}
    {%- set quoted = [] -%}
    {%- for value in var(variable) -%}
        {%- do quoted.append("'" ~ value | replace("'", "''") ~ "'") -%}
    {%- endfor -%}
    coalesce({{ column }} in ({{ quoted | join(', ') or 'null' }}), false)
{%- endmacro %}

{#- A timestamp in UTC without a zone. -#}
{% macro as_utc(name) -%}
    {%- if var('crm_timestamps_have_zone') and crm_column(name) | trim != 'null' -%}
        cast({{ adapter.dispatch('drop_zone', 'menswear')(name) }} as timestamp)
    {%- else -%}
        cast({{ crm_column(name) }} as timestamp)
    {%- endif -%}
{%- endmacro %}

{% macro default__drop_zone(name) %}timezone('UTC', {{ name }}){% endmacro %}
{% macro spark__drop_zone(name) %}to_utc_timestamp({{ name }}, current_timezone()){% endmacro %}

{#-
The body of a CTE: one row a record, the latest. A landing that delivers a change twice, or late, holds a record
several times; the row that changed last is the one that is true, in whatever order the rows arrived.
-#}
{% macro latest_rows(relation) -%}
    select *
    from (
        select
            *,
            row_number() over (
                partition by id
                order by
                    cast({{ crm_column('system_modstamp') }} as timestamp) desc nulls last,
                    cast({{ crm_column('_fivetran_synced') }} as timestamp) desc nulls last
            ) as version_rank
        from {{ relation }}
    ) as versions
    where version_rank = 1
{%- endmacro %}
