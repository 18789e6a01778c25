{#-
How staging reads the CRM. The one place to adapt when the CRM is your own:

- crm_schema names the schema that it lands in;
- crm_missing_columns lists columns that it lacks, by staging model, and they read as NULL:
      crm_missing_columns: {stg_crm__products: [unit_cost_c, stock_quantity_c]}
- crm_missing_tables lists the staging models whose table it lacks: they hold no row, and what reads them holds none either:
      crm_missing_tables: [stg_crm__subscriptions, stg_crm__leads]
- activated_order_statuses, retail_order_types and business_account_types list the picklist values that count, as your CRM
  spells them.
A column that goes by another name is renamed in its staging model.

How a landed value is read, whatever type the loader gave it:

- A moment (as_utc) is kept in UTC without a zone. A zone that landed with it is honoured; without one it is UTC. Where a
  day alone landed, the moment is that day's first on the business clock, so that no zone ever moves the day.
- A day (as_date) is the day as it is written, in UTC. It is never shifted.
- A number is read as it is written: a double by its shortest digits, so 1.005 is 1.005. What has more decimals than its
  column rounds half away from zero, and the test landed_numbers_are_kept names it.
- A flag (as_boolean) that is NULL or missing is false, as an unticked box: not deleted, not closed, not won, not converted,
  has not answered or opted out. is_active alone is true then: nobody has switched it off.
-#}

{% macro crm_column(name) -%}
    {%- set is_missing = model.name in var('crm_missing_tables') or name in var('crm_missing_columns').get(model.name, []) -%}
    {{- 'null' if is_missing else name -}}
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
    coalesce(cast({{ crm_column(name) }} as boolean), {{ 'true' if name == 'is_active' else 'false' }})
{%- endmacro %}

{% macro as_integer(name) -%}
    cast({{ written_number(crm_column(name), 18, 0) }} as bigint)
{%- endmacro %}

{% macro as_double(name) -%}
    {{ double(crm_column(name)) }}
{%- endmacro %}

{% macro as_money(name) -%}
    {{ written_number(crm_column(name), 18, 2) }}
{%- endmacro %}

{#- Percent with two decimals: 12.50 is twelve and a half. -#}
{% macro as_percent(name) -%}
    {{ written_number(crm_column(name), 5, 2) }}
{%- endmacro %}

{#- Through text, since engines turn a double into a decimal each in its own way. -#}
{% macro written_number(expression, digits, decimals) -%}
    cast(cast({{ expression }} as {{ dbt.type_string() }}) as decimal({{ digits }}, {{ decimals }}))
{%- endmacro %}

{% macro as_date(name) -%}
    cast({{ utc_moment(crm_column(name)) }} as date)
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
    {%- set landed = crm_column(name) -%}
    {%- if var('business_timezone') == 'UTC' or landed == 'null' -%}
        {{ utc_moment(landed) }}
    {%- else -%}
        case
            when length(cast({{ landed }} as {{ dbt.type_string() }})) = 10 then {{ start_of_day(as_date(name)) }}
            else {{ utc_moment(landed) }}
        end
    {%- endif -%}
{%- endmacro %}

{#- A landed date, timestamp with or without a zone, or text, as a timestamp in UTC; the session's time zone is UTC. -#}
{% macro utc_moment(expression) -%}
    {{ return(adapter.dispatch('utc_moment', 'menswear')(expression)) }}
{%- endmacro %}

{% macro default__utc_moment(expression) -%}
    {%- if expression == 'null' -%}
        cast(null as timestamp)
    {%- else -%}
        {#- text alone may hold an offset, which only this cast reads; it is slow where it is not needed -#}
        case
            when typeof({{ expression }}) = 'VARCHAR' then timezone('UTC', cast({{ expression }} as timestamptz))
            else cast({{ expression }} as timestamp)
        end
    {%- endif -%}
{%- endmacro %}

{% macro postgres__utc_moment(expression) -%}
    cast(cast({{ expression }} as timestamp with time zone) as timestamp)
{%- endmacro %}

{% macro spark__utc_moment(expression) -%}
    cast(cast({{ expression }} as timestamp_ltz) as timestamp)
{%- endmacro %}

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
                    {{ utc_moment(crm_column('system_modstamp')) }} desc nulls last,
                    {{ utc_moment(crm_column('_fivetran_synced')) }} desc nulls last
            ) as version_rank
        from {{ relation }}
    ) as versions
    where version_rank = 1
{%- endmacro %}
